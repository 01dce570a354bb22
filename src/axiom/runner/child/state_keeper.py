"""The computing end of a checkpoint: lays the state of a cell into the scratch folder, where the parent takes it.

The parent's end is `files/checkpoint_keeper.py`. Standard library only: see `child.py`.
"""

import contextlib
import os
import time
from collections.abc import Callable
from typing import Any

_KEEPING_SECONDS = 0.05  # that keeping a state may take; one that takes longer is kept less often


class StateKeeper:
    def __init__(self, say: Callable[..., None], fraction: Callable[[], float], words: dict[str, Any]) -> None:
        self._say = say
        self._fraction = fraction
        from pathlib import Path  # takes as long to import as all else here, and a first cell does without

        self._path = Path(words["path"])
        self._pause: float = words["pause"]
        self._limit: int = words["limit"]
        self._next = time.monotonic() + self._pause
        self._began = 0.0
        self._side = 0  # which of two files is the newer: nothing may be renamed in our folder

    def kept(self) -> bytes:
        """What was kept of the cell; from now on its state is offered after each block."""
        self._say(keeps=True)
        with contextlib.suppress(FileNotFoundError):
            return self._path.read_bytes()
        return b""

    def is_due(self) -> bool:
        self._began = time.monotonic()
        return self._began >= self._next or os.path.exists(f"{self._path}.now")  # noqa: PTH110  after each block

    def keep(self, state: bytes) -> None:
        """Lay out a state. Where that fails, the cell goes on, and its end is none the worse."""
        self._side = 1 - self._side
        with contextlib.suppress(OSError):
            if len(state) <= self._limit:
                self._path.with_suffix(f".{self._side}").write_bytes(state)
                self._say(kept=self._side, progress=self._fraction())
        moment = time.monotonic()
        self._next = moment + self._pause * max(1.0, (moment - self._began) / _KEEPING_SECONDS)
