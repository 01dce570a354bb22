"""What the runner asks of the operating system: the one place that chooses between `posix.py` and `windows.py`."""

import os
import sys
from pathlib import Path
from typing import IO, Protocol


class Shared(Protocol):
    def __getitem__(self, place: slice, /) -> bytes: ...

    def __setitem__(self, place: slice, body: bytes, /) -> None: ...


class Streams(Protocol):
    def read(self, seconds: float) -> list[tuple[IO[bytes], bytes]]: ...

    def close(self) -> None: ...


class System(Protocol):
    def lock(self, handle: int) -> bool: ...

    def hold(self, handle: int) -> None:
        """Lock an open file, once the other process has let go."""

    def take(self, handle: int) -> bool: ...

    def shared(self, slot: Path, name: str, size: int) -> Shared: ...

    def streams(self, *pipes: IO[bytes]) -> Streams: ...

    def is_there(self, pid: int) -> bool: ...

    def halt(self, pid: int) -> None: ...

    def go_on(self, pid: int) -> None: ...

    def end(self, pid: int) -> None: ...

    def outlast(self, parent: int) -> None:
        """Return once the process that started this one is gone."""

    def usage(self, pid: int) -> tuple[float, float]: ...

    def threads(self, pid: int) -> int: ...

    def taken(self, status: os.stat_result) -> int: ...


def _here() -> System:
    if sys.platform == "win32":
        from axiom.runner.platform.windows import windows_here

        return windows_here()
    from axiom.runner.platform.posix import Posix

    return Posix()


system = _here()
