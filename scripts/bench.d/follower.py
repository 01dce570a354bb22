"""How far a follower is behind a laboratory under load, and how much quicker it replays than the laboratory works.

A laboratory serves a fleet at its full speed: alone first, then with `axiom follow` beside it on the same cores. Four
times a second it is looked up how far each of both is in the journal: the follower is as many seconds behind as have
passed since the laboratory was where the follower is now. Afterwards the whole journal is replayed onto the first
backup, in rounds, and what comes out is compared with the laboratory, row by row.

Ends with 0 only if the follower is never more than 5 s behind at 500 tasks a second or whatever more is reached, the
median replay does at least 3 times as many tasks a second as the laboratory alone did, and no row differs.
"""

import argparse
import bisect
import contextlib
import hashlib
import os
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))

from loadgen.benches import Bench, begin
from loadgen.laboratory import AXIOM, Laboratory
from loadgen.lane import Mode

from axiom.service.follow import make_copy
from axiom.store.connections import Connections
from axiom.store.engine.folder import Folder
from axiom.store.journal.follow import JournalFollower

HOSTS, ACCOUNTS = 100, 20
MOST_BEHIND, LEAST_RATE, LEAST_RATIO = 5.0, 500.0, 3.0
_LOOK_SECONDS = 0.25
_PATIENCE = 120.0
_POSITION = "SELECT position FROM journal"
_CLOSED = "SELECT count(*) FROM task WHERE closed_at IS NOT NULL"
_TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"


def main() -> int:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=15, help="8 tasks for each of 100 hosts in each, twice")
    parser.add_argument("--rounds", type=int, default=3)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="axiom-follower-", dir=Path.cwd()) as place:
        lab, backup = Laboratory.make(Path(place) / "lab"), Path(place) / "backup.tar"
        journal = lab.folder / "journal"
        with lab:
            bench = begin(lab, hosts=HOSTS, accounts=ACCOUNTS)
            bench.enough(2 * 8 * HOSTS * (wanted.turns + 1))
            words: list[str | Path] = [AXIOM, "backup", "--without-keys", "-o", backup, "--data", lab.folder]
            subprocess.run(words, check=True, capture_output=True)
            before = closed(lab.folder)
            alone = work(bench, wanted.turns)
            with following(Path(place) / "copy", journal, backup, lab.folder) as lag:
                beside = work(bench, wanted.turns)
        done = closed(lab.folder) - before
        speeds, differs = [], ""
        for number in range(wanted.rounds):
            copy = Folder(path=Path(place) / f"replayed-{number}")
            speeds.append(done / replayed(copy, journal, backup))
            differs = differs or difference(lab.folder, copy.path)
    return conclude(alone, beside, lag, speeds, differs)


def work(bench: Bench, turns: int) -> float:
    """Let the fleet compute as fast as it can; how many tasks a second are judged and paid."""
    before, began = closed(bench.lab.folder), time.monotonic()
    bench.play(Mode.CYCLE, turns=turns)
    bench.play(Mode.REPORT)
    bench.lab.settle()
    return (closed(bench.lab.folder) - before) / (time.monotonic() - began)


def closed(folder: Path) -> int:
    """How many tasks are over."""
    return number(folder, _CLOSED)


def number(folder: Path, sql: str) -> int:
    """One number of a database that somebody else writes."""
    with contextlib.closing(sqlite3.connect(f"file:{folder / 'axiom.db'}?mode=ro", uri=True)) as db:
        ((amount,),) = db.execute(sql).fetchall()
    return int(amount)


@contextlib.contextmanager
def following(copy: Path, journal: Path, backup: Path, lab: Path) -> Iterator[list[float]]:
    """A follower runs that has caught up; its lag at each look until it has caught up again."""
    words: list[str | Path] = [AXIOM, "follow", journal, "--from", backup, "--data", copy, "--port", "0", "--quiet"]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    lags: list[float] = []
    stop = threading.Event()
    try:
        if process.stdout is None or not process.stdout.readline():
            raise SystemExit(f"the follower did not start: {process.wait()}")
        caught_up(copy, lab)
        looking = threading.Thread(target=look, args=(copy, lab, lags, stop))
        looking.start()
        yield lags
        caught_up(copy, lab)
        stop.set()
        looking.join()
    finally:
        stop.set()
        process.send_signal(signal.SIGINT)
        process.wait()


