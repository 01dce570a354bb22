"""Pilots: runners that a cluster's own scheduler started, and that fetch signed work over HTTPS with a key."""
