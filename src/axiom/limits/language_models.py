"""What a language model may say and cost, and how long its answer is waited for."""

from datetime import timedelta

SAME_ANSWERS = 3  # How often a model may get the same answer to the same call before its conversation is ended
SAME_ANSWERS_AFTER_A_WAIT = 20  # The same for a call that had to wait for something, as for a preflight
WAITED_SECONDS = 5.0  # A call that took this long has waited for something, as for a preflight that takes minutes
ANSWER_TOKENS = 8_000  # The most tokens one answer of a model may have
CALLS_OF_AN_ANSWER = 16  # Tools that one answer of a model may call
ANSWER_SECONDS = 300.0  # How long one answer of a model is waited for, however often the service is asked
UNANSWERED_RESTS_FOR = timedelta(hours=1)  # How long a model that did not answer is left alone
ANSWER_BYTES = 8 * 2**20  # The largest answer of a model's service that is read: the longest text is a tenth of it
FIRST_WAIT_SECONDS = 1.0  # The first wait before a model's service that failed is asked again; it doubles each time
LONGEST_WAIT_SECONDS = 60.0  # The longest such wait
ASK_AGAIN_AFTER = timedelta(hours=6)  # A model is asked again after this time although nothing is new
SESSION_TOKENS = 2_000_000  # Tokens that a model may use in one session
SESSION_MICROS = 5_000_000  # What a model may cost in one session, in millionths of the currency of its prices
SESSION_REQUESTS = 60  # Requests that a model may get in one session
SESSION_SECONDS = 1_800.0  # How long a model's conversation may last in one session
TOKENS_A_DAY = 8_000_000  # Tokens that a model may use in a day, in all sessions together
MICROS_A_DAY = 20_000_000  # What a model may cost in a day, in millionths of the same currency
TOKEN_DAYS = 3_650  # Days for which the scientist's token is good: the laboratory's keys beside it are worth more
NOTEBOOK_CHARACTERS = 2_000  # What a program may keep for itself between conversations
OWN_QUESTIONS = 6  # How many of its own questions a brief tells a program of
OWN_PAGE_BYTES = 2_000  # How long what a brief tells a program of its own questions may be
TOOL_ANSWER_BYTES = 8_000  # How long the answer of a tool is that a model calls
TOOL_ANSWER_LONG_BYTES = 24_000  # The same where it asked for a long one
