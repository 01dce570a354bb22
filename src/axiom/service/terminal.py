"""What a person at the terminal is told, and the time as the program reads it."""

import sys
from datetime import UTC, datetime


def remark(text: str, *, quiet: bool = False) -> None:
    """Say something to the person; standard output is for results."""
    if not quiet:
        print(text, file=sys.stderr, flush=True)


def wall_clock() -> datetime:
    """The one place in which a command line reads the time."""
    return datetime.now(UTC)  # noqa: TID251 - the edge, where the time enters


def printable(text: str, *, but: str = "") -> str:
    """What others wrote may carry the escapes of a terminal; nothing of it may act on the reader's."""
    return "".join(sign if sign.isprintable() or sign in but else "?" for sign in text)
