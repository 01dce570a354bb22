"""The steps of a round, one in each module."""
