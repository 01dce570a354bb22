"""Mail and alerts on their way out: what is due, what is wrong, and who carries it."""
