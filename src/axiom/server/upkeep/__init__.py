"""Periodic jobs, the janitor, the promises while it runs."""
