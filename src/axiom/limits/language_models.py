"""What a language model may say and cost, and how long its answer is waited for."""

from datetime import timedelta

SAME_ANSWERS = 3  # times that a call may have the same answer
SAME_ANSWERS_AFTER_A_WAIT = 20  # times that a call that waited may have the same answer
WAITED_SECONDS = 5.0  # a call that took so long has waited for something, as for a preflight that takes minutes
ANSWER_TOKENS = 8_000
CALLS_OF_AN_ANSWER = 16
ANSWER_SECONDS = 300.0  # that one answer is waited for, however often it is asked for
UNANSWERED_RESTS_FOR = timedelta(hours=1)  # a model that did not answer, before it is asked again
ANSWER_BYTES = 8 * 2**20  # the longest that a model says is a tenth of it
FIRST_WAIT_SECONDS = 1.0  # before a service that failed is asked again
LONGEST_WAIT_SECONDS = 60.0  # twice as long each time, up to this
ASK_AGAIN_AFTER = timedelta(hours=6)  # although nothing is new
SESSION_TOKENS = 2_000_000  # that one session may take
SESSION_MICROS = 5_000_000  # millionths of the money in which prices are given
SESSION_REQUESTS = 60  # that one session may make
SESSION_SECONDS = 1_800.0  # that its conversation may take
TOKENS_A_DAY = 8_000_000  # that all sessions may take
MICROS_A_DAY = 20_000_000  # millionths of that money
# That the scientist's token is good: it lies beside the keys of the laboratory, and is worth less than they are.
TOKEN_DAYS = 3_650
