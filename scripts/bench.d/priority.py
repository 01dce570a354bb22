"""Who gives way to whom on the laboratory's own computer: a build to what is computed, and that to a person's programs.

In the first half one core of the laboratory computes the same task alone, and beside a process that never rests in the
place of the runner's build, which takes one core, started as the laboratory starts it. In the second half a person's
program does the same work alone, and while the laboratory computes on every core: at its default priority, and at a
normal one.
"""

import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from engine import Bench, laboratory, now

from axiom.domain.sessions import Allotment
from axiom.engines.local_engine import LocalEngine
from axiom.lab.planning.deploy import deploy
from axiom.server.returns.validator import Validator
from axiom.service import runner_build

CORES = os.cpu_count() or 1
MOST = 1.25  # times as long as alone
ROUNDS, REPLICATES = 3, 48
_LONGEST = 120  # seconds
_SPIN = "while True: pass"
_WORK = "import time; b = time.monotonic(); sum(i * i for i in range(60_000_000)); print(time.monotonic() - b)"
BUILD = ["sh", "-c", runner_build._TOGETHER, "sh", sys.executable, "-c", _SPIN]


@contextlib.contextmanager
def beside(command: Sequence[str]) -> Iterator[None]:
    """This, if it is anything, until the body ends."""
    running = [subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)] if command else []
    time.sleep(0.5)
    try:
        yield
    finally:
        for process in running:
            if process.stdin:
                process.stdin.close()
            process.kill()
            process.wait()
        time.sleep(2.5 if running else 0)  # what a build started ends with it, within two seconds


@contextlib.contextmanager
def computing(bench: Bench, cores: int, *, is_modest: bool) -> Iterator[threading.Semaphore]:
    """The laboratory computes what is ordered; each task that ends is counted."""
    ended = threading.Semaphore(0)
    engine = LocalEngine(
        bench.source,
        home=bench.folder.engine,
        host_id=bench.source.host_id,
        cores=cores,
        reported=ended.release,
        is_modest=is_modest,
    )
    engine.start((bench.folder.keys / "trust.json").read_bytes())
    try:
        yield ended
    finally:
        engine.stop()


def order(bench: Bench, tasks: int) -> None:
    """So many tasks."""
    allotment = Allotment(
        experiment_id=bench.experiment_id, workunits=tasks, replicates_each=REPLICATES, reason="bench"
    )
    bench.writer.run(lambda db: deploy(db, allotment, max_failures=1, now=now()))


def wait_for(bench: Bench, ended: threading.Semaphore) -> None:
    """Until a task is back, within reason; it is judged, for a host gets no more while too much of it is not."""
    if not ended.acquire(timeout=_LONGEST):
        sys.exit(f"no task came back within {_LONGEST} s")
    bench.writer.run(lambda db: Validator(bench.folder, b"a bench").judge(db, now()))


def of_a_task(bench: Bench, ended: threading.Semaphore, command: Sequence[str]) -> float:
    """Seconds until a task is back."""
    with beside(command):
        began = time.monotonic()
        order(bench, 1)
        wait_for(bench, ended)
        return time.monotonic() - began


def of_a_person(bench: Bench, *, is_modest: bool | None) -> float:
    """Seconds of a person's own work, while the laboratory computes on every core or not at all."""
    with contextlib.ExitStack() as holding:
        if is_modest is not None:
            order(bench, 2 * CORES)
            ended = holding.enter_context(computing(bench, CORES, is_modest=is_modest))
            for _ in range(CORES):
                wait_for(bench, ended)  # each core is warm
            order(bench, 40 * CORES)
        done = subprocess.run([sys.executable, "-c", _WORK], capture_output=True, text=True, check=True)
        return float(done.stdout)


def main() -> int:
    """0 when a build, and the laboratory at its default, take at most a quarter of the time of what comes first."""
    before = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="axiom-bench-") as name, laboratory(Path(name), CORES) as bench:
        with computing(bench, 1, is_modest=True) as ended:
            of_a_task(bench, ended, [])  # the child is warm from here on
            ways = {"alone": [], "beside a build": BUILD}
            tasks = [{way: of_a_task(bench, ended, command) for way, command in ways.items()} for _ in range(ROUNDS)]
        kinds = {"alone": None, "beside a laboratory at low": True, "beside a laboratory at normal": False}
        work = [{kind: of_a_person(bench, is_modest=kinds[kind]) for kind in kinds} for _ in range(ROUNDS)]
    bad = 0
    for what, rounds, bounded in (
        ("a task", tasks, "beside a build"),
        ("a person's work", work, "beside a laboratory at low"),
    ):
        for way in rounds[0]:
            ratio = statistics.median(turn[way] / turn["alone"] for turn in rounds)
            most = f" (at most {MOST})" if way == bounded else ""
            bad += way == bounded and ratio > MOST
            seconds = statistics.median(turn[way] for turn in rounds)
            print(f"{what:<16} {way:<30} {seconds:6.2f} s, {ratio:5.2f} times as long as alone{most}")
    print(f"{CORES} cores; load {before:.1f} to {os.getloadavg()[0]:.1f}")
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main())
