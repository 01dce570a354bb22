"""Papers over findings, and what people and programs write about them: every number in them stands in a row."""
