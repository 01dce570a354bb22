"""Follow-up questions that wait for an answer: what somebody may do about it."""
