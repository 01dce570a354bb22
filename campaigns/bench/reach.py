"""How many computers one server feeds: a model of what they cost it, held against the same server.

The model: a request costs so much, and so much again for each task that it reports, beside the one that it fetches,
with its upload, its judging and its credit. Both are fitted to requests with one task and with eight. One interpreter
does all of it, and it is full when it pays as many tasks a second as this server did at most. Every task stays whole in
the database until the archive takes its ticket and its output, and then a part of it stays (`bench archive`).

Held against the server: what requests with three tasks cost, and how many tasks a second are paid when as many are
brought as it takes. Whether the costs hold for large fleets is measured by `campaign millions`. How long tasks are is
asked of the catalogue, by the decisions that cut them for a fleet of usual hosts. Ends with 0 only if the model is
within 25 % of both that were measured.
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from loadgen.benches import LANES, Bench, Spent, begin, rest
from loadgen.laboratory import Laboratory
from loadgen.lane import Mode
from loadgen.processes import cost

from axiom import shipped
from axiom.laboratory.experiments.shipped_declarations import LIST
from axiom.laboratory.planning.rules.block_size import block_size
from axiom.limits import tasks as limits
from axiom.rules.planning.next_tiles import tiles_per_task
from axiom.rules.planning.task_size import UsualHosts, order_size

HOSTS, ACCOUNTS, TURNS = 200, 40, 6
FEW, SOME, MANY = 1, 3, 8  # tasks of a request
WITHIN = 0.25
CORES_A_HOST = 5.7  # of volunteers, on average: Einstein@Home in May 2026
LIVE_DAYS, MOVED_BYTES = 105, 2_718  # a task moves when it is 90 to 121 days old, and so much stays: `bench archive`
MOVE_MS = 0.13  # to move it, likewise
LOOK_TB = 0.5  # from here on the decision for SQLite is to be looked at again: ADR 0070
LARGEST_TB = 17.6  # of an SQLite file with pages of 4 KiB: 2^32 of them
FLEETS = (1_000, 10_000, 100_000, 1_000_000)
MINUTES = (13, 20, 120)


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
        """Requests and tasks a second of a fleet that computes day and night, and cores of the server."""
        tasks = hosts * CORES_A_HOST / (60.0 * minutes)
        requests = max(tasks / MANY, hosts / 3_600)  # a client asks every hour at least
        return requests, tasks, (requests * self.request_ms + tasks * (self.task_ms + MOVE_MS)) / 1e3

    def held_tb(self, tasks: float, days: float) -> float:
        """How large the database is after so many days with so many tasks a second."""
        live = min(days, LIVE_DAYS)
        return tasks * 86_400 * (live * self.task_bytes + (days - live) * MOVED_BYTES) / 1e12

    def days_until(self, tasks: float, terabytes: float) -> float:
        """After how many days it is so large."""
        if terabytes <= (live := self.held_tb(tasks, LIVE_DAYS)):
            return LIVE_DAYS * terabytes / live
        return LIVE_DAYS + (terabytes - live) * 1e12 / (tasks * 86_400 * MOVED_BYTES)


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
        task_bytes = (size(bench) - empty) / (lab.credited() - before)
    slope = (costs[MANY] - costs[FEW]) / (MANY - FEW)
    model = Model(request_ms=costs[FEW] - FEW * slope, task_ms=slope, task_bytes=task_bytes)
    print(
        f"a request {model.request_ms:.2f} ms, each of its tasks {slope:.2f} ms and {task_bytes:,.0f} bytes on the disk"
    )
    verdicts = [
        print_comparison(f"a request with {SOME} tasks, ms", model.cost_ms(SOME), costs[SOME]),
        print_comparison("tasks paid a second, beside those who bring them", model.most_tasks(), paid),
    ]
    share = paid / model.most_tasks()
    print(f"the server is full when the model says {share:.2f} cores")
    for row in (*lengths(paid), *table(model, share)):
        print(row)
    print(f"load {os.getloadavg()[0]:.2f}; {os.cpu_count()} cores; {LANES} connections")
    print(f"{'Met' if all(verdicts) else 'MISSED'}: the model is within {WITHIN:.0%} of what was measured.")
    return int(not all(verdicts))


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
    ((pages, page_bytes, free),) = bench.lab.rows(
        "SELECT page_count, page_size, freelist_count FROM pragma_page_count, pragma_page_size, pragma_freelist_count"
    )
    return int((pages - free) * page_bytes)


def print_comparison(what: str, foreseen: float, measured: float) -> bool:
    """Print both, and say whether they agree."""
    off = foreseen / measured - 1.0
    print(f"{what}: {foreseen:,.2f} foreseen, {measured:,.2f} measured, {off:+.0%}")
    return abs(off) <= WITHIN


def lengths(paid: float) -> Iterator[str]:
    """How long the catalogue's tasks are for usual volunteers' hosts, and how many computers the server feeds then."""
    listed = json.loads((shipped.catalogue_folder() / LIST).read_text())["experiments"]
    manifests = [entry["manifest"] for entry in listed.values()]
    maps = [
        seconds * tiles_per_task(seconds, limits.USUAL_SECONDS)
        for manifest in manifests
        if "map" in manifest
        for seconds in manifest["cell_seconds"]
    ]
    others = [whole_task(sum(manifest["cell_seconds"])) for manifest in manifests if "map" not in manifest]
    for what, durations in (("maps", maps), ("other experiments", others)):
        mean, fed = statistics.fmean(durations), paid * statistics.fmean(durations) / CORES_A_HOST
        yield (
            f"tasks of {what}: {mean:,.0f} s in the mean, {statistics.median(durations):,.0f} in the median;"
            f" {fed:,.0f} computers bring {paid:,.0f} such tasks a second"
        )


def whole_task(seconds: float) -> float:
    """How long a task is of which one replicate takes so long, on a core of the reference speed."""
    block = block_size(seconds, has_address=True, has_volunteers=True).replicates
    size = order_size(seconds, block=block, usual=UsualHosts(speed=1.0), task_seconds=limits.USUAL_SECONDS)
    return seconds * size.replicates


def table(model: Model, full: float) -> Iterator[str]:
    """What fleets of several sizes ask of a server, and when its database is as large as SQLite lets it become."""
    yield (
        f"{'computers':>10} {'minutes a task':>15} {'requests/s':>11} {'tasks/s':>9} {'cores':>7} {'GB a day':>9}"
        f" {'days until ' + str(LOOK_TB) + ' TB':>18} {'days until ' + str(LARGEST_TB) + ' TB':>19}"
    )
    for hosts in FLEETS:
        for minutes in MINUTES:
            requests, tasks, used = model.load(hosts, minutes)
            look, most = model.days_until(tasks, LOOK_TB), model.days_until(tasks, LARGEST_TB)
            fits = "" if used <= full else "   too much"
            yield (
                f"{hosts:>10,} {minutes:>15} {requests:>11,.1f} {tasks:>9,.1f} {used:>7.3f}"
                f" {model.held_tb(tasks, 1) * 1e3:>9,.1f} {look:>18,.0f} {most:>19,.0f}{fits}"
            )


if __name__ == "__main__":
    sys.exit(main())
