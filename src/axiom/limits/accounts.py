"""What a volunteer and an operator may do at the site, and how long it holds."""

from datetime import timedelta

SEALED_PASSWORDS_AT_ONCE = 30  # Passwords of the server before that are hashed every few seconds: a core's second
SIGNED_IN_FOR = timedelta(days=14)  # How long a browser stays signed in
BROWSERS_SIGNED_IN = 20  # Browsers signed in to one account at most, so that a program signing in fills no table
ADDRESS_CHANGES_A_DAY = 5  # How often a day an account may change its e-mail address, counting refused changes
OPERATOR_IDLE_FOR = timedelta(hours=1)  # An operator who did nothing for this long has to give a code again
OPERATOR_LONGEST = timedelta(hours=12)  # How long an operator's code is good at most, however busy the operator is
OPERATOR_CODES_A_DAY = 30  # Codes an operator may try a day, right or wrong: a guess is right once in 300,000 times
SHORTEST_PASSWORD = 8  # The fewest characters a password may have
LONGEST_PASSWORD = 256  # The most characters a password may have
PASSWORD_GUESSES = 1_000_000  # A password that would be found with fewer guesses is refused
# Characters of a password that are judged, from its first on: the time for that grows faster than they do, and is a
# tenth of a second for the worst of 16
PASSWORD_CHARACTERS_JUDGED = 16
GUESSES_WITHIN = timedelta(hours=1)  # Wrong passwords, new accounts and repeated changes are counted over this time
FREE_GUESSES = 10  # Wrong passwords an account may have before anybody has to wait
FREE_GUESSES_OF_ADDRESS = 30  # Wrong passwords that may come from one network address before it has to wait
CROWD_GUESSES = 1_000  # With more wrong passwords than this on the whole site, somebody guesses at many accounts
FREE_GUESSES_IN_CROWD = 3  # Wrong passwords an account may have before a wait while somebody guesses at many accounts
FIRST_WAIT = timedelta(seconds=5)  # The first wait after too many wrong passwords; each further one doubles it
LONGEST_WAIT = timedelta(minutes=5)  # The longest that the wait after a wrong password grows by doubling
ACCOUNT_GUESSES = 100  # Wrong passwords for one account from all strangers together, after which no more are looked at
ADDRESS_GUESSES = 300  # Wrong passwords from one network address for all accounts, after which no more are looked at
# How often the same change may be made in an account within the time in which guesses count: few volunteers have more
# computers to set a place for
SAME_CHANGES = 300
GUESSERS_REMEMBERED = 20_000  # Accounts or addresses that each count of attempts remembers, the most recent ones
STATISTICS_EVERY = timedelta(hours=23)  # How old the statistics files may be before they are written anew
TEAMS_SHOWN_TO_A_CLIENT = 50  # Teams shown at most to a BOINC client that looks for one by its name
PREFERENCES_BYTES = 32 * 1024  # The largest preferences of an account; clients may bring back twice as many
ERASED_TOLD_FOR = timedelta(days=60)  # How long the statistics files tell of what was erased, as in other projects
NAME_CHARACTERS = 60  # The most characters an account's name may have
# Teams one volunteer may look after, and may found in a day: the names of teams that nobody joins stay taken, so
# there are few
TEAMS_FOUNDED = 3
TEAM_CHARACTERS = 1_000  # The most characters a team may say of itself
TEAMS_FOUND = 20  # Teams that a search shows at most
TEAMS_RACING = 10  # Teams shown in the race of the month
DAYS_LOOKED_BACK = 28  # Days of which a volunteer sees on how many there was a proven job: no row that a break ends
FINDING_COUNTS_FOR = timedelta(days=7)  # How long a weighing with a volunteer's results counts towards their goal
FINDINGS_AIMED_AT = 1  # Findings that a volunteer aims to have results in within that time
WEEKS_OF_HISTORY = 26  # Weeks of credit that a volunteer's page shows
PASSWORD_LINK_FOR = timedelta(hours=1)  # How long a link that sets a new password is good
