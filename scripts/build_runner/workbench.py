"""Where a build lies until it is whole: each finished step stays, so that one that was cut goes on behind it."""

import contextlib
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

REMAINS = ".building-"


class Workbench:
    """One folder for one runner. Who holds its lock builds there, and whoever else wants to waits."""

    def __init__(self, folder: Path, steps: int) -> None:
        self.folder = folder
        self._steps = steps
        self._reached = 0

    def step(self, name: str, make: Callable[[Path], Any]) -> Any:
        """What a step makes in an empty folder of its own and answers in JSON, or what it answered when it was done."""
        self._reached += 1
        place, answer = self.folder / name, self.folder / f"{name}.json"
        if answer.exists():
            tell(f"step {self._reached} of {self._steps}, {name}: done before")
            return json.loads(answer.read_bytes())
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        tell(f"step {self._reached} of {self._steps}, {name}")
        began = time.monotonic()
        made = make(place)
        _sync()  # what the answer says is there after a power cut, too
        draft = answer.with_suffix(".draft")
        draft.write_text(json.dumps(made), encoding="utf-8")
        draft.replace(answer)
        tell(f"step {self._reached} of {self._steps}, {name}: done in {time.monotonic() - began:.0f} s")
        return made


@contextlib.contextmanager
def workbench(out: Path, name: str, inputs: str, steps: int) -> Iterator[Workbench]:
    """The one for this runner, empty where it was made for other inputs; gone when the build is through."""
    out.mkdir(parents=True, exist_ok=True)
    folder = out / f"{REMAINS}{name}"
    with _held(out / f"{REMAINS}{name}.lock"):
        for other in out.glob(f"{REMAINS}*"):
            made_for = _made_for(other)
            if other.is_dir() and (made_for is None or (other == folder and made_for != inputs)):
                shutil.rmtree(other, ignore_errors=True)
        folder.mkdir(exist_ok=True)
        (folder / "inputs").write_text(inputs, encoding="utf-8")
        yield Workbench(folder, steps)
        shutil.rmtree(folder)


def tell(text: str) -> None:
    """Say how far it is, at once: whoever follows the log waits for it."""
    print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)


class Estimate:
    """Says how long a step still takes, every ten seconds, by how much of it is done."""

    _EVERY = 10.0

    def __init__(self, what: str) -> None:
        self._what, self._began = what, time.monotonic()
        self._told = self._began

    def tell(self, share: float) -> None:
        """So much of it is done."""
        now = time.monotonic()
        if now - self._told >= self._EVERY and share > 0:
            self._told = now
            left = (now - self._began) * (1 - share) / share
            tell(f"{self._what}: {share:.0%}, about {left:.0f} s left")


def _made_for(folder: Path) -> str | None:
    try:
        return (folder / "inputs").read_text(encoding="utf-8")
    except OSError:
        return None


@contextlib.contextmanager
def _held(path: Path) -> Iterator[None]:
    """Hold a lock that ends with this process, where the system has such locks."""
    with path.open("a") as file:
        with contextlib.suppress(ImportError):  # Windows, on which nobody builds two at once
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _sync() -> None:
    if hasattr(os, "sync"):
        os.sync()
