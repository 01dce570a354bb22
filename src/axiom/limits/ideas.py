"""How many ideas a volunteer may add, and how short one may be."""

A_DAY = 3  # Ideas that one volunteer may add in a day
LEAST_CHARACTERS = 3  # The fewest characters of a question, and of the reason for it
QUESTION_CHARACTERS = 500  # The most characters a question may have
REASON_CHARACTERS = 2_000  # The most characters the reason for a question may have
