"""Volunteers, their teams, and those who operate the site."""
