"""When a round is held, when it ends a session, and how much a session tells."""

from datetime import timedelta

BLOCK_WAITS_SECONDS = 600.0  # The longest that a closed block waits to be weighed
# The time between rounds that only hope to find work for idle cores. Each that finds none makes the next wait twice
# as long: a laboratory that has asked everything would otherwise hold a hundred thousand empty ones in a year.
IDLE_ROUND_AFTER_SECONDS = 300.0
IDLE_ROUND_SECONDS = 3_600.0  # The longest such wait; also for credit above the last cap and what else waits
MAP_ROUND_SECONDS = 60.0  # The time between rounds that are known to find work: further tiles of a map
FIRST_ROUND_SECONDS = 30.0  # How long the first round waits for the catalogue, so that it begins with the cheapest
# How long after the last session what went wrong, or what somebody asks, is told at the earliest
URGENT_AFTER = timedelta(minutes=30)
NEWS_AFTER = timedelta(hours=3)  # How long after the last session what is merely new is told at the earliest
LEASE = timedelta(seconds=30)  # How long a caller holds an open session from one step to the next
FINDINGS_NAMED = 3  # Findings that an agenda names first; the others have lines of their own
LINES_OF_A_KIND = 20  # Lines of each kind that a session tells; of the others it says how many there are
FINDINGS_TOLD = 12  # Changed findings that a summary tells one by one
EXPERIMENTS_TOLD = 3  # New experiments that a summary tells in full
NAMED_OF_A_KIND = 20  # Pages of each kind that a summary names
RANKED_TOLD = 10  # Findings, proposals and ideas that a summary tells of each ranking
ENDINGS_TOLD = 200  # Lines of a review, one for each version and each way in which its tasks ended
ENTRIES_ON_A_PAGE = 20  # Entries of a transcript on one page: each may hold a long conversation
TASK_NUMBERS_TOLD = 20_000  # Tasks whose numbers the record of a session lists
TASKS_SHOWN = 200  # Tasks of a session that its page shows
ON_THE_PAGE = 100  # How many of the newest sessions a page shows
ROUNDS_SHOWN = 200  # Rounds of a session that its page shows
CHARACTERS_AT_ONCE = 20_000_000  # The most characters that may be said in a session at once
UNANSWERED = 15  # Questions without an answer after which a laboratory counts as gone
AUTOPILOT_PAUSE_SECONDS = 600.0  # The longest pause before an autopilot that ended by itself is started again
AUTOPILOT_LOG_BYTES = 1_000_000  # How long `logs/pi.log` may get before it becomes `pi.log.1` and begins anew
