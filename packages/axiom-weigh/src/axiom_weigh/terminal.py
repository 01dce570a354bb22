"""What a person at the terminal is told, and the time as the program reads it."""

import json
import sys
import time
import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime

_PLAIN_SECONDS = 30.0  # between two lines of progress in a file or a pipe, which keep each of them
_JOINERS = "\u200c\u200d"  # of letters in some scripts, and of emoji
_PLAIN: dict[str, float] = {}  # when the last one was written


def print_text(text: object = "", *, end: str = "\n", err: bool = False) -> None:
    """Print a result, or part of one. All that commands print passes here, since others wrote some of it."""
    print(make_printable(str(text), but="\n\t"), end=end, file=sys.stderr if err else sys.stdout, flush=True)


def print_remark(text: str, *, quiet: bool = False) -> None:
    """Say something to the person; standard output is for results."""
    if not quiet:
        print_text(text, err=True)


def print_progress(text: str) -> None:
    """The one progress line: drawn again and again on a terminal, elsewhere a plain line now and then. Ends empty."""
    if sys.stderr.isatty():
        print(f"\r\x1b[2K{make_printable(text)}", end="", file=sys.stderr, flush=True)
        return
    now = time.monotonic()
    last = _PLAIN.setdefault("last", now)
    if not text:
        _PLAIN.clear()
    elif now - last >= _PLAIN_SECONDS:
        _PLAIN["last"] = now
        print_text(text, err=True)


def wall_clock() -> datetime:
    """The one place in which a command line reads the time."""
    return datetime.now(UTC)  # noqa: TID251 - the edge, where the time enters


def make_printable(text: str, *, but: str = "", instead: Callable[[str], str] = lambda _: "?") -> str:
    """What others wrote may carry the escapes of a terminal, or turn the direction of what is read.

    Nothing of it acts on the reader's. Wide and narrow spaces and joined letters stay what they are.
    """
    acting = {sign for sign in set(text) if not sign.isprintable()} - {*but, *_JOINERS}
    return text.translate({ord(sign): instead(sign) for sign in acting if unicodedata.category(sign) != "Zs"})


def escape_document(document: str) -> str:
    """A document in JSON that says the very same, with its signs that cannot be printed as escapes."""
    return make_printable(document, but="\n", instead=lambda sign: json.dumps(sign)[1:-1])
