"""Which task a host gets now."""
