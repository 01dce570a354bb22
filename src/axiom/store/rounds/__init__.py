"""Rounds and the sessions that tell of them, what their steps count, and what was written about them."""