def look(copy: Path, lab: Path, lags: list[float], stop: threading.Event) -> None:
    """Note again and again for how many seconds the laboratory has been further than the copy."""
    times, positions = [time.monotonic()], [number(lab, _POSITION)]
    while not stop.wait(_LOOK_SECONDS):
        reached, ahead, now = number(copy, _POSITION), number(lab, _POSITION), time.monotonic()
        times.append(now)
        positions.append(ahead)
        first_beyond = bisect.bisect_right(positions, reached)
        lags.append(now - times[first_beyond] if first_beyond < len(times) else 0.0)


def caught_up(copy: Path, lab: Path) -> None:
    """Wait until the copy is where the laboratory was when this was asked."""
    wanted, until = number(lab, _POSITION), time.monotonic() + _PATIENCE
    while number(copy, _POSITION) < wanted:
        if time.monotonic() > until:
            raise SystemExit("the follower does not catch up")
        time.sleep(_LOOK_SECONDS)


def replayed(copy: Folder, journal: Path, backup: Path) -> float:
    """How many seconds it takes to bring a copy to the journal's end."""
    make_copy(copy, journal, backup)
    db = Connections(folder=copy).writer()
    try:
        follower = JournalFollower(db, copy, journal)
        began, idle = time.monotonic(), 0
        while idle < 2:
            followed = follower.look()
            idle = 0 if followed.groups or followed.again else idle + 1
        return time.monotonic() - began
    finally:
        db.close()


def difference(lab: Path, copy: Path) -> str:
    """The first table of which not all rows are the same; nothing where all are."""
    here, there = contents(lab), contents(copy)
    return next((table for table in here if here[table] != there.get(table)), "")


def contents(folder: Path) -> dict[str, str]:
    """Of each table the digest of its rows."""
    with contextlib.closing(sqlite3.connect(folder / "axiom.db")) as db:
        names = [str(row[0]) for row in db.execute(_TABLES)]
        digests = {}
        for name in names:
            rows = sorted(map(repr, db.execute(f"SELECT * FROM {name}")))  # noqa: S608 - a name of our own
            digests[name] = hashlib.sha256("\n".join(rows).encode()).hexdigest()
    return digests


def conclude(alone: float, beside: float, lags: list[float], speeds: list[float], differs: str) -> int:
    """Say how it went."""
    replay = statistics.median(speeds)
    rounds = ", ".join(f"{speed:,.0f}" for speed in speeds)
    print(f"the laboratory alone: {alone:,.0f} tasks/s")
    print(f"the laboratory with a follower beside it on {os.cpu_count()} cores: {beside:,.0f} tasks/s")
    usual = statistics.median(lags)
    print(f"behind: at most {max(lags):.2f} s, {usual:.2f} s in the median of {len(lags)} looks")
    print(f"replay: {replay:,.0f} tasks/s in the median   (rounds: {rounds})")
    print(f"replay / laboratory alone = {replay / alone:.1f}")
    verdicts = (
        (max(lags) <= MOST_BEHIND, f"never more than {MOST_BEHIND:g} s behind"),
        (beside >= LEAST_RATE, f"at {LEAST_RATE:g} tasks/s at least"),
        (replay >= LEAST_RATIO * alone, f"replay at least {LEAST_RATIO:g} times as fast as the laboratory alone"),
        (not differs, f"every row the same{f' (not in {differs})' if differs else ''}"),
    )
    for is_met, sentence in verdicts:
        print(f"{'Met' if is_met else 'MISSED'}: {sentence}.")
    return int(not all(is_met for is_met, _ in verdicts))


if __name__ == "__main__":
    sys.exit(main())
