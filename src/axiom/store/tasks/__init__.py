"""Workunits, tasks, uploads and results."""
