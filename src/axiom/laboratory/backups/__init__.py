"""Copies of the laboratory."""
