"""Values that many pages share and that are slow to compute: each is computed once for each version of its data."""

import threading
from collections.abc import Callable, Hashable
from typing import TypeVar, cast

from axiom.limits import server as limits

Made = TypeVar("Made")


class Memo:
    """The values asked for last, by key. The threads that make pages share one memo."""

    def __init__(self) -> None:
        self._kept: dict[Hashable, tuple[object, object]] = {}
        self._lock = threading.Lock()

    def get_or_create(self, key: Hashable, factory: Callable[[], Made], *, version: object = None) -> Made:
        """Return the cached value, made anew when `version` changed.

        A value that never changes, as of a line of evidence or a bundle, needs no version. Two pages that ask at once
        may both make it; the values are equal.
        """
        with self._lock:
            entry = self._kept.pop(key, None)
            if entry is not None and entry[0] == version:
                self._kept[key] = entry  # at the end: the least recently used goes first
                return cast("Made", entry[1])
        made = factory()
        with self._lock:
            self._kept[key] = version, made
            while len(self._kept) > limits.VALUES_REMEMBERED:
                del self._kept[next(iter(self._kept))]
        return made
