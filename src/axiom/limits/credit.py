"""What credit is paid for without proof, what one command may change, and who is ranked."""

from datetime import timedelta

RECENT_HALF_LIFE = timedelta(days=7)  # The time in which an idle volunteer's recent credit falls by half, as in BOINC
FAILURES_ON_ONE_WORD = 3  # Failed tasks of a version that one volunteer's word alone makes the laboratory's fault
COST_VOLUNTEERS = 3  # Volunteers whose tasks must be back before their median lowers an experiment's price
CLOCK_STEP_SECONDS = 60.0  # How much more time than the task was out is paid for, since a clock may be set meanwhile
ROWS_OF_A_COMMAND = 2_000  # Rows of credit that one command carries over at most
THOUSANDTHS_OF_A_SOURCE = 10**15  # The most credit a volunteer may be given from one source, in thousandths
RANKED = 1_000  # Volunteers, teams or hosts that a leaderboard ranks at most
# Only whoever earned credit within this time is ranked by recent credit: older credit has all but faded
RANKED_BY = timedelta(days=180)
ANNOUNCED_AHEAD = timedelta(days=7)  # Time before a new tariff begins, unless nobody else computed for so long
ANNOUNCED_AHEAD_AT_MOST = timedelta(days=366)  # The furthest ahead that a tariff is announced
SESSIONS_SHOWN = 20  # How many of the newest sessions the page of the ledger shows
