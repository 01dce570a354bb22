"""What credit is paid for without proof, what one command may change, and who is ranked."""

from datetime import timedelta

RECENT_HALF_LIFE = timedelta(days=7)  # of the recent average credit, as BOINC has it
FAILURES_ON_ONE_WORD = 3  # tasks of a version that one volunteer alone may call the laboratory's doing
CLOCK_STEP_SECONDS = 60.0  # by which a clock may be set while a task is out
ROWS_OF_A_COMMAND = 2_000
THOUSANDTHS_OF_A_SOURCE = 10**15  # that a volunteer is given from one source
RANKED = 1_000  # of volunteers, teams and hosts
RANKED_BY = timedelta(days=180)  # of credit: what was earned before is too little by now to rank anybody by
SESSIONS_SHOWN = 20  # the newest
