"""How tasks go to the pilots of clusters."""

TASK_SECONDS = 10.0  # of a pilot's task: a pilot may be stopped at any moment
TASKS_A_SECOND = 100.0  # that all pilots together may end: with more cores than fit, tasks are longer
TASKS_IN_A_REQUEST = 256
IN_HAND_PER_CORE = 2  # one that is computed, and one ahead
WORD_EVERY_SECONDS = 30.0  # of a pilot that has nothing else to say
QUESTIONS_IN_VAIN = 3  # after which no work is left
ENDING_SECONDS = 60.0  # that what has begun may take when the time is over
DASK_ANSWERS_SECONDS = 30.0  # that a scheduler may take
ANSWER_SECONDS = 60.0  # of the laboratory's
LAST_ANSWER_SECONDS = 6.0  # once a pilot has to end
FIRST_PAUSE_SECONDS = 1.0  # between two tries to reach the laboratory
LONGEST_PAUSE_SECONDS = 60.0  # seconds between two tries
KEY_DAYS = 90  # that a cluster's key is good, unless it is said otherwise
