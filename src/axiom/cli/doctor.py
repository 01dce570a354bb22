"""What `axiom doctor` looks at, each with what it means and what to do."""

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from axiom.cli.options import wall_clock
from axiom.commands.remote import Remote
from axiom.errors import AxiomError
from axiom.server.invariants import PROMISES, broken
from axiom.settings import from_process
from axiom.signed.keys import load_keys
from axiom.store import work
from axiom.store.database import connect_reader, version
from axiom.store.folder import Folder, holder

_LEAST_FREE_MB = 1_000
_SLOW_SYNC_MS = 50.0
_SYNCS = 5


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that was looked at."""

    name: str
    well: bool
    says: str
    cure: str = ""


def examine(folder: Folder) -> Iterator[Finding]:
    """Look at the folder, the disk, the clock, the keys, the database and the server."""
    yield _settings(folder)
    if not folder.exists():
        yield Finding(
            name="laboratory", well=False, says=f"there is none in {folder.path}", cure="`scripts/lab` makes one"
        )
        return
    yield _room(folder)
    yield _sync(folder)
    yield _clock(folder)
    yield _keys(folder)
    yield _server(folder)
    yield Finding(name="database", well=True, says=f"{version()}; one writable connection, by lock")


def examine_invariants(folder: Folder) -> Iterator[Finding]:
    """Look at every promise."""
    now = wall_clock()
    db = connect_reader(folder.database)
    try:
        problems = broken(db, folder, load_keys(folder.keys, now).trust, now)
    finally:
        db.close()
    for number, promise in PROMISES.items():
        found = problems[number]
        more = f" (and {len(found) - 3} more)" if len(found) > 3 else ""
        yield Finding(
            name=number,
            well=not found,
            says=promise if not found else "; ".join(found[:3]) + more,
            cure="" if not found else "keep the folder as it is and report this: a promise of ours is broken",
        )


def _settings(folder: Folder) -> Finding:
    try:
        _, listed = from_process(folder.settings)
    except AxiomError as error:
        return Finding(name="settings", well=False, says=str(error), cure="mend the setting")
    changed = [setting.name for setting in listed if setting.origin != "default"]
    return Finding(name="settings", well=True, says=f"chosen: {', '.join(changed)}" if changed else "all at default")


def _room(folder: Folder) -> Finding:
    free = shutil.disk_usage(folder.path).free // 2**20
    return Finding(
        name="disk",
        well=free >= _LEAST_FREE_MB,
        says=f"{free} MB free",
        cure=f"free some: below {_LEAST_FREE_MB} MB the next results may find no room",
    )


def _sync(folder: Folder) -> Finding:
    """How long the disk takes to keep a promise: every acknowledgement waits for one of these."""
    try:
        with tempfile.NamedTemporaryFile(dir=folder.path) as file:
            times = []
            for _ in range(_SYNCS):
                file.write(b"x" * 4096)
                file.flush()
                began = time.perf_counter()
                os.fsync(file.fileno())
                times.append(1000 * (time.perf_counter() - began))
    except OSError as error:
        return Finding(
            name="sync", well=False, says=f"cannot write here: {error.strerror}", cure="make the folder writable"
        )
    median = sorted(times)[_SYNCS // 2]
    return Finding(
        name="sync",
        well=median < _SLOW_SYNC_MS,
        says=f"fsync takes {median:.1f} ms",
        cure="a local disk answers hosts sooner; nothing is lost on a slow one",
    )


def _clock(folder: Folder) -> Finding:
    db = connect_reader(folder.database)
    try:
        newest = work.newest_time(db)
    finally:
        db.close()
    ahead = (newest - wall_clock()).total_seconds()
    return Finding(
        name="clock",
        well=ahead < 60,
        says="agrees with what is written" if ahead < 60 else f"stands {ahead:.0f} s before what is written",
        cure="set the computer's clock right",
    )


def _keys(folder: Folder) -> Finding:
    try:
        keys = load_keys(folder.keys, wall_clock())
    except AxiomError as error:
        return Finding(name="keys", well=False, says=str(error), cure="restore the keys from where they are kept")
    return Finding(
        name="keys", well=True, says=f"of laboratory {keys.trust.lab[:12]}, good until {keys.trust.expires:%Y-%m-%d}"
    )


def _server(folder: Folder) -> Finding:
    facts = holder(folder)
    if facts is None:
        return Finding(name="server", well=True, says="not running; the same command starts it again")
    if not Remote(folder.socket).answers():
        return Finding(
            name="server",
            well=False,
            says=f"process {facts.get('pid')} holds the folder and does not answer",
            cure=f"wait if it is starting; else end process {facts.get('pid')} and start again: nothing is lost",
        )
    return Finding(name="server", well=True, says=f"{facts.get('url', 'running')} (process {facts.get('pid')})")


def as_data(found: Finding) -> dict[str, Any]:
    """For programs."""
    return {"name": found.name, "well": found.well, "says": found.says, "cure": found.cure if not found.well else ""}
