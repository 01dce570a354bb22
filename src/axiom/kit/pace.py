"""The only door to the host: what a cell says while it computes. Standard library only.

A cell computes in blocks of at most about a second and calls `block` after each. Whoever computes the cell attaches a
listener; where nobody listens, in a test or a notebook, the words go nowhere.
"""

from collections.abc import Iterable
from itertools import islice
from typing import Protocol

LONGEST = 8  # losses in an early fingerprint; later ones may differ between processors


class Listener(Protocol):
    """Whoever wants to hear how far a cell has come."""

    def early(self, values: list[float], /) -> None:
        """Take the early fingerprint of the cell: a few losses that every processor agrees on."""

    def progress(self, fraction: float, /) -> None:
        """Take the share of the cell that is done."""


class _Nobody:
    """The listener of tests and notebooks."""

    def early(self, values: list[float], /) -> None:
        """Forget the losses."""

    def progress(self, fraction: float, /) -> None:
        """Forget the share."""


class _Door:
    """Where the words of the present cell go, and what has already been said of it."""

    def __init__(self, listener: Listener) -> None:
        self.listener = listener
        self.has_fingerprint = False
        self.percent = 0


_door = _Door(_Nobody())


def attach(listener: Listener | None) -> None:
    """A cell begins here, and `listener` hears it; call again for the next cell. None: nobody listens any more."""
    global _door  # noqa: PLW0603  one process computes one cell at a time, and an experiment must not carry a listener
    _door = _Door(listener or _Nobody())


def early(values: Iterable[float]) -> None:
    """Hand over the early fingerprint; the first call of a cell counts, and at most eight values of it."""
    if not _door.has_fingerprint:
        _door.has_fingerprint = True
        _door.listener.early([float(value) for value in islice(values, LONGEST)])


def block(fraction: float) -> None:
    """A block of work has ended, and this share of the cell, 0 to 1, is done."""
    if not 0.0 <= fraction <= 1.0:
        raise ValueError(f"{fraction} is no share of a cell: pace.block takes a number from 0 to 1")
    percent = int(100 * fraction)
    if percent != _door.percent:  # blocks may be short, so a listener hears whole percents only
        _door.percent = percent
        _door.listener.progress(float(fraction))
