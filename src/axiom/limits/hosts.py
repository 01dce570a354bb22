"""How much a volunteer's computer may get and bring, when it looks wrong, and how long it is counted on."""

from datetime import timedelta

COUNTED_ON_FOR = timedelta(hours=1)  # A computer that was silent for longer is not counted on
NOTICE_SHOWN_FOR = timedelta(days=1)  # How long a notice is shown in a volunteer's client
NOTICED_WITHIN = timedelta(days=60)  # A notice to all is for computers heard from in this time; others read the news
NOTICES_AT_ONCE = 5  # Notices in one reply to a client
IN_HAND = 1_000  # Tasks that a computer may have in hand: a client asks for no more, and names all of them at once
UNPROVEN_PER_CORE = 2  # Tasks in hand for each core of a computer with nothing to show: it may boast
BELIEVED_CORES = 8  # Cores that such a computer is believed to have: as many as an ordinary one has
UNPROVEN_TOGETHER = 128  # Tasks in hand of all such computers of a volunteer, so that inventing some gains little
TASKS_AN_HOUR_AND_CORE = 32  # Tasks an hour and core for a good computer: a failure halves it, and five leave one
OUTVOTED_REMEMBERED_FOR = timedelta(days=30)  # How long every task of a computer is checked after others outvoted it
GPU_RESTS_FOR = timedelta(days=1)  # How long a failing GPU gets no tasks: drivers are rarely mended sooner
GPU_FAILURES = 2  # A GPU rests when this many of its newest tasks failed in a row
SUSPECT_AFTER_SILENT = timedelta(hours=6)  # A computer with tasks in hand that is silent for longer is suspect
SUSPECT_ABOVE_NEW = 100  # More new computers of one volunteer in a day are suspect: no room has as many
FLOODS_FROM = 1_000  # Contacts below which a computer is not called a flooder: it may have had a bad day
# A computer floods that calls more often than this on average; one that does as it is told waits longer
FLOODS_BELOW = timedelta(seconds=5)
COST_TASKS = 5  # Valid tasks of a version that a kind of computer must return before their real cost counts
COST_HOSTS = 16  # Computers whose costs are remembered of a version; the longest silent one makes room
PILOT_AT_WORK_FOR = timedelta(minutes=10)  # How long after its last word a cluster's pilot counts as at work
TASKS_LOOKED_BACK_ON = 20  # The last tasks of each computer that a list of computers looks at
HOSTS_NAMED = 20  # Computers that `axiom deployed` names; with --json it names all
