"""The parent's end of a checkpoint: the state of a cell passes from one computing process to the next.

The process that computes (`child/state_keeper.py`) lays it into its own scratch folder, for it sees no other; from
there it is taken into the task's folder, where nothing of an experiment reaches.
"""

import contextlib
import os
import secrets
import stat
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from axiom.limits import runner as limits
from axiom.runner.files.checkpoint_file import Checkpoint
from axiom.runner.files.slot import Slot

_OPEN = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


class CheckpointKeeper:
    """Gives one cell what was kept of it, and takes what is to be kept; `on_kept` hears of more of it on the disk."""

    def __init__(self, slot: Slot, *, pause: float, most: int, on_kept: Callable[[Checkpoint], None]) -> None:
        """`pause`: seconds, at least, between two states. `most`: bytes that one may have."""
        self._slot = slot
        self._pause = pause
        self._most = most
        self._on_kept = on_kept
        self._path = Path()
        self._offers = False  # the cell computes in blocks, and will answer when it is asked to hurry
        self._is_hurried = False
        self._taken_at = time.monotonic()
        self._fraction = slot.kept.fraction

    @property
    def cpu_seconds(self) -> float:
        return self._slot.kept.cpu_seconds

    def begin(self, scratch: Path) -> dict[str, Any]:
        self._path = scratch / f"kept-{secrets.token_hex(8)}"  # where no cell before can have laid anything ready
        if self._slot.kept.state:
            with self._path.open("xb") as file:
                file.write(self._slot.kept.state)
        return {"path": str(self._path), "pause": self._pause, "limit": self._most, "spent": self.cpu_seconds}

    def hear(self, message: Mapping[str, Any], cpu_seconds: float) -> bool:
        self._offers = self._offers or "keeps" in message
        self._fraction = read_progress_fraction(message) or self._fraction
        state = message.get("kept")
        is_due = self._is_hurried or time.monotonic() - self._taken_at > self._pause / 2
        return type(state) is int and state in (0, 1) and is_due and self._take(self._sides[state], cpu_seconds)

    def hurry(self, cpu_seconds: float) -> bool:
        """Ask for the state at the next opportunity; False when there is none, or little would be lost."""
        self._is_hurried = self._offers and cpu_seconds - self.cpu_seconds > limits.CHECKPOINT_WORTH_SECONDS
        if self._is_hurried:
            with contextlib.suppress(OSError):
                self._flag.touch(exist_ok=False)  # no link is followed that an experiment may have laid there
        return self._is_hurried

    def end(self) -> None:
        """Take the files out of the scratch folder; what else an experiment laid there goes with that folder.

        A folder with their names, say: to look into it while the experiment may still run would be to follow it.
        """
        for path in (self._path, self._flag, *self._sides):
            with contextlib.suppress(OSError):
                path.unlink()

    @property
    def _sides(self) -> tuple[Path, Path]:
        """The process writes to one and the other in turn, so that the newest state is always whole."""
        return self._path.with_suffix(".0"), self._path.with_suffix(".1")

    @property
    def _flag(self) -> Path:
        return self._path.with_name(f"{self._path.name}.now")

    def _take(self, path: Path, cpu_seconds: float) -> bool:
        self._taken_at = time.monotonic()
        checkpoint = Checkpoint(times=self._slot.kept.times + 1, cpu_seconds=cpu_seconds, fraction=self._fraction)
        try:
            self._slot.keep(checkpoint, _read(path, self._most))
        except OSError:
            return False  # what was kept before still is
        self._on_kept(self._slot.kept)
        return True


def read_progress_fraction(message: Mapping[str, Any]) -> float | None:
    fraction = message.get("progress")
    return fraction if isinstance(fraction, float) and 0.0 <= fraction <= 1.0 else None


def _read(path: Path, most: int) -> bytes:
    handle = os.open(path, _OPEN)
    with os.fdopen(handle, "rb") as file:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode) or status.st_size > most:
            raise OSError(f"{path} is no file, or too large to be kept")
        return file.read(most)
