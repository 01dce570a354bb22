"""How long is the runner built, as a laboratory does it, beside four programs of normal priority that never rest?

They are sessions of their own: a kernel that shares the cores by sessions then leaves the build the least. What counts
is the CPU that these five had, over the cores: so long it takes where nothing else runs.
"""

import os
import resource
import sys
import tempfile
import time
from pathlib import Path

from busy_programs import busy
from loadgen.processes import cpu as cpu_of

from axiom.service.runner_build import Builder
from axiom.store.engine.folder import Folder

BUSY, CORES = 4, os.cpu_count() or 1
MOST_SECONDS = 900.0
PROGRAM = Path(__file__).resolve().parents[2] / "scripts" / "build-runner"


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
        builder.check()
        time.sleep(0.2)
    if builder.failure or not list((place / "runners").glob("*/built.json")):
        sys.exit(f"Nothing was measured: {builder.failure or 'it ended without a runner'}")
    return time.monotonic() - began


def main() -> int:
    """0 when it is whole in time."""
    before = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="axiom-bench-") as name, busy(BUSY) as others:
        seconds = build(Path(name))
        used = resource.getrusage(resource.RUSAGE_CHILDREN)  # the build alone: the others have not ended yet
        cpu, theirs = used.ru_utime + used.ru_stime, sum(map(cpu_of, others))
    alone = (cpu + theirs) / min(CORES, BUSY + 1)
    print(f"whole after {seconds:.0f} s, with {cpu:.0f} s of CPU; each of the others had {theirs / BUSY:.0f} s")
    late = "  MISSED" if alone > MOST_SECONDS else ""
    print(f"where nothing else runs: {alone:.0f} s (at most {MOST_SECONDS:.0f}){late}")
    print(f"{CORES} cores; load {before:.1f} to {os.getloadavg()[0]:.1f}")
    return int(alone > MOST_SECONDS)


if __name__ == "__main__":
    sys.exit(main())
