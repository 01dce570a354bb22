"""What a volunteer, an operator and a program may do at the site, and how long it holds."""

from datetime import timedelta

SIGNED_IN_FOR = timedelta(days=14)  # that a browser stays signed in
BROWSERS_SIGNED_IN = 20  # of one account: nobody has more, and a program that signs in for ever fills no table
ADDRESS_CHANGES_A_DAY = 5  # of one account, taken or refused
OPERATOR_IDLE_FOR = timedelta(hours=1)  # after which an operator has to give a code again
OPERATOR_LONGEST = timedelta(hours=12)  # at most, however busy
OPERATOR_CODES_A_DAY = 30  # of one account, right or wrong: a guess is right once in 300,000 times
SHORTEST_PASSWORD = 8  # characters
LONGEST_PASSWORD = 256  # characters
GUESSES_WITHIN = timedelta(hours=1)  # wrong passwords are counted within it
FREE_GUESSES = 10  # wrong passwords for an account before the first wait
FREE_GUESSES_OF_ADDRESS = 30  # wrong passwords from an address before the first wait
CROWD_GUESSES = 1_000  # of everybody: above it somebody guesses at many doors at once
FREE_GUESSES_IN_CROWD = 3  # for an account, while they come from a crowd
FIRST_WAIT = timedelta(seconds=5)  # after wrong passwords; it doubles with each
LONGEST_WAIT = timedelta(minutes=5)  # until the next password of an account is looked at
ACCOUNT_GUESSES = 100  # for one account by all strangers together; beyond them none is looked at
ADDRESS_GUESSES = 300  # from one address for all accounts together
SAME_CHANGES = 300  # of one kind in one account within that time: few have more computers whose places they say
GUESSERS_REMEMBERED = 20_000  # of each kind; the ones longest unheard of are forgotten first
STATISTICS_EVERY = timedelta(hours=23)  # that the statistics files are written anew
TEAMS_SHOWN_TO_A_CLIENT = 50  # that looks for one by its name
PREFERENCES_BYTES = 32 * 1024  # clients bring them back, and may bring twice as many
ERASED_TOLD_FOR = timedelta(days=60)  # by the statistics files, as in other projects
NAME_CHARACTERS = 60  # of an account
# Teams that one volunteer looks after, and founds in a day. They belong to one of them: the others wait, unlisted, for
# somebody who joins. Their names stay taken, so there are few.
TEAMS_FOUNDED = 3
TEAM_CHARACTERS = 1_000  # that a team says of itself
TEAMS_FOUND = 20  # that a search shows
TEAMS_RACING = 10  # that the month's race shows
WEEKS_OF_HISTORY = 26  # that a volunteer's page shows
DRY_RUNS = 5  # times as often as a command may be given it may be tried: that takes time, too
SAME_COMMANDS = 3  # that a program may say the very same; once more, and it gets the earlier answer as a refusal
REFUSALS_A_DAY = 1_000  # rows of a program that say so: beyond them it is refused without one
ROWS_OF_A_BRIEFING = 8  # of each list that a program reads first
