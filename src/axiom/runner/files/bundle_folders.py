"""The folders that bundles write into: one for each, and the least recently used go when they hold too much together.

Whatever goes takes the bundle's code and archive along; so does one that nobody used for two months.

What a bundle leaves there, compiled programs above all, is read again by the same bundle and by no other: none can lay
something ready for the next. Beside them each process has a folder of its own, which goes with it; as long as it is
held, by a lock that no experiment can reach, nobody sweeps away what that process uses.
"""

import contextlib
import math
import os
import time
from pathlib import Path

from axiom.limits import runner as limits
from axiom.runner.files.file_lock import hold_file_lock
from axiom.runner.platform.system import system
from axiom.signed.atomic_files import DRAFT

CACHE = "cache"  # of a home: where the folders of its bundles lie
_QUIET = 600.0  # seconds: whoever was given a folder holds it by then
_YOUNG = 60.0
_AGAIN = 3_600.0
_MARK, _LOCK = ".swept", ".lock"
_SCRATCH, _HELD = ".scratch-", ".held"
_LEAST = 16_384  # bytes for any file: an empty one takes a place, too
_DEEPEST = 32
_NEW = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOINHERIT", 0) | getattr(os, "O_BINARY", 0)


class Scratch:
    def __init__(self, place: Path) -> None:
        self._mark = place.with_name(f"{_SCRATCH}{place.name}-{_fresh_name()}{_HELD}")
        self._handle = os.open(self._mark, _NEW, 0o600)
        self.path = self._mark.with_suffix("")
        try:
            system.take(self._handle)
            self.path.mkdir(mode=0o700)
        except OSError:
            self.clear()
            raise

    def clear(self) -> None:
        remove_folder(self.path)
        os.close(self._handle)
        with contextlib.suppress(OSError):
            self._mark.unlink()


def open_bundle_folder(cache: Path, digest: str, most_mb: float = limits.SCRATCH_MB) -> Path:
    """Return the folder of one bundle, there and marked as used; one that holds very much is emptied.

    What processes left whose runner is gone goes, too, and now and then the oldest folders of other bundles.
    """
    place = cache / digest
    cache.mkdir(mode=0o700, parents=True, exist_ok=True)
    with hold_file_lock(cache / _LOCK):
        is_new = not place.is_dir()
        place.mkdir(mode=0o700, exist_ok=True)
        os.utime(place)
        _forget(cache)
        if folder_size_mb(place) > limits.SCRATCH_MB_OF_BUNDLE:
            _empty(place)
        if is_new or _age(cache / _MARK) > _AGAIN:
            (cache / _MARK).touch()
            _sweep(cache, most_mb)
    return place


def forget_unused(cache: Path, seconds: float) -> int:
    if not cache.is_dir():
        return 0
    gone = 0
    with hold_file_lock(cache / _LOCK):
        for path in [path for path in cache.iterdir() if path.is_dir() and not path.name.startswith(".")]:
            marks = cache.glob(f"{_SCRATCH}{path.name}-*{_HELD}")
            if _age(path) > max(seconds, _QUIET) and not any(map(_is_held, marks)):
                _discard(path)
                gone += 1
    return gone


def folder_size_mb(folder: Path) -> float:
    """Return how much of the disk the files below a folder take; an empty file counts, too, and its folder.

    Without end where a folder cannot be listed or lies too deep: it could hold anything.
    """
    total, waiting = 0, [(os.fspath(folder), 0)]
    while waiting:
        place, depth = waiting.pop()
        if depth > _DEEPEST:
            return math.inf
        try:
            with os.scandir(place) as entries:
                for entry in entries:
                    with contextlib.suppress(FileNotFoundError):
                        total += _LEAST + system.taken(entry.stat(follow_symlinks=False))
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append((entry.path, depth + 1))
        except FileNotFoundError:
            continue  # gone meanwhile
        except OSError:
            return math.inf
    return total / 1e6


def remove_folder(folder: Path) -> None:
    _empty(folder)
    with contextlib.suppress(OSError):
        folder.rmdir()


def _empty(folder: Path) -> None:
    """Each folder in it is brought up before it is looked into, so that no path is too long."""
    waiting = [] if folder.is_symlink() else [folder]
    while waiting:
        place = waiting.pop()
        with contextlib.suppress(OSError):
            place.chmod(0o700)
            waiting += [up for entry in list(os.scandir(place)) if (up := _bring_up(entry, place, folder))]
            if place != folder:
                place.rmdir()


def _bring_up(entry: "os.DirEntry[str]", place: Path, top: Path) -> Path | None:
    path = Path(entry.path)
    with contextlib.suppress(OSError):
        if not entry.is_dir(follow_symlinks=False):
            path.unlink()
            return None
        if place == top:
            return path
        path.chmod(0o700)  # a folder that may not be written cannot be moved
        return path.rename(top / _fresh_name())
    return None


def _forget(cache: Path) -> None:
    for name in {path.name.removesuffix(_HELD) for path in cache.glob(f"{_SCRATCH}*")}:
        mark = cache / (name + _HELD)
        if _age(mark) > _YOUNG and not _is_held(mark):  # a young one may be about to be taken
            remove_folder(cache / name)
            mark.unlink(missing_ok=True)


def _sweep(cache: Path, most_mb: float) -> None:
    _forget_drafts(cache.parent)
    rooms = (path for path in cache.iterdir() if path.is_dir() and not path.name.startswith("."))
    total = 0.0
    for path in sorted(rooms, key=_age):
        size_mb = folder_size_mb(path)
        marks = cache.glob(f"{_SCRATCH}{path.name}-*{_HELD}")
        may_go = _age(path) > (_QUIET if total + size_mb > most_mb else limits.SCRATCH_SECONDS)
        if may_go and not any(map(_is_held, marks)):
            _discard(path)
        else:
            total += size_mb


def _forget_drafts(home: Path) -> None:
    for folder in (home, home / "bundles", home / "unpacked"):
        for path in folder.glob(f"{DRAFT}*"):
            if _age(path) > _AGAIN:
                remove_folder(path)
                with contextlib.suppress(OSError):
                    path.unlink()


def _discard(place: Path) -> None:
    home = place.parents[1]
    remove_folder(place)
    remove_folder(home / "unpacked" / place.name)
    for ending in (".zip", ".seal"):
        with contextlib.suppress(OSError):
            (home / "bundles" / f"{place.name}{ending}").unlink()


def _is_held(mark: Path) -> bool:
    try:
        handle = os.open(mark, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        return not system.take(handle)
    finally:
        os.close(handle)


def _fresh_name() -> str:
    """A name that nothing has; `secrets` and `tempfile` take longer to import than all else here."""
    return os.urandom(8).hex()  # noqa: TID251  a name, and no number of any experiment


def _age(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime  # noqa: TID251  a file's own time is compared with it
    except OSError:
        return math.inf
