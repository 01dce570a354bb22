"""Records as pages show them: a part of a list at a time."""
