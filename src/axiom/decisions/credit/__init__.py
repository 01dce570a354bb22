"""What a task is worth and by which tariff."""
