"""Does a request cost more when millions of tasks, and then of hosts, are stored? Two laboratories, small and full.

The full one becomes so by its own work, copied: a fleet computes some thousand tasks in both, and then every row that
stays of them (workunit, replicate, task with its ticket, results, award with its entries) is written again under new
numbers until there are as many as wanted. Outputs are not copied: they are looked up by their digest alone. Both then
serve at once, and in each round each is asked in turn. What a server does anyway, while nobody asks, is measured
before each and taken off what its requests cost. Pages are asked once a round, after requests that changed what they
show. Then volunteers and hosts are copied, too, all of them seen just now; the same is asked again, and a session's
plan for them is timed.

Ends with 0 only if in the median round the full one's ping, request that reports 8 and fetches 8, and pages cost at
most 15 % more, and if at rest it uses next to nothing. Pages are not judged where hosts are many: the page that says
how many there are counts them again once in a while (after 50 seconds with a million), and so what a page costs in the
mean depends on how often anybody looks.

    scripts/campaign millions --record
    scripts/campaign millions --tasks 0 --hosts 100000 --rounds 4
"""

import argparse
import contextlib
import resource
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from loadgen.benches import Bench, Spent, begin, ping, rest, turn
from loadgen.laboratory import AXIOM, Laboratory
from loadgen.lane import Mode
from loadgen.processes import cost, memory_mb

Moved = Mapping[str, Mapping[str, str]]  # by table, the columns that are numbers of which table
Found = dict[str, tuple[list[float], list[float]]]  # in the small one and in the full one, in rounds

HOSTS, ACCOUNTS, TURNS, PINGS = 100, 20, 6, 20
DEARER, MOST_REST = 1.15, 0.05
# The tables whose rows stay for good, parents first, and for each the columns that are numbers of which table.
KEPT = {
    "workunit": {"id": "workunit", "checks_task_id": "task"},
    "task": {"id": "task", "workunit_id": "workunit"},
    "replicate": {"number": "replicate"},
    "result": {"id": "result", "task_id": "task", "replicate": "replicate"},
    "duplicate": {"id": "duplicate", "result_id": "result", "task_id": "task"},
    "award": {"id": "award", "task_id": "task"},
    "entry": {"id": "entry", "award_id": "award"},
}
# Only what is over is copied: what waits or is out would be given to hosts.
WHICH = {
    "workunit": "state <> 'open'",
    "task": "workunit_id IN (SELECT id FROM main.workunit WHERE state <> 'open')",
    "replicate": "1",
    "result": "1",
    "duplicate": "1",
    "award": "1",
    "entry": "1",
}
HOSTED = {"volunteer": {"id": "volunteer"}, "host": {"id": "host", "volunteer_id": "volunteer"}}
HOSTED_WHICH = {"volunteer": "is_ours = 0", "host": "volunteer_id IN (SELECT id FROM main.volunteer WHERE is_ours = 0)"}
OWN = {  # what two volunteers never share
    "name": "name || '-' || :copy",
    "email": "NULL",
    "key_digest": "NULL",
    "weak_digest": "NULL",
}
PAGES = ("", "findings", "experiments/probe", "hosts", "volunteers", "leaderboards", "results", "status", "tasks/1")
_COUNT = "UPDATE counter SET amount = amount * :times WHERE state NOT IN ('unsent', 'sent', 'open')"
_BALANCE = "UPDATE balance SET total = total * :times"


def main() -> int:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tasks", type=int, default=11_000_000)
    parser.add_argument("--hosts", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=9, help="with many tasks, and again with many hosts")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="axiom-millions-", dir=Path.cwd()) as place:
        small, full = (furnish(Path(place) / name) for name in ("small", "full"))
        database, began = full.lab.folder / "axiom.db", time.monotonic()
        stored = multiply(database, wanted.tasks)
        took = time.monotonic() - began
        print(f"{stored:,} tasks are stored in {_gb(database)}, written in {took:.0f} s", flush=True)
        is_met = conclude(compared(small, full, wanted.rounds), judged=("ping", "turn", "pages"))
        hosts = multiply_hosts(database, wanted.hosts)
        print(f"and {hosts:,} hosts: {_gb(database)}", flush=True)
        is_met &= conclude(compared(small, full, wanted.rounds), judged=("ping", "turn"))
    print(f"{'Met' if is_met else 'MISSED'}: at most {DEARER:g} times as dear, and {MOST_REST:g} cores in use at rest.")
    return int(not is_met)


def compared(small: Bench, full: Bench, rounds: int) -> Found:
    """Let both serve, and ask them in turns."""
    figures: Found = {name: ([], []) for name in ("ping", "turn", "pages", "rest")}
    with small.lab, full.lab:
        for name, bench in (("small", small), ("full", full)):
            bench.enough(8 * HOSTS * (3 * rounds + 4))
            bench.lab.calm()
            turn(bench)  # what is read once is read
            print(f"{name}: {first_look(bench)}", flush=True)
        for _ in range(rounds):
            for which, bench in enumerate((small, full)):
                anyway = rest(bench, seconds=2.0)
                figures["rest"][which].append(anyway)
                figures["ping"][which].append(ping(bench, turns=PINGS).ms(rest=anyway))
                figures["turn"][which].append(turn(bench)[0].ms(rest=anyway))
                figures["pages"][which].append(pages(bench).ms(rest=anyway))
        for name, bench in (("small", small), ("full", full)):
            print(f"{name}: {planned(bench)}", flush=True)
    return figures


