"""Where tasks run. Each engine gets orders from a desk and brings reports back to it."""
