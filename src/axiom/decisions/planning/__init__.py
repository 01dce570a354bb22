"""What to order now, how much, in which order, for whom."""
