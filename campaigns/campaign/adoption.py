"""Moves a large project in: how long does it take, does a kill lose anything, and what does a contact cost afterwards?

The dump is invented, of as many people and computers as the largest project on an official server that tells its
numbers. A smaller one is moved in beside it while its process is killed again and again; what is stored in the end must
be what an undisturbed move stores.
"""

import argparse
import os
import random
import resource
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from old_dump import write_old_dump, write_old_project

_PEOPLE, _COMPUTERS = 309_046, 668_709
_LONGEST = 600.0  # seconds
_OWN = {"audit", "journal", "migration", "job", "sqlite_sequence", "adoption"}  # times, and chains of hashes over them
_TIMES = {"carried": "created_at"}


def main() -> int:
    """0 when the large one is in within ten minutes, and the small one is the same however often it was killed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=_PEOPLE)
    parser.add_argument("--computers", type=int, default=_COMPUTERS)
    parser.add_argument("--kills", type=int, default=25)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="adoption-") as place:
        folder = Path(place)
        write_old_project(folder / "project")
        is_soon = _move_large(folder, wanted.people, wanted.computers)
        is_same = _kill_often(folder, wanted.kills)
    return int(not (is_soon and is_same))


def _move_large(folder: Path, people: int, computers: int) -> bool:
    dump = folder / "large.sql"
    write_old_dump(dump, people=people, computers=computers)
    began = time.monotonic()
    done = subprocess.run(_words(folder, dump, folder / "large"), stdout=subprocess.DEVNULL, check=False)
    seconds = time.monotonic() - began
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"{people:,} people, {computers:,} computers, {dump.stat().st_size / 1e6:,.0f} MB of dump")
    print(f"  moved in within {seconds:,.0f} s, of at most {_LONGEST:.0f}; {memory:,.0f} MB; status {done.returncode}")
    verified = subprocess.run(_axiom("adopt", "verify", "--data", folder / "large"), check=False)
    dump.unlink()
    return done.returncode == verified.returncode == 0 and seconds <= _LONGEST


def _kill_often(folder: Path, kills: int) -> bool:
    dump, chance = folder / "small.sql", random.Random(17)
    write_old_dump(dump, people=20_000, computers=40_000)
    whole = _words(folder, dump, folder / "whole")
    began = time.monotonic()
    subprocess.run(whole, stdout=subprocess.DEVNULL, check=True)
    longest, killed, left = time.monotonic() - began, 0, 0
    words = _words(folder, dump, folder / "killed")
    while killed < kills:
        process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            process.wait(chance.uniform(0.2, longest))
        except subprocess.TimeoutExpired:
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            killed += 1
        else:
            left = kills - killed
            break
    subprocess.run(words, stdout=subprocess.DEVNULL, check=True)
    is_same = list(_contents(folder / "whole")) == list(_contents(folder / "killed"))
    print(f"20,000 people, 40,000 computers: killed {killed} times, {left} more were not needed; the same: {is_same}")
    return is_same


def _contents(lab: Path) -> Iterator[tuple[str, list[tuple[object, ...]]]]:
    """Every row of every table, but for those that say when and by which command; secrets differ, so digests do."""
    with closing(sqlite3.connect(lab / "axiom.db")) as db:
        names = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
        for name in names:
            if name in _OWN or name.startswith("sqlite_"):
                continue
            columns = [column[1] for column in db.execute(f"PRAGMA table_info({name})")]
            kept = [column for column in columns if column not in {*_SECRET, _TIMES.get(name)}]
            yield name, db.execute(f"SELECT {', '.join(kept)} FROM {name} ORDER BY 1, 2").fetchall()  # noqa: S608


_SECRET = {"key_digest", "weak_digest", "password"}  # what follows from the laboratory's own secret


def _words(folder: Path, dump: Path, lab: Path) -> list[str]:
    return _axiom("adopt", dump, "--project", folder / "project", "--data", lab, "--accept-losses", "-q")


def _axiom(*words: object) -> list[str]:
    return [sys.executable, "-m", "axiom", *map(str, words)]


if __name__ == "__main__":
    raise SystemExit(main())
