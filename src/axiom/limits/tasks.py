"""How long tasks are, when they are given up, how often they are checked, and how many a host has in hand."""

from datetime import timedelta

RECHECKED_BY_HEARD_FROM = timedelta(days=1)  # another volunteer who was silent for longer is not counted on
RECHECK_WAITS_FOR = timedelta(days=2)  # a check that nobody took by then is given up
RECHECK_ONE_IN_OF_NEW_HOST = 2  # one task in so many is computed again elsewhere
# The usual rate. Computers nearly always meet a version with few tasks, so it is all that checks may cost there: known
# hosts never spend more.
RECHECK_ONE_IN = 10
RECHECK_ONE_IN_OF_KNOWN_HOST = 20  # never fewer: a host may begin to err, or to lie, at any time
COMPARED_UNTIL_NOT_NEW = 3  # comparisons, agreed or under way, until a host is no longer new to the laboratory
AGREED_UNTIL_KNOWN = 5  # comparisons in a row, until a host is known to compute a version well
COMPARISONS_LOOKED_AT = 60  # of a host, of all versions, the newest
STUCK_AFTER_OUT = timedelta(hours=12)  # nothing that was sent later can be stuck
STUCK_AFTER_SILENT = timedelta(hours=6)  # of its host
OUT_FOR_AT_MOST = timedelta(hours=48)  # whoever computes it
# Tasks in all for each failure that a workunit may have, and never fewer than the least: then it ends even where nobody
# is to blame, or hosts that give up each task could have new ones of it for ever.
TASKS_A_FAILURE = 4
LEAST_TASKS = 10  # of a workunit, before it ends so
AWAY_IS_AN_OUTAGE = timedelta(minutes=10)  # a restart is none: clients try again by themselves within minutes
IN_HAND = 1_000  # of a host, whatever it says of itself: a client asks for no more, and names all it has in one request
UNPROVEN_PER_CORE = 2  # in hand of a host that has nothing to show: what it says of itself can be a mistake or a boast
BELIEVED_CORES = 8  # of such a host, as many as an ordinary computer has
UNPROVEN_TOGETHER = 128  # of all such hosts of one volunteer, and one for each beyond: who invents hosts gains little
# Or when half of what it was given is computed: a host whose results count need not be thanked within seconds.
CALL_AGAIN_SECONDS = 180.0
CALL_ANYHOW_SECONDS = 3_600.0  # however a contact went, aborts and notices should reach a host within it
TIMES_DECLARED_COST = 5.0  # at which a cell is stopped
LEAST_CELL_SECONDS = 60.0  # before that: compiling a shape for the first time costs seconds whatever is declared
# What is declared is said of a core. A GPU compiles for longer, and a small network takes it longer than a core: to
# begin each step costs more than the step. By how much is not measured, and a cell that is stopped counts against its
# claim, so it has much more time.
TIMES_DECLARED_COST_ON_GPU = 50.0
LEAST_CELL_SECONDS_ON_GPU = 600.0  # before a cell is stopped there
USUAL_SECONDS = 1_200.0  # the middle of the 10 to 30 minutes that a volunteer's task should take
FIRST_SECONDS = 10.0  # of a host's first task: a newcomer sees credit within a minute, and its speed is measured
MANY_CORES = 60  # a client ends at most one task a second: with more cores than this, short tasks would wait for it
MANY_CORES_SECONDS = 240.0  # that a task takes there at least, also where fewer hosts then share a block
REPLICATES = 64  # of one workunit: what a host may lose at once stays small
HOSTS_SHARING = 4  # a block, as many as Strong asks for
ALONE_FOR = timedelta(days=7)  # when nobody else was heard from, a volunteer may repeat what it failed at
TASKS_IN_AN_ANSWER = 64  # more would make a reply that takes a slow host long to fetch
CLOCK_AHEAD_SECONDS = 86_400.0  # by which a volunteer's clock may be ahead of ours
CLIENT_STOPS_AFTER_SECONDS = 24 * 3_600.0  # at least: only a runner that hangs is left to the client
FILES_IN_A_REPLY = 500  # of a client that may be given up
UNREPORTED_OUTPUT_FOR = timedelta(days=30)  # far beyond every deadline: nobody will report what came so long ago
OLD_FILES_FOR = timedelta(days=60)  # of a file that orders name: longer than any order is good for
COMPILED_KEPT_FOR = timedelta(days=30)  # by the engine, since it was used
MESSAGE_CHARACTERS = 1_000  # of a host's own words that are kept
REASON_CHARACTERS = 500  # of why a task or a workunit ended
ENGINE_TRIES = 3  # of a task whose processes were killed: whoever did that may not do it again
# That are listed: without a bound, a host that has computed a million would cost a walk through all of them.
NEWEST_OF_A_HOST = 1_000
OVER_LOOKED_FOR = 100_000  # how far back those that are over are looked for
IN_HAND_SHOWN = 1_000  # of a volunteer
