"""Sessions as their readers see them: the list, the log of one, and the rows behind it."""
