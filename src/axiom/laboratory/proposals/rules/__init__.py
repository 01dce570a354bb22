"""Follow-up questions that wait for an answer: what is decided from facts alone."""
