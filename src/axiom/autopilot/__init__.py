"""Holds sessions, and has tried what never was."""
