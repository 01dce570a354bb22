"""When a session is due and what it does next."""
