"""Where a build lies until it is whole: each finished step stays, so that one that was cut goes on behind it."""

import contextlib
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

REMAINS = ".building-"
_EVERY = 5.0  # seconds between two lines on how far a step is


class Workbench:
    """One folder for one runner. Who holds its lock builds there, and whoever else wants to waits."""

    def __init__(self, folder: Path, costs: Mapping[str, float]) -> None:
        """What the steps cost, in any unit: the share of a build that is done follows from it."""
        self.folder = folder
        self._costs = costs
        self._step, self._cost, self._done = "", 0.0, 0.0
        self._paced_from: tuple[float, float] | None = None  # when, and what was done then
        self._logged_at = 0.0

    def step(self, name: str, make: Callable[[Path], Any]) -> Any:
        """What a step makes in an empty folder of its own and answers in JSON, or what it answered when it was done."""
        self._step, self._cost = (
            f"step {list(self._costs).index(name) + 1} of {len(self._costs)}, {name}",
            self._costs[name],
        )
        place, answer = self.folder / name, self.folder / f"{name}.json"
        if answer.exists():
            tell(f"{self._step}: done before")
            self._done += self._cost
            return json.loads(answer.read_bytes())
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        self._log(self._done)
        began = time.monotonic()
        made = make(place)
        _sync()  # what the answer says is there after a power cut, too
        draft = answer.with_suffix(".draft")
        draft.write_text(json.dumps(made), encoding="utf-8")
        draft.replace(answer)
        tell(f"{self._step}: done in {time.monotonic() - began:.0f} s")
        self._done += self._cost
        return made

    def progressed(self, share: float) -> None:
        """Log every few seconds how much of the build is done, now that this share of the step is.

        The pace counts from the first call: a step that fetches makes none, since a network has another pace.
        """
        done = self._done + share * self._cost
        self._paced_from = self._paced_from or (time.monotonic(), done)
        if time.monotonic() - self._logged_at >= _EVERY:
            self._log(done)

    def _log(self, done: float) -> None:
        self._logged_at, estimate = time.monotonic(), ""
        if self._paced_from is not None and done > self._paced_from[1]:
            whole, (began, before) = sum(self._costs.values()), self._paced_from
            left = (self._logged_at - began) * (whole - done) / (done - before)
            estimate = f": {done / whole:.0%}, about {left:.0f} s left"
        tell(self._step + estimate)


@contextlib.contextmanager
def workbench(out: Path, name: str, inputs: str, costs: Mapping[str, float]) -> Iterator[Workbench]:
    """The one for this runner, empty where it was made for other inputs; gone when the build is through."""
    out.mkdir(parents=True, exist_ok=True)
    folder = out / f"{REMAINS}{name}"
    with _lock(out / f"{REMAINS}{name}.lock"):
        for other in out.glob(f"{REMAINS}*"):
            made_for = _made_for(other)
            if other.is_dir() and (made_for is None or (other == folder and made_for != inputs)):
                shutil.rmtree(other, ignore_errors=True)
        folder.mkdir(exist_ok=True)
        (folder / "inputs").write_text(inputs, encoding="utf-8")
        yield Workbench(folder, costs)
        shutil.rmtree(folder)


def tell(text: str) -> None:
    """Say how far it is, at once: whoever follows the log waits for it."""
    print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)


def _made_for(folder: Path) -> str | None:
    try:
        return (folder / "inputs").read_text(encoding="utf-8")
    except OSError:
        return None


@contextlib.contextmanager
def _lock(path: Path) -> Iterator[None]:
    """Hold a lock that ends with this process, where the system has such locks."""
    with path.open("a") as file:
        with contextlib.suppress(ImportError):  # Windows, on which nobody builds two at once
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _sync() -> None:
    if hasattr(os, "sync"):
        os.sync()
