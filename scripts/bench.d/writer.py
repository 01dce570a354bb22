"""How many durable transactions a second go through the writer, and how many without groups.

Arms, in the same interleaved rounds, on the same kind of database, every commit on the disk, and in the journal before:
grouped    64 threads, each waits for its own acknowledgement before its next transaction
pipelined  4 threads, each keeps 64 transactions under way
single     as grouped, but one commit per transaction
bare       as grouped, without a journal, which no laboratory is: every commit waits for SQLite's own log instead

Ends with 0 only if the median grouped round reaches 3,000 a second.

    .venv/bin/python scripts/bench.d/writer.py --json figures.json
"""

import argparse
import json
import os
import sqlite3
import statistics
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from axiom.store.connections import Connections
from axiom.store.engine import counters
from axiom.store.engine.database import Database, connect_reader, connect_writer
from axiom.store.engine.folder import Folder
from axiom.store.migrate import migrate
from axiom.store.writer import Writer

NOW = datetime(2026, 1, 1, tzinfo=UTC)
TARGET = 3_000
THREADS = 64
DEEP_THREADS, DEPTH = 4, 64
INSERT = "INSERT INTO volunteer (name, created_at) VALUES (:name, :at)"
Lane = Callable[[Writer, int, float], int]


def small(db: Database, name: str) -> int:
    """One small transaction: a row and its counter."""
    counters.add(db, "volunteer", 0, "known", 1)
    return db.insert(INSERT, name=name, at=NOW)


def waiting(writer: Writer, lane: int, until: float) -> int:
    """One after the other; returns how many were acknowledged."""
    count = 0
    while time.monotonic() < until:
        name = f"{lane}-{count}"
        writer.run(partial(small, name=name))
        count += 1
    return count


def pipelined(writer: Writer, lane: int, until: float) -> int:
    """Many under way at once; returns how many were acknowledged."""
    under_way: deque[Future[int]] = deque()
    count = 0
    while time.monotonic() < until:
        if len(under_way) == DEPTH:
            under_way.popleft().result()
        name = f"{lane}-{count}"
        under_way.append(writer.submit(partial(small, name=name)))
        count += 1
    for answer in under_way:
        answer.result()
    return count


def connect(folder: Folder, journalled: bool) -> Database:
    """As a laboratory does, or without its journal."""
    connections = Connections(folder=folder)
    return connections.journalled(folder.journal, lambda: datetime.now(UTC)) if journalled else connections.writer()


def measure(lane: Lane, threads: int, max_group: int, journalled: bool, seconds: float) -> float:
    """Acknowledged transactions per second, each of them found in the database afterwards."""
    with tempfile.TemporaryDirectory(prefix="axiom-bench-", dir=Path.cwd()) as place:
        folder = Folder(path=Path(place))
        folder.create()
        database = connect_writer(folder.database)
        migrate(database, folder, NOW)
        database.close()
        writer = Writer(partial(connect, folder, journalled), max_group=max_group)
        writer.start()
        acknowledged: list[int] = []
        began = time.monotonic()
        workers = [
            threading.Thread(
                target=lambda number: acknowledged.append(lane(writer, number, began + seconds)), args=(n,)
            )
            for n in range(threads)
        ]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        elapsed = time.monotonic() - began
        writer.stop()
        reader = connect_reader(folder.database)
        stored = len(reader.select("SELECT id FROM volunteer"))
        reader.close()
        if stored != sum(acknowledged):
            sys.exit(f"{sum(acknowledged)} transactions were acknowledged and {stored} are stored.")
        return stored / elapsed


def main() -> int:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    arms: dict[str, tuple[Lane, int, int, bool]] = {
        "grouped": (waiting, THREADS, 256, True),
        "pipelined": (pipelined, DEEP_THREADS, 256, True),
        "single": (waiting, THREADS, 1, True),
        "bare": (waiting, THREADS, 256, False),
    }
    figures: dict[str, list[float]] = {arm: [] for arm in arms}
    loads: list[float] = []
    for _ in range(options.rounds):
        for arm, (lane, threads, max_group, journalled) in arms.items():
            loads.append(os.getloadavg()[0])
            figures[arm].append(measure(lane, threads, max_group, journalled, options.seconds))
    medians = {arm: statistics.median(values) for arm, values in figures.items()}
    for arm, values in figures.items():
        rounds = ", ".join(f"{value:,.0f}" for value in values)
        print(f"{arm:10} median {medians[arm]:8,.0f} durable transactions/s   (rounds: {rounds})")
    ratio = medians["grouped"] / medians["single"]
    print(f"grouped / single = {ratio:.1f}; pipelined / single = {medians['pipelined'] / medians['single']:.1f}")
    print(f"grouped / bare = {medians['grouped'] / medians['bare']:.2f}")
    print(f"load {min(loads):.2f} to {max(loads):.2f}; {os.cpu_count()} cores; SQLite {sqlite3.sqlite_version}")
    is_met = medians["grouped"] >= TARGET
    print(f"{'Met' if is_met else 'MISSED'}: at least {TARGET:,} a second, grouped.")
    if options.json is not None:
        report = {
            "rounds": figures,
            "medians": medians,
            "ratio": ratio,
            "loads": loads,
            "target": TARGET,
            "met": is_met,
        }
        options.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    return 0 if is_met else 1


if __name__ == "__main__":
    sys.exit(main())
