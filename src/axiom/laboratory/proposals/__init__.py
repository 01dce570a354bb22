"""Follow-up questions that wait for an answer."""
