"""Rounds of work on evidence, step by step: what is decided from facts alone."""
