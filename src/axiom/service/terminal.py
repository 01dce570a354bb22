"""What a person at the terminal is told, and the time as the program reads it."""

import sys
import time
from datetime import UTC, datetime

_PLAIN_SECONDS = 30.0  # between two lines of progress in a file or a pipe, which keep each of them
_PLAIN: dict[str, float] = {}  # when the last one was written


def remark(text: str, *, quiet: bool = False) -> None:
    """Say something to the person; standard output is for results."""
    if not quiet:
        print(text, file=sys.stderr, flush=True)


def progress(text: str) -> None:
    """The one progress line: drawn again and again on a terminal, elsewhere a plain line now and then. Ends empty."""
    if sys.stderr.isatty():
        print(f"\r\x1b[2K{text}", end="", file=sys.stderr, flush=True)
        return
    now = time.monotonic()
    last = _PLAIN.setdefault("last", now)
    if not text:
        _PLAIN.clear()
    elif now - last >= _PLAIN_SECONDS:
        _PLAIN["last"] = now
        print(text, file=sys.stderr, flush=True)


def wall_clock() -> datetime:
    """The one place in which a command line reads the time."""
    return datetime.now(UTC)  # noqa: TID251 - the edge, where the time enters


def printable(text: str, *, but: str = "") -> str:
    """What others wrote may carry the escapes of a terminal; nothing of it may act on the reader's."""
    return "".join(sign if sign.isprintable() or sign in but else "?" for sign in text)
