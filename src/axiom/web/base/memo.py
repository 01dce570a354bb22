"""What is the same for many pages and takes longer to make than to keep: it is made once, for as long as it holds."""

import threading
from collections.abc import Callable, Hashable
from typing import TypeVar, cast

_MOST = 512

Made = TypeVar("Made")


class Lasting:
    """What was asked for last, by its name. Pages are made by several threads; they share one."""

    def __init__(self) -> None:
        self._kept: dict[Hashable, tuple[object, object]] = {}
        self._lock = threading.Lock()

    def of(self, name: Hashable, make: Callable[[], Made], *, as_of: object = None) -> Made:
        """What has this name, made anew if it was kept as of something else.

        Who names what never changes, a line of evidence or a bundle, says nothing of that. Two pages that ask at once
        may both make it; it is the same.
        """
        with self._lock:
            known = self._kept.pop(name, None)
            if known is not None and known[0] == as_of:
                self._kept[name] = known  # at the end, so that what nobody asks for is the first to go
                return cast("Made", known[1])
        made = make()
        with self._lock:
            self._kept[name] = as_of, made
            while len(self._kept) > _MOST:
                del self._kept[next(iter(self._kept))]
        return made
