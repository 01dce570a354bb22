"""How tasks go to the pilots of clusters."""

TASK_SECONDS = 10.0  # How long a task for a cluster takes at least: short, since a pilot may be stopped at any moment
TASKS_A_SECOND = 100.0  # Tasks that all pilots together may end in a second; with more cores, tasks are longer
TASKS_IN_A_REQUEST = 256  # Tasks that a pilot may fetch, or bring back, in one request
IN_HAND_PER_CORE = 2  # Tasks a pilot has for each core: one that is computed, and one ahead
WORD_EVERY_SECONDS = 30.0  # How often a pilot with nothing else to say tells the laboratory that it is alive
QUESTIONS_IN_VAIN = 3  # A pilot that asked for work in vain this many times takes it that none is left, and ends
ENDING_SECONDS = 60.0  # How long a pilot whose time is over may go on with what it has begun
# A pilot whose job will be ended begins nothing in the time before it, so that the job ends by itself and counts as
# completed
JOB_MARGIN_SECONDS = 120.0
DASK_ANSWERS_SECONDS = 30.0  # How long a Dask scheduler may take to answer
ANSWER_SECONDS = 60.0  # How long a pilot waits for an answer of the laboratory
LAST_ANSWER_SECONDS = 6.0  # How long a pilot that is about to end waits for an answer of the laboratory
FIRST_PAUSE_SECONDS = 1.0  # The first pause of a pilot that cannot reach the laboratory, before it tries again
LONGEST_PAUSE_SECONDS = 60.0  # The longest pause between two tries; the pause doubles with each
KEY_DAYS = 90  # Days for which a cluster's key is good, unless its maker says otherwise
KEY_DAYS_AT_MOST = 3_650  # The most days for which one is made
