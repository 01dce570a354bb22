"""How much a volunteer's computer may get and bring, when it looks wrong, and how long it is counted on."""

from datetime import timedelta

COUNTED_ON_FOR = timedelta(hours=1)  # a host that was silent for longer is not counted on
NOTICE_SHOWN_FOR = timedelta(days=1)  # in its client
NOTICED_WITHIN = timedelta(days=60)  # whoever was silent for longer hears of it from the news
NOTICES_AT_ONCE = 5  # in one reply
TASKS_AN_HOUR_AND_CORE = 32  # what a host falls from when it fails and climbs back to; five failures in a row leave one
OUTVOTED_REMEMBERED_FOR = timedelta(days=30)  # so long every task of the host is checked
GPU_RESTS_FOR = timedelta(days=1)  # drivers are rarely mended sooner, and its cores go on
GPU_FAILURES = 2  # of its newest tasks, after which a GPU rests
SUSPECT_AFTER_SILENT = timedelta(hours=6)  # with tasks in hand
SUSPECT_ABOVE_NEW = 100  # hosts that somebody attached within a day: more than any room has, fewer than a program makes
FLOODS_FROM = 1_000  # contacts: below that a host may have had a bad day
FLOODS_BELOW = timedelta(seconds=5)  # on average between two of them; a client that does as it is told waits longer
COST_TASKS = 5  # of a version, before what they took counts for its price
COST_VOLUNTEERS = 3  # before their median lowers the price of an experiment
COST_HOSTS = 16  # that are remembered of a version; the one that was silent for longest makes room
UNREPORTED_BYTES = 1_000_000_000  # of large outputs that a host may have brought, in part or replaced, and not reported
FAILED_OUTPUT_FOR = timedelta(days=1)  # what was brought for a task that failed lies here, and counts, as long as this
PARTIAL_UPLOAD_FOR = timedelta(days=14)  # it is kept for a client that goes on with it
PILOT_AT_WORK_FOR = timedelta(minutes=10)  # after it spoke
TASKS_LOOKED_BACK_ON = 20  # by a list of hosts
HOSTS_NAMED = 20  # by `axiom deployed`; --json has all
