"""How much a plan looks at, and what is worth ordering."""

from datetime import timedelta

WORTH_FLOOR = 0.001  # Work expected to tell less than so many bits a core-hour is not ordered; a new design tells more
HOSTS = 2_000  # Computers that a plan looks at one by one; with more, it plans for cores, and somebody takes the work
FLEET_FILE_BYTES = 64 * 1024 * 1024  # The largest file that describes a fleet: 100,000 computers take a fifth of it
FLEET_FILE_HOSTS = 200_000  # Computers that a file for `axiom plan --fleet` may name
SHARES_HOLD_OVER = timedelta(days=1)  # An operator's shares hold over all plans within this time
LEFT_ALONE_NAMED = 5  # Experiments that a plan names among those left alone for one reason
NOTHING_FLOWS_AFTER = timedelta(hours=1)  # After this time without a result, no end is foretold
FARTHEST = timedelta(days=3_650)  # An end that lies further ahead is not foretold
ROWS_SHOWN = 60  # Rows of a table that the page of a plan shows; its JSON has all
EXPERIMENTS_DRAWN = 5  # Experiments that the picture of the fleet tells apart; the others are drawn as one
ROWS_TOLD = 12  # Rows of a plan's table in a terminal; --json has all
