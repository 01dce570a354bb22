"""How much a plan looks at, and what is worth ordering."""

from datetime import timedelta

WORTH_FLOOR = 0.001  # bits a core-hour: what is expected to tell less is not ordered; a new design tells more
# That are planned for one by one; of more somebody can always take what is ordered: cores are planned for.
HOSTS = 2_000
FLEET_FILE_BYTES = 64 * 1024 * 1024  # 100,000 hosts take a fifth of it
FLEET_FILE_HOSTS = 200_000  # in a file for `axiom plan --fleet`
SHARES_HOLD_OVER = timedelta(days=1)  # an operator's shares, over all plans within it
LEFT_ALONE_NAMED = 5  # experiments of those that are left alone for one reason
PILOT_SHARE = 0.01  # of the work that should wait, while other work does
NOTHING_FLOWS_AFTER = timedelta(hours=1)  # without a result, no end is foretold
FARTHEST = timedelta(days=3_650)  # end of a registration that is foretold
ROWS_SHOWN = 60  # of a table on the page; its JSON has all
EXPERIMENTS_DRAWN = 5  # that the picture of the fleet tells apart; the others are one
ROWS_TOLD = 12  # of a table in a terminal; --json has all
