"""Computers that compute: rules that the server shares."""
