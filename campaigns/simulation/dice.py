"""Chance that follows from a seed, the same on every computer and in every version of Python."""

import hashlib
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")

_STEPS = 2**53  # as many different numbers as a float from 0 to 1 can tell apart


class Dice:
    """Draws one after the other. Another purpose is another sequence, so that none is disturbed by the others."""

    __slots__ = ("_block", "_count", "_key", "_place")

    def __init__(self, seed: int, purpose: str) -> None:
        self._key = f"axiom-simulation-1|{seed}|{purpose}".encode()
        self._count = 0
        self._block = b""
        self._place = 0

    def share(self) -> float:
        """A number from 0 to 1, never 1 itself."""
        if self._place >= len(self._block):
            self._block = hashlib.sha512(self._key + self._count.to_bytes(8, "big")).digest()
            self._count += 1
            self._place = 0
        number = int.from_bytes(self._block[self._place : self._place + 8], "big") >> 11
        self._place += 8
        return number / _STEPS

    def happens(self, probability: float) -> bool:
        """Does what is as probable as this happen? Nothing is drawn for what cannot."""
        return probability > 0 and self.share() < probability

    def between(self, low: float, high: float) -> float:
        """A number from here to there."""
        return low + (high - low) * self.share()

    def whole(self, low: int, high: int) -> int:
        """A whole number from here to there, both included."""
        return low + int(self.share() * (high - low + 1))

    def one_of(self, choices: Sequence[T]) -> T:
        """One of these, each as probable as the others."""
        return choices[int(self.share() * len(choices))]
