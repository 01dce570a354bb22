"""How long is the runner built, as a laboratory does it, beside four programs of normal priority that never rest?

They are sessions of their own: a kernel that shares the cores by sessions then leaves the build the least.
"""

import contextlib
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from axiom.service.runner_build import Builder
from axiom.store.engine.folder import Folder

BUSY = 4
MOST_SECONDS = 900.0
PROGRAM = Path(__file__).resolve().parents[1] / "build-runner"


@contextlib.contextmanager
def busy() -> Iterator[None]:
    """Programs that take all that they get, until the body ends."""
    command = [sys.executable, "-c", "while True: pass"]
    running = [subprocess.Popen(command, start_new_session=True) for _ in range(BUSY)]
    try:
        yield
    finally:
        for process in running:
            process.kill()
            process.wait()


def build(place: Path) -> float:
    """Build, and print each further tenth and step with what a laboratory says then; seconds until it is whole."""
    builder = Builder(Folder(path=place / "lab"), PROGRAM, place / "runners", patience=0.0)
    began, printed = time.monotonic(), None
    (place / "lab").mkdir()
    while progress := builder.progress:
        now = (progress.step, (progress.percent or 0) // 10)
        if now != printed:
            print(f"{time.monotonic() - began:5.0f} s  {progress.in_words}", flush=True)
            printed = now
        builder.look()
        time.sleep(0.2)
    if builder.failure or not list((place / "runners").glob("*/built.json")):
        sys.exit(f"Nothing was measured: {builder.failure or 'it ended without a runner'}")
    return time.monotonic() - began


def main() -> int:
    """0 when it is whole in time."""
    before = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="axiom-bench-") as name, busy():
        seconds = build(Path(name))
        used = resource.getrusage(resource.RUSAGE_CHILDREN)  # the build alone: the others have not ended yet
    cpu, late = used.ru_utime + used.ru_stime, "  MISSED" if seconds > MOST_SECONDS else ""
    print(f"whole after {seconds:.0f} s (at most {MOST_SECONDS:.0f}), with {cpu:.0f} s of CPU{late}")
    print(f"{os.cpu_count()} cores; load {before:.1f} to {os.getloadavg()[0]:.1f}")
    return int(seconds > MOST_SECONDS)


if __name__ == "__main__":
    sys.exit(main())
