"""How long tasks are, how often they are checked, and when they are given up."""

from datetime import timedelta

RECHECKED_BY_HEARD_FROM = timedelta(days=1)  # A volunteer who was silent for longer is not counted on to check a task
RECHECK_WAITS_FOR = timedelta(days=2)  # A check that nobody took within this time is given up
RECHECK_ONE_IN_OF_NEW_HOST = 2  # One in so many tasks of a computer that is new is computed again elsewhere
# One in so many tasks of a computer that is no longer new is checked. Computers nearly always meet a version with few
# tasks, so checks may cost no more than this.
RECHECK_ONE_IN = 10
# One in so many tasks of a well-known computer is checked: it may begin to err, or to lie, at any time
RECHECK_ONE_IN_OF_KNOWN_HOST = 20
COMPARED_UNTIL_NOT_NEW = 3  # Comparisons, agreed or under way, until a computer is no longer new to the laboratory
AGREED_UNTIL_KNOWN = 5  # Comparisons in a row that must agree until a computer is known to compute a version well
COMPARISONS_LOOKED_AT = 60  # The newest comparisons of a computer that are looked at, of all versions
STUCK_AFTER_OUT = timedelta(hours=12)  # How long a task must be out before it can count as stuck
STUCK_AFTER_SILENT = timedelta(hours=6)  # How long such a task's computer must also have been silent
OUT_FOR_AT_MOST = timedelta(hours=48)  # How long a task may be out at most, whoever computes it
# Tasks in all that a workunit may have for each failure it may have: else computers that give up each task, for which
# nobody is to blame, could have new ones of it for ever
TASKS_A_FAILURE = 4
LEAST_TASKS = 10  # Tasks that a workunit may have at least before it ends for that reason
# A laboratory that was away for longer had an outage; after less, clients try again by themselves
AWAY_IS_AN_OUTAGE = timedelta(minutes=10)
# A task of the server that this laboratory succeeds is left alone for so long after it was due
FOREIGN_TASK_GRACE = timedelta(days=14)
TIMES_DECLARED_COST = 5.0  # How many times its declared cost a cell may take before it is stopped
MOST_TIMES_LONGER = 20  # How many times as long as that an operator may let the cells of an experiment take
LEAST_CELL_SECONDS = 60.0  # Seconds that any cell may take: compiling a shape takes some, whatever is declared
# How many times its declared cost a cell may take on a GPU. The cost is declared for a core: a GPU compiles for
# longer, and a small network may take it longer. By how much is not measured, and a stopped cell counts against its
# claim.
TIMES_DECLARED_COST_ON_GPU = 50.0
LEAST_CELL_SECONDS_ON_GPU = 600.0  # Seconds that any cell may take on a GPU before it is stopped
# What a block may cost on a core to be one task of a GPU: a core computes it whole, where a GPU failed at it or a check
# does so again
BATCH_SECONDS = 4 * 3_600.0
USUAL_SECONDS = 1_200.0  # How long a volunteer's task should usually take: between 10 and 30 minutes
FIRST_SECONDS = 10.0  # How long a computer's first task should take: credit comes soon, and speed is measured
MANY_CORES = 60  # A client ends at most one task a second, so that computers with more cores get longer tasks
MANY_CORES_SECONDS = 240.0  # How long a task for such a computer takes at least, even if fewer share a block
REPLICATES = 64  # Replicates in one workunit at most, so that what a computer may lose at once stays small
HOSTS_SHARING = 4  # Computers that share a block: as many as a Strong finding asks for
ALONE_FOR = timedelta(days=7)  # When nobody else was heard from for this long, a volunteer may repeat what it failed at
TASKS_IN_AN_ANSWER = 64  # Tasks in one reply: with more, it takes a slow computer long to fetch
CLOCK_AHEAD_SECONDS = 86_400.0  # How far a volunteer's clock may be ahead of the laboratory's
CLIENT_STOPS_AFTER_SECONDS = 24 * 3_600.0  # BOINC's client stops no task sooner: only a runner that hangs is left to it
FILES_IN_A_REPLY = 500  # Files that one reply lets a client delete
UNREPORTED_OUTPUT_FOR = timedelta(days=30)  # How long an output that nobody reported is kept: far beyond every deadline
OLD_FILES_FOR = timedelta(days=60)  # How long a file that nothing needs is kept: no task that names it lasts longer
COMPILED_KEPT_FOR = timedelta(days=30)  # How long the local engine keeps compiled code that nothing used
MESSAGE_CHARACTERS = 1_000  # Characters that are kept of what a computer says of its task
REASON_CHARACTERS = 500  # Characters that are kept of why a task or a workunit ended
ENGINE_TRIES = 3  # How often the local engine tries a task whose processes were killed: it may not happen again
# The newest tasks of a computer that are listed: without a bound, one with a million would cost a walk through all
NEWEST_OF_A_HOST = 1_000
OVER_LOOKED_FOR = 100_000  # How many tasks or workunits back a list looks for those that are over
PAID_TASKS_LOOKED_AT = 5  # A volunteer's newest paid tasks among which one with a picture is looked for
IN_HAND_SHOWN = 1_000  # Tasks in hand that a volunteer's page shows
