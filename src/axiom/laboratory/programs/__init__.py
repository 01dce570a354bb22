"""Programs that work here with a token."""
