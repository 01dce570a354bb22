"""Rounds of work on evidence, step by step."""
