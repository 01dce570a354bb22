"""What the laboratory is doing now, as plain data: the same for the page, for `/status.json` and for `axiom status`."""

import shutil
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from axiom import __version__
from axiom.domain.failure_causes import Cause
from axiom.domain.preflights import GATES
from axiom.reads.accounts.join import list_runner_downloads
from axiom.reads.base.fleet_extent import fleet_extent
from axiom.reads.base.page_addresses import page_at
from axiom.reads.base.request import Answer, Reading
from axiom.reads.experiments import releases
from axiom.signed.manifests import stored_manifest
from axiom.store.engine import counters
from axiom.store.engine.counters import Key
from axiom.store.engine.database import Database, Row, from_optional_microseconds
from axiom.store.engine.folder import Folder
from axiom.store.experiments import experiments, preflights
from axiom.store.experiments.preflights import NewestPreflight
from axiom.store.upkeep import jobs, last_backup
from axiom.store.views.fleet_extent import FleetExtent

_IN_A_WORD = {True: "passed", False: "failed", None: "waiting"}
_NOBODY_LOOKED = "unread"  # not even our own hosts get it


@page_at("/status", "status.html")
def status_page(reading: Reading) -> Answer:
    """What it is doing now."""
    live, fleet = {"name": reading.name, **reading.live()}, fleet_extent(reading.db, reading.memo, reading.now)
    return {"status": describe_status(reading.db, reading.folder, reading.now, live, fleet)}


def describe_status(
    db: Database, folder: Folder, now: datetime, live: Mapping[str, Any], fleet: FleetExtent
) -> dict[str, Any]:
    """Counts by experiment and state, hosts, periodic jobs and room on the disk. `live` is what only a server knows."""
    counted = counters.read_counters(db)
    rows = _experiments(db, counted)
    backup = last_backup.find_last_backup(folder)
    nouns = ("workunit", "task", "result")
    return {
        "version": __version__,
        "now": now.isoformat(),
        **live,
        "experiments": rows,
        "totals": {noun: sum(sum(row[f"{noun}s"].values()) for row in rows) for noun in nouns},
        "endings": _endings(counted),
        "hosts": fleet.hosts,
        "cores": fleet.cores,
        "new_hosts": fleet.new,
        "jobs": [_job(row) for row in jobs.list_jobs(db)],
        "runners": list_runner_downloads(folder),
        "backed_up_at": backup.made_at.isoformat() if backup else None,
        "free_mb": shutil.disk_usage(folder.path).free // 2**20,
    }


def _experiments(db: Database, counted: Mapping[Key, int]) -> list[dict[str, Any]]:
    tried, states = (
        {row.experiment_id: row for row in preflights.list_newest_preflights(db, GATES)},
        counters.group_counters_by_state(counted),
    )
    stopped = releases.list_stopped_versions(db)
    return [
        {
            "name": version.name,
            "version": version.version,
            "question": stored_manifest(version.manifest).question,
            "status": version.status,
            "stopped": stopped.get(version.id),
            "preflight": _in_a_word(tried[version.id]) if version.id in tried else None,
            "workunits": states["workunit", version.id],
            "tasks": states["task", version.id],
            "results": states["result", version.id],
        }
        for version in experiments.list_experiment_versions(db)
    ]


def _in_a_word(newest: NewestPreflight) -> str:
    return _IN_A_WORD[newest.passed] if newest.is_ours or newest.passed is False else _NOBODY_LOOKED


def _endings(counted: Mapping[Key, int]) -> list[dict[str, Any]]:
    """Why the tasks ended of which a host has told, the commonest cause first."""
    amounts: Counter[Cause] = Counter()
    for (noun, _, cause), amount in counted.items():
        if noun == "cause" and amount and cause in set(Cause):
            amounts[Cause(cause)] += amount
    return [
        {"cause": cause, "in_words": cause.words, "blame": cause.blame, "tasks": amount}
        for cause, amount in amounts.most_common()
    ]


def _job(row: Row) -> dict[str, Any]:
    return {
        "name": row["name"],
        "every_seconds": row["every_seconds"],
        "last_start": _iso(row["last_start"]),
        "last_ok": _iso(row["last_ok"]),
        "last_error": row["last_error"],
    }


def _iso(value: int | None) -> str | None:
    moment = from_optional_microseconds(value)
    return moment.isoformat() if moment else None
