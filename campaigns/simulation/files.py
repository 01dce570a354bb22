"""The disks under the journal and under the folders of files, which fail on purpose: full, broken, or mid-write dead.

SQLite does its own writing, so its faults come at statements (`disk.py`). Everything else is written through four
functions of the operating system. While a course is played these look first whether something is armed for the disk on
which the file lies. A write that fails leaves half of its bytes there, as one does that was cut short.
"""

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from axiom.store.engine.folder import Folder
from simulation.disk import DiskFault, Fate, Killed

_CODES = {DiskFault.FULL: errno.ENOSPC, DiskFault.BROKEN: errno.EIO}
_CALLS = ("pwrite", "write", "fsync", "ftruncate")
_WRITING = ("pwrite", "write")


class Disk(StrEnum):
    """What lies on a disk of its own, so that it can fail alone."""

    JOURNAL = "journal"
    FOLDERS = "folders"  # of outputs in files, and of those that have begun to arrive


@dataclass(kw_only=True)
class Files:
    """What will happen to the files of one laboratory, over all of its lives."""

    folder: Folder
    fate: Fate
    armed: dict[Disk, tuple[DiskFault, int]] = field(default_factory=dict)  # and after how many more calls

    def arm(self, disk: Disk, fault: DiskFault, after: int) -> None:
        """Let something happen at so many calls from now; what was armed there and has not happened is off."""
        self.armed[disk] = fault, after

    @contextmanager
    def frail(self) -> Iterator[None]:
        """Meanwhile the files of this process fail as they are told to."""
        real: dict[str, Callable[..., Any]] = {name: getattr(os, name) for name in _CALLS}
        try:
            for name, call in real.items():
                setattr(os, name, self._frail(name, call))
            yield
        finally:
            for name, call in real.items():
                setattr(os, name, call)

    def _frail(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def done(descriptor: int, *about: Any) -> Any:
            if self.fate.is_dead and self._disk(descriptor) is not None:  # nothing of a dead process reaches a disk
                if name in _WRITING:
                    raise Killed
                return None
            fault = self._meets(name, descriptor) if self.armed else None
            if fault is None:
                return call(descriptor, *about)
            if name in _WRITING:
                body, *place = about
                call(descriptor, body[: len(body) // 2], *place)
            if fault is DiskFault.KILL:
                self.fate.is_dead = True
                raise Killed
            raise OSError(_CODES[fault], f"the disk is {fault.value}")

        return done

    def _meets(self, name: str, descriptor: int) -> DiskFault | None:
        """What happens at this call, if anything does."""
        disk = self._disk(descriptor)
        if disk not in self.armed:
            return None
        fault, left = self.armed.pop(disk)
        if left > 1 or (fault is DiskFault.FULL and name == "ftruncate"):  # cutting takes no room
            self.armed[disk] = fault, max(1, left - 1)
            return None
        self.fate.happened[f"{fault.value} at {name} of the {disk}"] += 1
        return fault

    def _disk(self, descriptor: int) -> Disk | None:
        """On which of the disks an open file lies."""
        try:
            path = Path(f"/proc/self/fd/{descriptor}").readlink()
        except OSError:
            return None
        place = Path(os.path.realpath(self.folder.path))
        if path.is_relative_to(place / self.folder.journal.name):
            return Disk.JOURNAL
        ours = (self.folder.blobs.name, self.folder.uploads.name)
        return Disk.FOLDERS if any(path.is_relative_to(place / name) for name in ours) else None
