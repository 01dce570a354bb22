"""Axiom: a laboratory that asks questions of small neural networks and says how sure it is."""

__version__ = "26.11.0"


def __getattr__(name: str) -> object:
    """`axiom.open(folder)` opens a laboratory for a notebook; nothing is imported for it before it is asked for."""
    if name == "open":
        from importlib import import_module

        return import_module("axiom.notebook").open_lab
    raise AttributeError(f"module 'axiom' has no attribute {name!r}")
