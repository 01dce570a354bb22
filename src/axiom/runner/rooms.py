"""The folders that bundles write into: one for each, and the least recently used go when they hold too much together.

What a bundle leaves there, compiled programs above all, is read again by the same bundle and by no other: none can lay
something ready for the next.
"""

import os
import shutil
import time
from pathlib import Path

MOST_MB = 1_000.0  # of all bundles of a home together
_QUIET = 3_600.0  # seconds: a folder that was used since may be in use
_AGAIN = 3_600.0
_MARK = ".swept"
_LEAST = 32  # blocks of 512 bytes for any file: an empty one takes a place, too


def room(cache: Path, digest: str, most_mb: float = MOST_MB) -> Path:
    """Return the folder of one bundle, there and marked as used. Now and then, the oldest others are swept away."""
    place = cache / digest
    is_new = not place.is_dir()
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.utime(place)
    if is_new or _age(cache / _MARK) > _AGAIN:
        (cache / _MARK).touch()
        _sweep(cache, most_mb)
    return place


def held_mb(folder: Path) -> float:
    """Return how much of the disk the files below a folder take; an empty file counts, too, and its folder."""
    blocks, waiting = 0, [os.fspath(folder)]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    blocks += _LEAST + entry.stat(follow_symlinks=False).st_blocks
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
        except OSError:
            continue  # gone meanwhile
    return blocks * 512 / 1e6


def _sweep(cache: Path, most_mb: float) -> None:
    """Remove the bundles that were not used for longest, with their code, until the rest is no more than allowed."""
    used = sorted((path for path in cache.iterdir() if path.is_dir()), key=_age)
    total = 0.0
    for path in used:
        total += held_mb(path)
        if total > most_mb and _age(path) > _QUIET:
            shutil.rmtree(path, ignore_errors=True)
            shutil.rmtree(cache.parent / "unpacked" / path.name, ignore_errors=True)


def _age(path: Path) -> float:
    """Seconds since it was used; without end for what is not there."""
    try:
        return time.time() - path.stat().st_mtime  # noqa: TID251  a file's own time is compared with it
    except OSError:
        return float("inf")
