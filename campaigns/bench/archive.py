"""What is left of a task in the database once its ticket and output moved to the archive, and what reading one costs.

A laboratory serves a fleet, which computes some thousand tasks of one cell. Then it is half a year later: the tasks'
month moves into Parquet, as the daily job moves it. Said are the bytes of a task in the database before and after, and
after `axiom archive --compact`, by SQLite's own count of pages (tables, indexes, and what is half empty); the bytes in
the archive; how long the writer is held at once; and, in interleaved rounds on a laboratory that serves again, how long
pages of tasks take that moved and of tasks that did not, and how long it takes to read an output again.

Ends with 0 only if at most 1,000 bytes are left of a task in a compacted database, a page of a task that moved takes at
most 200 ms, and the output that is read is the one that was brought.
"""

import argparse
import contextlib
import hashlib
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

from loadgen.benches import Bench, begin
from loadgen.laboratory import Laboratory
from loadgen.lane import Mode

from axiom.laboratory.backups.archive import archive_old_outputs, read_task_output
from axiom.laboratory.promises import find_broken_promises
from axiom.settings import Settings
from axiom.signed.keys import load_keys
from axiom.store.connections import Connections
from axiom.store.engine.database import Database
from axiom.store.engine.folder import Folder
from axiom.store.tasks import archives
from axiom.store.writer import Writer

T = TypeVar("T")
HOSTS, ACCOUNTS = 100, 20
MOST_BYTES, MOST_PAGE_MS = 1_000, 200.0
_LATER = timedelta(days=150)
_PAGES = "SELECT coalesce(sum(pgsize), 0) FROM dbstat"
_TABLES = "SELECT name, sum(pgsize) FROM dbstat GROUP BY name ORDER BY 2 DESC LIMIT 6"
_CLOSED = "SELECT id FROM task WHERE closed_at IS NOT NULL ORDER BY id"
_NEW = "SELECT id FROM task WHERE closed_at IS NOT NULL AND archive_id IS NULL ORDER BY id"


def main() -> int:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=15, help="8 tasks for each of 100 hosts in each")
    parser.add_argument("--rounds", type=int, default=5)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="axiom-archive-", dir=Path.cwd()) as place:
        lab = Laboratory.make(Path(place) / "lab")
        folder = Folder(path=lab.folder)
        with lab:
            bench = begin(lab, hosts=HOSTS, accounts=ACCOUNTS)
            empty = pages(folder)
            compute(bench, wanted.turns)
        closed = numbers(folder, _CLOSED)
        before = pages(folder) - empty
        with Connections(folder=folder).reader() as db:
            outputs = {task: digest(read_task_output(db, folder, task).output) for task in closed}
        pauses = move(folder)
        moved = pages(folder) - empty
        compact(folder)
        is_met = print_sizes(folder, closed, (before, moved, pages(folder) - empty), pauses)
        is_met &= whole(folder, outputs)
        with lab:
            compute(bench, 2)
            is_met &= compare(lab, folder, closed, wanted.rounds)
    return int(not is_met)


def compute(bench: Bench, turns: int) -> None:
    """The fleet computes, and everything is judged and paid."""
    bench.enough(8 * HOSTS * turns)
    bench.play(Mode.CYCLE, turns=turns)
    bench.play(Mode.REPORT)
    bench.lab.settle()


