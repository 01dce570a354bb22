"""Volunteers, their teams, and those who operate the site: rules that the server shares."""
