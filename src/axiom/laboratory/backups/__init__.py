"""Copies of the laboratory, and whether it is whole."""
