"""Volunteers, their teams, and those who operate the site: what somebody may do about it."""
