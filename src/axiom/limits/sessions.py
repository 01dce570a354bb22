"""When a round is held, when it ends a session, and how much a session tells."""

from datetime import timedelta

BLOCK_WAITS_SECONDS = 600.0  # at most, until a closed block is weighed
# Between rounds that only hope to find work for idle cores. Each that finds none makes the next wait twice as long: a
# laboratory that has asked everything would otherwise hold a hundred thousand empty ones in a year.
IDLE_ROUND_AFTER_SECONDS = 300.0
# The longest such wait; also for credit above the last cap, and for what else waits for a round.
IDLE_ROUND_SECONDS = 3_600.0
MAP_ROUND_SECONDS = 60.0  # between rounds of which it is known that they find work: further tiles of a map
FIRST_ROUND_SECONDS = 30.0  # that the first round waits for the whole catalogue, so that it begins with the cheapest
URGENT_AFTER = timedelta(minutes=30)  # since the last session, what went wrong and what somebody asks is told
NEWS_AFTER = timedelta(hours=3)  # what is merely new is told
LEASE = timedelta(seconds=30)  # that a caller holds an open session, from one step to the next
FINDINGS_NAMED = 3  # by an agenda; the others have lines of their own
LINES_OF_A_KIND = 20  # of more it is said how many there are
FINDINGS_TOLD = 12  # one by one
EXPERIMENTS_TOLD = 3  # new ones, in full
NOTES_TOLD = 2  # of what somebody wrote to a finding, the newest
NAMED_OF_A_KIND = 20  # members of a level, scripts
RANKED_TOLD = 10  # findings, proposals and ideas
ENDINGS_TOLD = 200  # lines: each version and each way in which its tasks ended
ENTRIES_ON_A_PAGE = 20  # of a transcript: each may hold a long conversation
TASKS_SHOWN = 200  # of a session
ON_THE_PAGE = 100  # the newest
ROUNDS_SHOWN = 200  # of a session
CHARACTERS_AT_ONCE = 20_000_000  # of what is said
UNANSWERED = 15  # questions without an answer before the laboratory counts as gone
