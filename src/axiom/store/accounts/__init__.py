"""Volunteers, teams, and what credit sites are told of them."""
