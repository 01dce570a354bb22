"""Sessions as their readers see them: the list, the log of one, its tasks, its transcript, what it changed."""
