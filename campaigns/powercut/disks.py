"""Disks that remember what a power cut could take: what was asked for since the last sync of each file."""

import contextlib
import os
import random
import stat
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import apsw

WRITE, TRUNCATE = "write", "truncate"


@dataclass(kw_only=True)
class History:
    """One file: what is surely on the disk, and what was asked for since."""

    synced: bytearray = field(default_factory=bytearray)
    pending: list[tuple[str, int, bytes]] = field(default_factory=list)

    def sync(self) -> None:
        """All that was asked for is on the disk."""
        for change in self.pending:
            _apply(self.synced, change)
        self.pending.clear()

    def after_power_cut(self, chance: random.Random) -> bytes:
        """One of the many things that the disk may hold when the power comes back."""
        content = bytearray(self.synced)
        changes = list(self.pending)
        if chance.random() < 0.5:
            chance.shuffle(changes)
        survival = chance.random() ** 2  # some cuts take nearly all, few take nearly nothing
        for kind, offset, data in changes:
            fate = chance.random()
            if fate < survival * 0.7:
                _apply(content, (kind, offset, data))
            elif fate < survival and kind == WRITE:
                start, end = sorted((chance.randrange(len(data) + 1), chance.randrange(len(data) + 1)))
                _apply(content, (kind, offset + start, data[start:end]))
        return bytes(content)


def _apply(content: bytearray, change: tuple[str, int, bytes]) -> None:
    kind, offset, data = change
    if kind == TRUNCATE:
        del content[offset:]
        return
    if len(content) < offset:
        content.extend(bytes(offset - len(content)))
    content[offset : offset + len(data)] = data


class Disk(apsw.VFS):
    """Passes everything on to the real disk, and calls `step` before each change of the database or its log."""

    def __init__(self, name: str, step: Callable[[dict[str, History]], None]) -> None:
        super().__init__(name, "")
        self.histories: dict[str, History] = {}
        self.step = step

    def xOpen(self, name: apsw.URIFilename | str | None, flags: list[int]) -> apsw.VFSFile:  # noqa: N802 - SQLite's name
        """Open a file and remember what it holds now."""
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        opened = RecordedFile(name, flags, self, "" if path is None else path)
        if path is not None and path not in self.histories:
            self.histories[path] = History(synced=bytearray(Path(path).read_bytes()))
        return opened


class RecordedFile(apsw.VFSFile):
    """A file whose writes, truncations and syncs are remembered."""

    def __init__(self, name: apsw.URIFilename | str | None, flags: list[int], disk: Disk, path: str) -> None:
        super().__init__("", name, flags)
        self.disk = disk
        self.path = path

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802 - SQLite's name
        """Remember a write that a power cut may still take."""
        self._change(WRITE, offset, bytes(data))
        super().xWrite(data, offset)

    def xTruncate(self, size: int) -> None:  # noqa: N802 - SQLite's name
        """Remember a truncation that a power cut may still take."""
        self._change(TRUNCATE, size, b"")
        super().xTruncate(size)

    def xSync(self, flags: int) -> None:  # noqa: N802 - SQLite's name and arguments
        """From here on no power cut takes what was written. The real disk is not troubled."""
        if self.path:
            self.disk.step(self.disk.histories)
            self.disk.histories[self.path].sync()

    def _change(self, kind: str, offset: int, data: bytes) -> None:
        if self.path:  # SQLite's own temporary files have no name, and nothing of them has to last
            self.disk.step(self.disk.histories)
            self.disk.histories[self.path].pending.append((kind, offset, data))


class JournalDisk:
    """What the journal's thread asks the kernel for, remembered like what SQLite asks for. Files go by their inode."""

    def __init__(self, place: Path, log: Path, disk: Disk) -> None:
        self._place = place
        self._log = log  # SQLite's, which the journal syncs, too
        self._disk = disk
        self._histories: dict[int, History] = {}
        self._lasting: set[str] = set()  # names of files that a sync of the folder has made last
        self._thread = 0

    def after_power_cut(self, chance: random.Random) -> dict[str, bytes]:
        """What may be left of each file. One whose name no sync has made last may be gone."""
        return {
            path.name: self._histories[path.stat().st_ino].after_power_cut(chance)
            for path in sorted(self._place.glob("*.log"))
            if path.name in self._lasting or chance.random() < 0.5
        }

    def newest_lasting(self) -> str:
        """The file before which all others may have been deleted."""
        return max((name for name in self._lasting if name.endswith(".log")), default="")

    @contextlib.contextmanager
    def watched(self) -> Iterator[None]:
        """Within the body, changes by the thread that said `begin` are remembered."""
        calls: dict[str, Callable[..., bool]] = {
            "pwrite": self._pwrite,
            "ftruncate": self._ftruncate,
            "fsync": self._fsync,
        }
        with contextlib.ExitStack() as stack:
            for name, call in calls.items():
                stack.enter_context(mock.patch.object(os, name, self._if_mine(getattr(os, name), call)))
            yield

    def begin(self) -> None:
        """This thread is the journal's."""
        self._thread = threading.get_ident()

    def _if_mine(self, real: Callable[..., Any], remember: Callable[..., bool]) -> Callable[..., Any]:
        def call(*positional: Any) -> Any:
            if threading.get_ident() != self._thread:
                return real(*positional)
            self._disk.step(self._disk.histories)
            return real(*positional) if remember(*positional) else None

        return call

    def _pwrite(self, file: int, data: Any, offset: int) -> bool:
        self._histories[os.fstat(file).st_ino].pending.append((WRITE, offset, bytes(data)))
        return True

    def _ftruncate(self, file: int, size: int) -> bool:
        self._histories[os.fstat(file).st_ino].pending.append((TRUNCATE, size, b""))
        return True

    def _fsync(self, file: int) -> bool:
        """The real disk is not troubled."""
        status = os.fstat(file)
        if stat.S_ISDIR(status.st_mode):
            self._lasting = {path.name for path in self._place.iterdir()}
        elif self._log.exists() and status.st_ino == self._log.stat().st_ino:
            self._disk.histories[str(self._log)].sync()
        elif status.st_ino in self._histories:
            self._histories[status.st_ino].sync()
        else:
            made = next(path for path in self._place.iterdir() if path.stat().st_ino == status.st_ino)
            self._histories[status.st_ino] = History(synced=bytearray(made.read_bytes()))
        return False
