"""Pay for tasks, correct awards, change the price."""