def furnish(folder: Path) -> Bench:
    """A laboratory that has some thousand tasks behind it, and is stopped."""
    lab = Laboratory.make(folder)
    with lab:
        bench = begin(lab, hosts=HOSTS, accounts=ACCOUNTS)
        bench.enough(2 * 8 * HOSTS * TURNS)
        bench.play(Mode.CYCLE, turns=TURNS)
        bench.play(Mode.REPORT)
        lab.settle()
    return bench


def pages(bench: Bench) -> Spent:
    """What the site's pages cost, each asked once."""
    began, before = time.monotonic(), cost(bench.lab.pid).cpu
    for path in PAGES:
        bench.lab.page(path)
    spent = cost(bench.lab.pid).cpu - before
    return Spent(cpu=spent, seconds=time.monotonic() - began, requests=len(PAGES))


def first_look(bench: Bench) -> str:
    """How long the slowest page takes that somebody looks at first after a start."""
    waits = []
    for path in PAGES:
        began = time.monotonic()
        bench.lab.page(path)
        waits.append((time.monotonic() - began, path))
    waited, path = max(waits)
    return f"after a start, the first look at /{path} takes longest, {waited:.2f} s"


def planned(bench: Bench) -> str:
    """What a session's plan costs in a process of its own."""
    words = [str(AXIOM), "session", "plan", "--data", str(bench.lab.folder), "--json"]
    began = time.monotonic()
    before, memory = resource.getrusage(resource.RUSAGE_CHILDREN), 0.0
    with subprocess.Popen(words, stdout=subprocess.DEVNULL) as process:
        while process.poll() is None:
            memory = max(memory, memory_mb(process.pid))
            time.sleep(0.05)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if process.returncode:
        sys.exit(f"axiom session plan ended with {process.returncode}")
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return f"plan {time.monotonic() - began:.1f} s, {spent:.1f} s of CPU, {memory:,.0f} MB"


def multiply(database: Path, wanted: int) -> int:
    """Write what is over again and again under new numbers; how many tasks there are then."""
    with _unguarded(database) as db:
        copies = _copied(db, KEPT, WHICH, "task", wanted)
        for sql in (_COUNT, _BALANCE):
            db.execute(sql, {"times": copies + 1})
        ((stored,),) = db.execute("SELECT count(*) FROM task").fetchall()
    return int(stored)


def multiply_hosts(database: Path, wanted: int) -> int:
    """Write volunteers with their hosts again and again, as if all had just asked; how many hosts there are then."""
    with _unguarded(database) as db:
        _copied(db, HOSTED, HOSTED_WHICH, "host", wanted)
        ((stored,),) = db.execute("SELECT count(*) FROM host").fetchall()
    return int(stored)


@contextlib.contextmanager
def _unguarded(database: Path) -> Iterator[sqlite3.Connection]:
    """A connection that is quick and not safe: a copy that is cut is thrown away."""
    with contextlib.closing(sqlite3.connect(database, isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode = OFF")
        db.execute("PRAGMA synchronous = OFF")
        db.execute("PRAGMA cache_size = -1000000")
        db.execute("PRAGMA temp_store = MEMORY")
        yield db
        db.execute("PRAGMA journal_mode = WAL")


def _copied(db: sqlite3.Connection, kept: Moved, which: Mapping[str, str], counted: str, wanted: int) -> int:
    """Copy these tables' rows until there are as many of one of them as wanted; how often."""
    columns = {table: [str(row[1]) for row in db.execute(f"PRAGMA table_info({table})")] for table in kept}
    for table in kept:
        db.execute(f"CREATE TEMP TABLE kept_{table} AS SELECT * FROM main.{table} WHERE {which[table]}")  # noqa: S608
    spans = {table: _span(db, table) for table in kept}
    ((once,),) = db.execute(f"SELECT count(*) FROM kept_{counted}").fetchall()  # noqa: S608
    copies = max(0, wanted // max(1, int(once)) - 1)
    for number in range(1, copies + 1):
        db.execute("BEGIN")
        for table in kept:
            db.execute(_copy(table, columns[table], kept[table], spans), {"copy": number})
        db.execute("COMMIT")
    return copies


def _span(db: sqlite3.Connection, table: str) -> int:
    """How far apart the numbers of two copies are: beyond every number that there is, also of what is not copied."""
    column = "number" if table == "replicate" else "id"
    ((highest,),) = db.execute(f"SELECT max({column}) FROM main.{table}").fetchall()  # noqa: S608
    return int(highest or 0) + 1


def _copy(table: str, columns: Sequence[str], moved: Mapping[str, str], spans: Mapping[str, int]) -> str:
    """The statement that writes one more copy of a table's rows."""
    own = OWN if table == "volunteer" else {}
    values = [f"{name} + :copy * {spans[moved[name]]}" if name in moved else own.get(name, name) for name in columns]
    return f"INSERT INTO main.{table} ({', '.join(columns)}) SELECT {', '.join(values)} FROM kept_{table}"  # noqa: S608


def conclude(figures: Found, judged: Sequence[str]) -> bool:
    """Say how it went; whether what is judged is cheap enough."""
    is_met = statistics.median(figures["rest"][1]) <= MOST_REST
    for name, (small, full) in figures.items():
        before, after = statistics.median(small), statistics.median(full)
        rounds = "; ".join(f"{left:.3f} {right:.3f}" for left, right in zip(small, full, strict=True))
        if name == "rest":
            print(f"rest {before:.3f} cores small, {after:.3f} cores full   (rounds: {rounds})")
        else:
            is_met &= name not in judged or after / before <= DEARER
            print(f"{name} {before:.3f} ms small, {after:.3f} ms full, ratio {after / before:.3f}   (rounds: {rounds})")
    return is_met


def _gb(database: Path) -> str:
    return f"{database.stat().st_size / 1e9:.1f} GB"


if __name__ == "__main__":
    sys.exit(main())
