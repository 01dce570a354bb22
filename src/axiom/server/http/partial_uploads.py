"""Outputs that are not whole yet: where each part lies, how much of it is here, and when it is thrown away."""

import contextlib
import hashlib
from collections import Counter
from collections.abc import Collection
from datetime import datetime, timedelta
from pathlib import Path

from axiom.limits import server as limits
from axiom.store.engine.database import from_microseconds
from axiom.store.engine.folder import Folder


class PartialUploads:
    def __init__(self, folder: Folder) -> None:
        self._folder = folder.uploads
        self._folder.mkdir(mode=0o700, exist_ok=True)
        # By the name of the file, at most what may lie there: the task's number and how large its output will be.
        self._parts = {
            path.name: (int(number), path.stat().st_size)
            for path in self._folder.glob("*-*.part")
            if (number := path.name.partition("-")[0]).isdigit()
        }
        self._replaced: Counter[int] = Counter()  # bytes of each task's former outputs since the last sweep

    def file(self, task_id: int, name: str) -> Path:
        """Where an output lies that is not whole yet. The name comes from outside, so it names no file here."""
        return self._folder / f"{task_id}-{hashlib.sha256(name.encode()).hexdigest()}.part"

    def begin(self, task_id: int, name: str, size: int) -> Path:
        path = self.file(task_id, name)
        self._parts[path.name] = (task_id, size)
        return path

    def end(self, task_id: int, name: str) -> None:
        self._delete(self.file(task_id, name).name)

    def delete_parts(self, task_ids: Collection[int]) -> None:
        """The clients of these tasks know nothing of them any more and compute them anew, under the names of before.

        A client that heard of a part of the former output would take it for the beginning of its own, or for all of it.
        """
        for name, (number, _) in list(self._parts.items()):
            if number in task_ids:
                self._delete(name)

    def size(self, task_id: int, name: str) -> int:
        """How much of an output is here, as its sender is told.

        Never all of it: a client that hears so takes the output for stored, and nothing in a part is. It sends its last
        byte once more instead.
        """
        try:
            return max(0, self.file(task_id, name).stat().st_size - 1)
        except OSError:
            return 0

    def replaced(self, task_id: int, size: int) -> None:
        """A file of so many bytes lost its place to another output of its task; the disk holds it until it is swept."""
        self._replaced[task_id] += size

    def pending_bytes_by_task(self, task_id: int) -> dict[int, int]:
        """Bytes beside this task's output: by task, the parts of all others, and whatever was replaced."""
        sizes = Counter(self._replaced)
        for number, size in list(self._parts.values()):
            if number != task_id:
                sizes[number] += size
        return dict(sizes)

    def _delete(self, name: str) -> None:
        if name in self._parts:
            with contextlib.suppress(OSError):  # it is in nobody's way, and swept away later
                (self._folder / name).unlink(missing_ok=True)
            self._parts.pop(name, None)

    def sweep(self, now: datetime) -> int:
        old = [path for path in self._folder.glob("*.part") if _age(path, now) > limits.PARTIAL_UPLOAD_FOR]
        for path in old:
            path.unlink(missing_ok=True)
            self._parts.pop(path.name, None)
        self._replaced.clear()  # their files are swept as often as these parts
        return len(old)


def _age(path: Path, now: datetime) -> timedelta:
    try:
        return now - from_microseconds(path.stat().st_mtime_ns // 1000)
    except FileNotFoundError:  # it has just become whole
        return timedelta()
