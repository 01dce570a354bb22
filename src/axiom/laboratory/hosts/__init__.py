"""Computers that compute."""
