"""How much the front page shows."""

FINDINGS = 6  # Decided findings, and awaited ones
QUESTIONS = 6  # Open questions
ANSWERS = 3  # Answered questions with their picture, at the head of the page
SESSION_NEWS = 3  # News of sessions
OPERATOR_NOTES = 3  # Notes of operators at once
