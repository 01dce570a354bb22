"""A map as its readers ask for it."""
