"""Backups, copies, recovery, and whether every promise holds."""