def pages(folder: Folder) -> int:
    """How many bytes of pages the database uses."""
    with contextlib.closing(sqlite3.connect(folder.database)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        ((size,),) = db.execute(_PAGES).fetchall()
    return int(size)


def numbers(folder: Folder, sql: str) -> list[int]:
    """The numbers of some tasks."""
    with contextlib.closing(sqlite3.connect(folder.database)) as db:
        return [int(row[0]) for row in db.execute(sql)]


def digest(output: bytes | None) -> str:
    """What an output is known by; nothing where there is none."""
    return "" if output is None else hashlib.sha256(output).hexdigest()


class Timed(Writer):
    """A laboratory's writer, which remembers for how long each work held it."""

    def __init__(self, folder: Folder, now: Callable[[], datetime]) -> None:
        super().__init__(lambda: Connections(folder=folder).journalled(folder.journal, now))
        self.times: list[float] = []

    def submit(self, work: Callable[[Database], T]) -> Future[T]:
        """Queue a work that is timed from within."""

        def timed(db: Database) -> T:
            began = time.perf_counter()
            try:
                return work(db)
            finally:
                self.times.append(time.perf_counter() - began)

        return super().submit(timed)


def move(folder: Folder) -> list[float]:
    """Half a year later the daily job comes; how long each of its works held the writer."""

    def now() -> datetime:
        return datetime.now(UTC) + _LATER

    writer = Timed(folder, now)
    writer.start()
    began, spent = time.monotonic(), time.process_time()
    archive_old_outputs(writer, folder, now, Settings().archive_days)
    took, spent = time.monotonic() - began, time.process_time() - spent
    works = len(writer.times)
    print(f"moved in {took:.2f} s, with {spent:.2f} s of CPU, in {works} works of the writer", flush=True)
    writer.stop()
    return writer.times


def compact(folder: Folder) -> None:
    """As `axiom archive --compact` does while the laboratory stands still."""
    db = Connections(folder=folder).writer()
    began = time.monotonic()
    db.compact()
    print(f"compacted in {time.monotonic() - began:.2f} s", flush=True)
    db.close()


def print_sizes(folder: Folder, closed: Sequence[int], sizes: tuple[int, int, int], pauses: Sequence[float]) -> bool:
    """Say what is left of a task."""
    before, moved_only, after = sizes
    with Connections(folder=folder).reader() as db:
        files = archives.list_archive_files(db)
    size, moved = sum(file.bytes for file in files), sum(file.tasks for file in files)
    left = after / len(closed)
    print(f"{len(closed):,} tasks are closed, {moved:,} moved into {len(files)} files")
    said_of = (
        f"{before / len(closed):,.0f} bytes before, {moved_only / len(closed):,.0f} once it has moved, {left:,.0f}"
    )
    print(f"a task in the database: {said_of} once it is compacted")
    print(f"moved / before = {moved_only / before:.2f}; compacted / before = {after / before:.2f}")
    print(f"a task in the archive: {size / moved:,.0f} bytes")
    longest, usual = 1e3 * max(pauses), 1e3 * statistics.median(pauses)
    print(f"the writer was held for at most {longest:.0f} ms at once, {usual:.0f} in the median")
    with contextlib.closing(sqlite3.connect(folder.database)) as db:
        largest = ", ".join(f"{name} {amount / len(closed):,.0f}" for name, amount in db.execute(_TABLES))
    print(f"bytes of a task by table, with what is not of tasks: {largest}")
    return print_verdict(left <= MOST_BYTES, f"at most {MOST_BYTES:,} bytes of a task are left once it is compacted")


def whole(folder: Folder, outputs: dict[int, str]) -> bool:
    """Is every output the one that was brought, and does every promise hold?"""
    now = datetime.now(UTC) + _LATER
    sample = [task for task in outputs if outputs[task]][:: max(1, len(outputs) // 200)]
    times = []
    with Connections(folder=folder).reader() as db:
        for task in sample:
            began = time.perf_counter()
            output = read_task_output(db, folder, task).output
            times.append(time.perf_counter() - began)
            if digest(output) != outputs[task]:
                return print_verdict(False, f"the output of task {task} is the one that was brought")
        trust = load_keys(folder.keys, datetime.now(UTC)).trust
        problems = [text for texts in find_broken_promises(db, folder, trust, now).values() for text in texts]
    print(f"an output is read again in {1e3 * statistics.median(times):.1f} ms, at most {1e3 * max(times):.1f} ms")
    return print_verdict(
        not problems, f"each of {len(sample)} outputs is the one that was brought, and every promise holds"
    )


def compare(lab: Laboratory, folder: Folder, closed: Sequence[int], rounds: int) -> bool:
    """Pages of tasks that moved and of tasks that did not, in turns, each made new."""
    others = numbers(folder, _NEW)
    arms: dict[str, list[float]] = {"moved": [], "not moved": []}
    slowest = 0.0
    for number in range(rounds):
        for arm, tasks in (("moved", closed), ("not moved", others)):
            chosen = tasks[number :: max(1, len(tasks) // 20)][:20]
            times = [seconds(lab, task) for task in chosen]
            arms[arm].append(1e3 * statistics.median(times))
            slowest = max(slowest, 1e3 * max(times)) if arm == "moved" else slowest
    for arm, medians in arms.items():
        listed = ", ".join(f"{value:.1f}" for value in medians)
        print(f"the page of a task that has {arm}: {statistics.median(medians):.1f} ms   (rounds: {listed})")
    ratio = statistics.median(arms["moved"]) / statistics.median(arms["not moved"])
    print(f"moved / not moved = {ratio:.2f}; the slowest page of one that moved took {slowest:.1f} ms")
    return print_verdict(slowest <= MOST_PAGE_MS, f"a page of a task that moved takes at most {MOST_PAGE_MS:g} ms")


def seconds(lab: Laboratory, task: int) -> float:
    """How long a page takes."""
    began = time.perf_counter()
    lab.page(f"tasks/{task}")
    return time.perf_counter() - began


def print_verdict(is_met: bool, sentence: str) -> bool:
    """Say whether a figure holds."""
    print(f"{'Met' if is_met else 'MISSED'}: {sentence}.", flush=True)
    return is_met


if __name__ == "__main__":
    sys.exit(main())
