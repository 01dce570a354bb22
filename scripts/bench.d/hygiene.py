"""What it costs to keep house: withdraw a version with 10,000 unsent workunits, and look at what went wrong.

Each round has a laboratory of its own, on the disk, with a writer as a server's is. Parts of it, in this order:
withdraw   `experiment.retire` of a version with so many unsent workunits, through the gate: cancelled, and nothing made
           again by a sweep and by a host that asks
cancel     `workunit.cancel` of as many workunits of another version, in one command
count      100,000 closed tasks of 83 hosts are counted, of which one in twenty failed with a traceback
look       then a session's look at hosts, failures, broken versions and 20 watches, when nothing is new

Ends with 0 only if, in the median round, withdrawing and cancelling took at most a second each.

    .venv/bin/python scripts/bench.d/hygiene.py --json figures.json
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import axiom
from axiom.commands.context import Laboratory
from axiom.commands.experiments import RetireExperiment
from axiom.commands.gate import CommandGate
from axiom.commands.work import CancelWorkunits
from axiom.domain.failures import Comparison
from axiom.domain.fleet import Capacity, Platform
from axiom.domain.sessions import Allotment
from axiom.lab.experiments.breaker import stop_broken
from axiom.lab.experiments.publish import prepare, publish
from axiom.lab.planning.deploy import deploy
from axiom.lab.steps.clean import clean
from axiom.lab.steps.failures import count, failures
from axiom.lab.steps.watch import look_for
from axiom.server.returns.transitioner import sweep
from axiom.service.callers import operator
from axiom.settings import Settings
from axiom.signed.keys import make_keys
from axiom.store.accounts import accounts
from axiom.store.connections import Connections
from axiom.store.engine import counters
from axiom.store.engine.database import Database, at, connect_writer
from axiom.store.engine.folder import Folder
from axiom.store.hosts import hosts
from axiom.store.migrate import migrate
from axiom.store.tasks import workunits
from axiom.store.upkeep import watches
from axiom.store.writer import Writer

NOW = datetime(2026, 3, 2, 14, 5, tzinfo=UTC)
NAMES = ("optimizer_comparison", "rank_dynamics")
TARGET_SECONDS = 1.0
HOSTS, CLOSED, ONE_IN = 83, 100_000, 20
LINE = "axiom/catalogue/optimizer_comparison.py:30"
CLOSE = """
UPDATE task SET state = :state, host_id = :host, sent_at = :at, closed_at = :at, cause = :cause, message = :message
WHERE id = :id
"""


@dataclass(frozen=True, kw_only=True)
class Small:
    """A laboratory of one round."""

    folder: Folder
    writer: Writer
    gate: CommandGate


def laboratory(place: Path, now: Callable[[], datetime]) -> Small:
    """Two experiments are published and the hosts are there."""
    folder = Folder(path=place)
    folder.create()
    keys = make_keys(folder.keys, NOW)
    db = connect_writer(folder.database)
    migrate(db, folder, NOW)
    package = Path(axiom.__file__).parent
    with db.transaction():
        for name in NAMES:
            prepared = prepare(package, package / "catalogue" / f"{name}.py")
            publish(db, folder, prepared, keys=keys, good_for=timedelta(days=90), now=NOW)
        ours = accounts.ourselves(db, NOW)
        for number in range(HOSTS):
            platform = Platform(system="linux", processor="x86_64", instructions="avx2")
            capacity = Capacity(cores=32, memory_mb=64_000)
            hosts.meet(db, volunteer_id=ours, name=f"h{number}", platform=platform, capacity=capacity, now=NOW)
    db.close()
    writer = Writer(lambda: Connections(folder=folder).journalled(folder.journal, now))
    writer.start()
    found = Laboratory(folder=folder, keys=keys, settings=Settings(), package=package)
    return Small(folder=folder, writer=writer, gate=CommandGate(writer=writer, laboratory=found, now=now))


def order(small: Small, experiment_id: int, amount: int) -> tuple[int, ...]:
    """So many workunits of one replicate each."""
    allotment = Allotment(experiment_id=experiment_id, workunits=amount, replicates_each=1, reason="a bench")
    return small.writer.run(lambda db: deploy(db, allotment, max_failures=3, now=NOW))


def close_tasks(small: Small) -> None:
    """As if hosts had computed, some of it badly. The counters are put right as a whole."""
    ids = order(small, 1, CLOSED)

    def close(db: Database) -> None:
        first = db.one("SELECT min(id) AS id FROM task WHERE workunit_id = :first", first=ids[0])
        rows = []
        for number in range(CLOSED):
            failed = number % ONE_IN == 0
            rows.append(
                {
                    "id": (first["id"] if first else 1) + number,
                    "state": "failed" if failed else "valid",
                    "host": 1 + number % HOSTS,
                    "at": at(NOW) + number,
                    "cause": "cell-failed" if failed else "success",
                    "message": f"1 of 9 cells raised: KeyError at {LINE}. The task fails here." if failed else "",
                }
            )
        db.many(CLOSE, rows)

    small.writer.run(close)


def timed(work_done: Callable[[], object]) -> float:
    """Seconds that it took."""
    began = time.perf_counter()
    work_done()
    return time.perf_counter() - began


def demand_nothing_made(small: Small, cancelled: int) -> None:
    """Everything is closed, and neither a sweep nor time makes anything again."""
    before = small.writer.run(lambda db: db.select("SELECT id FROM task"))
    small.writer.run(lambda db: sweep(db, NOW + timedelta(days=30)))
    after = small.writer.run(lambda db: db.select("SELECT id FROM task"))
    left = small.writer.run(lambda db: workunits.tasks(db, state="unsent", limit=1))
    counted = small.writer.run(counters.read)
    gone = sum(amount for (noun, _, state), amount in counted.items() if (noun, state) == ("workunit", "cancelled"))
    if len(before) != len(after) or left or gone != cancelled:
        sys.exit(f"{cancelled} were to be cancelled; {gone} are, {len(left)} wait, and {len(after)} tasks are there.")


def look(db: Database, now: datetime) -> None:
    """What a session does when nothing is new."""
    clean(db, now)
    failures(db, now, now)
    stop_broken(db, now, now)
    look_for(db, now)


def watch_for(db: Database) -> None:
    """Twenty of them."""
    for number in range(20):
        watches.register(
            db,
            experiment_id=1,
            sentence="a bench",
            measure="final_loss",
            comparison=Comparison.ABOVE,
            threshold=float(number),
            now=NOW,
        )


def measure(amount: int) -> dict[str, float]:
    """One round."""
    with tempfile.TemporaryDirectory(prefix="axiom-bench-", dir=Path.cwd()) as place:
        small = laboratory(Path(place), lambda: NOW)
        try:
            order(small, 1, amount)
            ids = order(small, 2, amount)
            retire = RetireExperiment(experiment=NAMES[0], reason="a bench")
            cancel = CancelWorkunits(workunits=list(ids[:10_000]), reason="a bench")
            took = {"withdraw": timed(lambda: small.gate.submit(retire, operator()))}
            took["cancel"] = timed(lambda: small.gate.submit(cancel, operator()))
            demand_nothing_made(small, amount + len(cancel.workunits))
        finally:
            small.writer.stop()
    with tempfile.TemporaryDirectory(prefix="axiom-bench-", dir=Path.cwd()) as place:
        small = laboratory(Path(place), lambda: NOW)
        try:
            close_tasks(small)
            later = NOW + timedelta(hours=1)
            took["count"] = timed(lambda: small.writer.run(lambda db: count(db, later)))
            small.writer.run(watch_for)
            took["look"] = timed(lambda: small.writer.run(lambda db: look(db, later)))
        finally:
            small.writer.stop()
    return took


def main() -> int:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workunits", type=int, default=10_000)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    loads = [os.getloadavg()[0]]
    rounds: list[dict[str, float]] = []
    for _ in range(options.rounds):
        rounds.append(measure(options.workunits))
        loads.append(os.getloadavg()[0])
    medians = {part: statistics.median(each[part] for each in rounds) for part in rounds[0]}
    for part, seconds in medians.items():
        each = ", ".join(f"{one[part]:.3f}" for one in rounds)
        print(f"{part:10} median {seconds:7.3f} s   (rounds: {each})")
    met = all(medians[part] <= TARGET_SECONDS for part in ("withdraw", "cancel"))
    print(f"load {min(loads):.2f} to {max(loads):.2f}; {os.cpu_count()} cores; {options.workunits:,} workunits")
    print(f"{'Met' if met else 'MISSED'}: {options.workunits:,} unsent cancelled within {TARGET_SECONDS:g} s.")
    if options.json is not None:
        report: dict[str, Any] = {"rounds": rounds, "medians": medians, "loads": loads, "met": met}
        options.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
