"""Air between two pieces of long work, so that whoever waits gets a turn."""

from collections.abc import Callable

Breathe = Callable[[], None]  # called between two pieces of work


def no_pause() -> None:
    """Where nobody else waits: no time passes between two pieces."""
