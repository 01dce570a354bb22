"""Moves a large project in: how long does it take, does a kill lose anything, and what does a contact cost afterwards?

The dump is invented, of as many people and computers as the largest project on an official server that tells its
numbers. A smaller one is moved in beside it while its process is killed again and again; what is stored in the end must
be what an undisturbed move stores.
"""

import argparse
import random
import resource
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from old_dump import old_key, write_old_dump, write_old_project

from axiom.boinc import account_keys
from axiom.signed.keys import load_secrets
from axiom.store.connections import Connections
from axiom.store.engine.folder import Folder
from axiom.store.hosts import hosts

_PEOPLE, _COMPUTERS = 309_046, 668_709
_LONGEST = 600.0  # seconds
_LOOKS, _ROUNDS = 5_000, 5
_OWN = {"audit", "journal", "migration", "job", "sqlite_sequence", "adoption"}  # times, and chains of hashes over them
_TIMES = {"carried": "created_at"}


def main() -> int:
    """0 when the large one is in within ten minutes, and the small one is the same however often it was killed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=_PEOPLE)
    parser.add_argument("--computers", type=int, default=_COMPUTERS)
    parser.add_argument("--kills", type=int, default=30)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="adoption-") as place:
        folder = Path(place)
        write_old_project(folder / "project")
        is_soon = _move_large(folder, wanted.people, wanted.computers)
        _look_up(folder / "large", wanted.people)
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


def _look_up(lab: Path, people: int) -> None:
    """What a contact asks the database first: whose key is it, and which host? By keys of ours, and of before."""
    secret, now, chance = load_secrets(Folder(path=lab).keys).accounts, datetime.now(UTC), random.Random(5)
    numbers = [chance.randrange(people) + 1 for _ in range(_LOOKS)]
    digests = {
        "ours": [account_keys.key_digest(account_keys.account_key(secret, number, 1)) for number in numbers],
        "of before": [account_keys.key_digest(old_key(number)) for number in numbers],
    }
    took: dict[str, list[float]] = {name: [] for name in digests}
    with Connections(folder=Folder(path=lab)).reader() as db:
        for _ in range(_ROUNDS):
            for name, keys in digests.items():
                began = time.perf_counter()
                contacts = [
                    hosts.read_contact(db, digest, number, now) for digest, number in zip(keys, numbers, strict=True)
                ]
                took[name].append((time.perf_counter() - began) / _LOOKS * 1e6)
                if None in contacts:
                    raise LookupError(f"a key {name} is nobody's")
    ours, before = (statistics.median(took[name]) for name in digests)
    print(
        f"a contact's first look: {ours:.0f} µs by a key of ours, {before:.0f} by one of before: {before / ours:.2f} ×"
    )


def _kill_often(folder: Path, kills: int) -> bool:
    """Kill it behind each command that it has stored, as far as one can hit that, and let it go on."""
    dump, chance = folder / "small.sql", random.Random(17)
    write_old_dump(dump, people=10_000, computers=20_000)
    subprocess.run(_words(folder, dump, folder / "whole"), stdout=subprocess.DEVNULL, check=True)
    words, killed = _words(folder, dump, folder / "killed"), 0
    while killed < kills:
        before = _stored(folder / "killed")
        process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while process.poll() is None and _stored(folder / "killed") == before:
            time.sleep(0.002)
        if process.poll() is not None:
            break
        time.sleep(chance.uniform(0, 0.05))
        process.kill()
        process.wait()
        killed += 1
    subprocess.run(words, stdout=subprocess.DEVNULL, check=True)
    is_same = list(_contents(folder / "whole")) == list(_contents(folder / "killed"))
    print(f"10,000 people, 20,000 computers: killed {killed} times behind one of {_stored(folder / 'whole')} commands")
    print(f"  the same as undisturbed: {is_same}")
    return is_same


def _stored(lab: Path) -> int:
    """How many commands of the move are stored; none where there is no database yet."""
    try:
        with closing(sqlite3.connect(f"file:{lab / 'axiom.db'}?mode=ro", uri=True)) as db:
            return int(db.execute("SELECT count(*) FROM audit WHERE command = 'project.adopt'").fetchone()[0])
    except sqlite3.OperationalError:
        return 0


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
