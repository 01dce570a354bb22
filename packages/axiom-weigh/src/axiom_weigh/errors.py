"""Every error that weighing raises on purpose. `exit_code` is what the command ends with."""

import difflib
from collections.abc import Iterable


class WeighError(Exception):
    """Something that was foreseen, said in a sentence that helps."""

    exit_code = 1


class WrongUse(WeighError):
    """The words of a command, or what a function was given, are off."""

    exit_code = 2


class UnknownName(WrongUse):
    """A name that nothing has; the nearest is suggested."""

    def __init__(self, kind: str, name: str, existing: Iterable[str]) -> None:
        self.name = name
        names = sorted(set(existing))
        near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
        hint = f"Did you mean {near[0]}?" if near else f"Known: {', '.join(names)}."
        super().__init__(f"There is no {kind} named {name!r}. {hint} Nothing was done.")


class TableUnreadable(WrongUse):
    """What was given to be weighed is no table of seeds and values; it says where, and what to write instead."""


class NotFound(WeighError):
    """There is no such file."""

    exit_code = 3


class LimitReached(WeighError):
    """A table is larger than what is read of one."""

    exit_code = 4


class FolderUnusable(WeighError):
    """A file cannot be written where it should be."""

    exit_code = 5


class FigureNotDrawn(WeighError):
    """A picture is missing; what it shows is not."""
