"""What goes wrong, and results that somebody waits for: what somebody may do about it."""
