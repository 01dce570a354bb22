"""How many computers one server feeds: a model of what they cost it, held against the same server.

The model: a request costs so much, and so much again for each task that it reports, beside the one that it fetches,
with its upload, its judging and its credit. Both are fitted to requests with one task and with eight. One interpreter
does all of it, so a server is full when it uses one core. Every task stays in the database for 90 days, then what the
archive leaves of it.

Held against the server: what requests with three tasks cost, and how many tasks a second are paid when as many are
brought as it takes. Whether the costs hold for large fleets is measured by `campaign millions`, with --tasks and with
--hosts. Ends with 0 only if the model is within 25 % of both.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))

from loadgen.benches import LANES, Bench, Spent, begin, rest
from loadgen.laboratory import Laboratory
from loadgen.lane import Mode
from loadgen.processes import cost

HOSTS, ACCOUNTS, TURNS = 200, 40, 6
FEW, SOME, MANY = 1, 3, 8  # tasks of a request
WITHIN = 0.25
CORES_A_HOST = 5.7  # of volunteers, on average: Einstein@Home in May 2026
LIVE_DAYS, LEFT_BYTES = 90, 1_000  # of a task, once it has moved: `bench archive`
FLEETS = (100, 10_000, 100_000, 1_000_000)
MINUTES = (20, 60, 120, 480)


@dataclass(frozen=True, kw_only=True)
class Model:
    """What one server's work costs."""

    request_ms: float
    task_ms: float
    task_bytes: float

    def cost_ms(self, tasks: int) -> float:
        """Of a request that reports and fetches so many tasks, with all that follows from them."""
        return self.request_ms + tasks * self.task_ms

    def most_tasks(self) -> float:
        """Tasks a second of a server that is full."""
        return 1e3 * MANY / self.cost_ms(MANY)

    def load(self, hosts: int, minutes: float) -> tuple[float, float, float]:
        """Tasks a second of a fleet that computes day and night, cores of the server, and gigabytes a day."""
        tasks = hosts * CORES_A_HOST / (60.0 * minutes)
        requests = max(tasks / MANY, hosts / 3_600)  # a client asks every hour at least
        used = (requests * self.request_ms + tasks * self.task_ms) / 1e3
        return tasks, used, tasks * 86_400 * self.task_bytes / 1e9


def main() -> int:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10.0, help="for which all hosts bring what they can")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="axiom-reach-") as place, Laboratory.make(Path(place) / "lab") as lab:
        bench = begin(lab, hosts=HOSTS, accounts=ACCOUNTS)
        bench.enough(2 * HOSTS * (FEW + SOME + MANY) * (TURNS + 1) + int(wanted.seconds * 2_000))
        empty, before = size(bench), lab.credited()
        costs = {tasks: carrying(bench, tasks) for tasks in (FEW, MANY, SOME)}
        paid = full(bench, wanted.seconds)
        each = (size(bench) - empty) / (lab.credited() - before)
    slope = (costs[MANY] - costs[FEW]) / (MANY - FEW)
    model = Model(request_ms=costs[FEW] - FEW * slope, task_ms=slope, task_bytes=each)
    print(f"a request {model.request_ms:.2f} ms, each of its tasks {slope:.2f} ms and {each:,.0f} bytes on the disk")
    held = [
        told(f"a request with {SOME} tasks, ms", model.cost_ms(SOME), costs[SOME]),
        told("tasks paid a second, beside those who bring them", model.most_tasks(), paid),
    ]
    for row in table(model):
        print(row)
    print(f"load {os.getloadavg()[0]:.2f}; {os.cpu_count()} cores; {LANES} connections")
    print(f"{'Met' if all(held) else 'MISSED'}: the model is within {WITHIN:.0%} of what was measured.")
    return int(not all(held))


def carrying(bench: Bench, tasks: int) -> float:
    """Milliseconds of a request that reports so many tasks and fetches as many, with all that follows from them."""
    bench.play(Mode.REPORT)
    bench.play(Mode.FETCH, turns=1, ask=tasks)
    bench.lab.settle()
    anyway = rest(bench)
    began, before = time.monotonic(), cost(bench.lab.pid).cpu
    played, _ = bench.play(Mode.CYCLE, turns=TURNS, ask=tasks)
    bench.lab.settle()
    cpu, seconds = cost(bench.lab.pid).cpu - before, time.monotonic() - began
    return Spent(cpu=cpu, seconds=seconds, requests=played.score.requests).ms(rest=anyway)


def full(bench: Bench, seconds: float) -> float:
    """Tasks a second that get their credit while all hosts bring what they can."""
    bench.play(Mode.REPORT)
    bench.play(Mode.FETCH, turns=1)
    bench.lab.settle()
    began, before = time.monotonic(), bench.lab.credited()
    bench.play(Mode.CYCLE, seconds=seconds, turns=0)
    bench.lab.settle()
    return (bench.lab.credited() - before) / (time.monotonic() - began)


def size(bench: Bench) -> int:
    """Bytes of the database that hold something."""
    ((pages, each, free),) = bench.lab.rows(
        "SELECT page_count, page_size, freelist_count FROM pragma_page_count, pragma_page_size, pragma_freelist_count"
    )
    return int((pages - free) * each)


def told(what: str, foreseen: float, measured: float) -> bool:
    """Print both, and say whether they agree."""
    off = foreseen / measured - 1.0
    print(f"{what}: {foreseen:,.2f} foreseen, {measured:,.2f} measured, {off:+.0%}")
    return abs(off) <= WITHIN


def table(model: Model) -> Iterator[str]:
    """What fleets of several sizes ask of a server; what it holds after a year."""
    yield f"{'hosts':>10} {'minutes a task':>15} {'tasks/s':>9} {'cores':>7} {'GB a day':>9} {'GB held':>9}"
    for hosts in FLEETS:
        for minutes in MINUTES:
            tasks, used, daily = model.load(hosts, minutes)
            held = LIVE_DAYS * daily + (365 - LIVE_DAYS) * tasks * 86_400 * LEFT_BYTES / 1e9
            fits = "" if used <= 1.0 else "   too much"
            yield f"{hosts:>10,} {minutes:>15} {tasks:>9,.2f} {used:>7.3f} {daily:>9.2f} {held:>9,.0f}{fits}"


if __name__ == "__main__":
    sys.exit(main())
