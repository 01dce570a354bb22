"""Where tasks run. Each engine gets orders from a source of work and brings reports back to it."""
