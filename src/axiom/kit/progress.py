"""The only door to the host: what a cell says while it computes, and what is kept of it. Standard library only.

A cell computes in blocks of at most about a second. A long one computes them with `blocks`, and goes on where it was
interrupted; any other calls `block` after each. Whoever computes the cell attaches a listener and perhaps a keeper;
where nobody does, in a test or a notebook, the words go nowhere and nothing is kept.
"""

import functools
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any, Protocol, TypeVar

from axiom.kit import checkpoints

LONGEST = 8  # losses in an early fingerprint; later ones may differ between processors
S = TypeVar("S")


class Listener(Protocol):
    """Whoever wants to hear how far a cell has come."""

    def early(self, values: list[float], /) -> None:
        """Take the early fingerprint of the cell: a few losses that every processor agrees on."""

    def progress(self, fraction: float, /) -> None:
        """Take the share of the cell that is done."""


class Keeper(Protocol):
    """Where the state of a cell outlives the process that computes it."""

    def kept(self) -> bytes:
        """What was kept of this cell; nothing when it begins anew. Whoever asks will offer a state after each block."""

    def is_due(self) -> bool:
        """Is it time to keep the state again?"""

    def keep(self, state: bytes, /) -> None:
        """Take the state; it survives the end of this process, in place of the one before."""


class _Nobody:
    """The listener of tests and notebooks, who keeps nothing either."""

    def early(self, values: list[float], /) -> None:
        """Forget the losses."""

    def progress(self, fraction: float, /) -> None:
        """Forget the share."""


class _Door:
    """Where the words of the present cell go, what has already been said of it, and its loops so far."""

    def __init__(self, listener: Listener, keeper: Keeper | None) -> None:
        self.listener = listener
        self.keeper = keeper
        self.fingerprint: list[float] | None = None
        self.percent = 0
        self.is_looping = False
        self._loops: list[tuple[int, int, Any]] = []  # of each: blocks done, blocks in all, the state
        self._before: list[Any] | None = None  # the loops as an earlier process left them

    def begin(self, start: S, count: int) -> tuple[S, int]:
        """The state from which the next loop goes on, and how many of its blocks are done."""
        if self.keeper is not None and self._before is None:
            self._before = self._recall(self.keeper)
        if not self._before:
            return start, 0
        done, blocks, state = self._before.pop(0)
        return (state, done) if blocks == count else (start, 0)

    def _recall(self, keeper: Keeper) -> list[Any]:
        """The loops that were kept; the fingerprint is said again, for this process has not heard it."""
        raw = keeper.kept()
        try:
            fingerprint, loops = checkpoints.unpack(raw) if raw else (None, [])
        except (TypeError, ValueError):
            return []
        if fingerprint is not None:
            early(fingerprint)
        return list(loops)

    def pass_block(self, state: object, done: int, count: int) -> None:
        """A block of the present loop has ended."""
        if self.keeper is not None and self.keeper.is_due():
            self.keeper.keep(checkpoints.pack((self.fingerprint, [*self._loops, (done, count, state)])))

    def end(self, state: object, count: int) -> None:
        """The loop is over. Its state stays as it is now, whatever becomes of the one that it returns."""
        if self.keeper is not None:
            self._loops.append((count, count, checkpoints.copy(state)))


_door = _Door(_Nobody(), None)


def attach(listener: Listener | None, keeper: Keeper | None = None) -> None:
    """A cell begins here, and `listener` hears it; call again for the next cell. None: nobody listens any more."""
    enter(open_door(listener, keeper))


def open_door(listener: Listener | None, keeper: Keeper | None = None) -> _Door:
    """Where the words of a cell will go, once it is entered."""
    return _Door(listener or _Nobody(), keeper)


def enter(door: _Door) -> _Door:
    """Let the words of whatever computes now go through this door, and return the one before."""
    global _door
    before, _door = _door, door
    return before


def early(values: Iterable[float]) -> None:
    """Hand over the early fingerprint; the first call of a cell counts, and at most eight values of it."""
    if _door.fingerprint is None:
        _door.fingerprint = [float(value) for value in islice(values, LONGEST)]
        _door.listener.early(list(_door.fingerprint))


def block(fraction: float) -> None:
    """A block of work has ended, and this share of the cell, 0 to 1, is done. At its goal a cell returns what it has.

    It does so whatever share it told last; a measure that waits for what did not come is None. No clock ends a cell
    that way: on a slow computer it would have learned less.
    """
    if not 0.0 <= fraction <= 1.0:
        raise ValueError(f"{fraction} is no share of a cell: progress.block takes a number from 0 to 1")
    percent = int(100 * fraction)
    if percent != _door.percent:  # blocks may be short, so a listener hears whole percents only
        _door.percent = percent
        _door.listener.progress(float(fraction))


def blocks(start: S, step: Callable[[S, int], S], count: int) -> S:
    """Return the state after `count` steps; each gets the state and its own number, from 0, and is a block.

    An interrupted cell computes again what stands before the loop, and goes on behind the last block that was kept, so
    a step depends on nothing but its arguments and what never changes. What a state is made of, `checkpoints` says; a
    generator's is `rng.bit_generator.state`. A loop within a step is part of the step.
    """
    door = _door
    if door.is_looping:
        return functools.reduce(step, range(count), start)
    door.is_looping = True
    try:
        state, done = door.begin(start, count)
        if done:
            block(done / count)
        for number in range(done, count):
            state = step(state, number)
            if number == done:
                checkpoints.check(state)  # said at once, not after ten seconds of the first cell that is long enough
            block((number + 1) / count)
            door.pass_block(state, number + 1, count)
        door.end(state, count)
    finally:
        door.is_looping = False
    return state
