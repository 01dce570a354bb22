"""Hosts: what they are and when they were heard from."""
