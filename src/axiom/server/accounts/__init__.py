"""Accounts over the wire: create, sign in, join teams, erase."""
