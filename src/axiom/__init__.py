"""Axiom: a laboratory that asks questions of small neural networks and says how sure it is."""

__version__ = "26.11.0"
