"""How many ideas a volunteer may add, and how short one may be."""

A_DAY = 3  # of one volunteer
LEAST_CHARACTERS = 3  # of a question, and of a reason
QUESTION_CHARACTERS = 500  # at most
REASON_CHARACTERS = 2_000  # at most
