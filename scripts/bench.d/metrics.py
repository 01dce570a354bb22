"""What a scrape of /metrics costs, beside /status.json of the same laboratory.

Two laboratories are made through the store, one with few tasks and one with many, and hosts in proportion. Arms, in the
same interleaved rounds, in one process, without a network:
status   the answer of /status.json
scrape   the text of /metrics
minute   the same with what is read once a minute: hosts, findings, folders

Ends with 0 only if the median scrape of the large laboratory takes at most 10 ms of CPU.

    .venv/bin/python scripts/bench.d/metrics.py --json figures.json
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import axiom
from axiom import shipped
from axiom.domain.fleet import Capacity, Platform
from axiom.domain.sessions import Allotment
from axiom.lab.experiments.publish import prepare, publish
from axiom.lab.planning.deploy import deploy
from axiom.server.http.request_counts import RequestCounts
from axiom.server.upkeep.jobs import Job, Jobs
from axiom.service.health import Health
from axiom.service.metrics import LaboratoryMetrics
from axiom.signed.keys import make_keys
from axiom.store.accounts import accounts
from axiom.store.connections import Connections
from axiom.store.engine.database import connect_writer
from axiom.store.engine.folder import Folder
from axiom.store.experiments import experiments
from axiom.store.hosts import hosts
from axiom.store.migrate import migrate
from axiom.store.writer import Writer
from axiom.web.base.memo import Memo
from axiom.web.site.app import Site

NOW = datetime(2026, 3, 2, 14, 5, tzinfo=UTC)
MOST_MS = 10.0
TASKS_PER_HOST = 10
STATUSES, KINDS = (200, 304, 400, 404, 503), ("page", "data", "static", "account", "scheduler", "file_upload_handler")


def furnish(folder: Folder, tasks: int) -> None:
    """Publish every experiment, order so many tasks, and let hosts come."""
    folder.create()
    db = connect_writer(folder.database)
    migrate(db, folder, NOW)
    keys, package = make_keys(folder.keys, NOW), Path(axiom.__file__).parent
    with db.transaction():
        for file in sorted(shipped.catalogue().glob("[a-z]*.py")):
            publish(db, folder, prepare(package, file), keys=keys, good_for=timedelta(days=90), now=NOW)
        volunteer = accounts.create(db, name="Ada", email="a@example.org", password="", cross_id="a", now=NOW)
        for number in range(tasks // TASKS_PER_HOST):
            hosts.meet(
                db,
                volunteer_id=volunteer,
                name=f"host {number}",
                platform=Platform(system="linux", processor="x86_64", instructions="avx2"),
                capacity=Capacity(cores=8, memory_mb=16_000),
                now=NOW,
            )
    every = experiments.everything(db)
    for version in every:
        amount = -(-tasks // len(every))
        allotment = Allotment(experiment_id=version.id, workunits=amount, replicates_each=1, reason="a benchmark")
        with db.transaction():
            deploy(db, allotment, max_failures=3, now=NOW)
    db.close()


def counted() -> RequestCounts:
    """Requests of every class and status that a busy laboratory has."""
    counts = RequestCounts()
    for kind in KINDS:
        for status in STATUSES:
            counts.answered(kind, status, 0.01)
    return counts


def arms(folder: Folder, writer: Writer) -> dict[str, Callable[[], Any]]:
    """What is measured in one laboratory."""
    jobs = Jobs(writer, lambda: NOW)
    for number in range(16):
        jobs.add(Job(name=f"job {number}", every=60.0, work=lambda: None))
    health = Health(folder=folder, journal=folder.journal, writer=writer, jobs=jobs, now=lambda: NOW, up_since=NOW)
    metrics = LaboratoryMetrics(health=health, requests=counted())
    pages = Site(folder=folder, name="Bench", now=lambda: NOW, live=dict)
    return {
        "status": lambda: json.dumps(pages.status()),
        "scrape": metrics.text,
        "minute": lambda: replace(metrics, _memo=Memo()).text(),
    }


def cost(work: Callable[[], Any], times: int) -> float:
    """CPU of the whole process for one call, in milliseconds."""
    before = time.process_time()
    for _ in range(times):
        work()
    return (time.process_time() - before) / times * 1000


def main() -> int:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--tasks", type=int, default=100_000)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    figures: dict[str, dict[str, list[float]]] = {}
    with tempfile.TemporaryDirectory(prefix="axiom-bench-") as place:
        measured = {}
        for size in (options.tasks // 100, options.tasks):
            folder = Folder(path=Path(place) / str(size))
            furnish(folder, size)
            writer = Writer(Connections(folder=folder).writer)
            writer.start()
            measured[f"{size:,} tasks"] = writer, arms(folder, writer)
        for _ in range(options.rounds):
            for size, (_writer, works) in measured.items():
                for arm, work in works.items():
                    figures.setdefault(size, {}).setdefault(arm, []).append(cost(work, 10))
        for writer, _arms in measured.values():
            writer.stop()
    print(f"{'':<16} {'status ms':>10} {'scrape ms':>10} {'/ status':>9} {'minute ms':>10}")
    for size, taken in figures.items():
        status, scrape, minute = (statistics.median(taken[arm]) for arm in ("status", "scrape", "minute"))
        print(f"{size:<16} {status:10.2f} {scrape:10.2f} {scrape / status:9.2f} {minute:10.2f}")
    is_met = statistics.median(figures[f"{options.tasks:,} tasks"]["scrape"]) <= MOST_MS
    print(f"load {os.getloadavg()[0]:.2f}; {os.cpu_count()} cores")
    print(f"{'Met' if is_met else 'MISSED'}: ≤ {MOST_MS} ms of CPU a scrape of the large one")
    if options.json is not None:
        options.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    return 0 if is_met else 1


if __name__ == "__main__":
    sys.exit(main())
