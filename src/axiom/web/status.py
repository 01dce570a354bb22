"""What the laboratory is doing now, as plain data: the same for the page, for `/status.json` and for `axiom status`."""

import json
import shutil
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from axiom import __version__
from axiom.domain.fleet import Host
from axiom.store import counters, experiments, fleet, jobs
from axiom.store.database import Database, Row, maybe_moment
from axiom.store.folder import Folder


def status(db: Database, folder: Folder, now: datetime, live: Mapping[str, Any]) -> dict[str, Any]:
    """Counts by experiment and state, hosts, periodic jobs and room on the disk. `live` is what only a server knows."""
    rows = _experiments(db)
    nouns = ("workunit", "task", "result")
    return {
        "version": __version__,
        "now": now.isoformat(),
        **live,
        "experiments": rows,
        "totals": {noun: sum(sum(row[f"{noun}s"].values()) for row in rows) for noun in nouns},
        "hosts": [_host(host) for host in fleet.hosts(db)],
        "jobs": [_job(row) for row in jobs.everything(db)],
        "free_mb": shutil.disk_usage(folder.path).free // 2**20,
    }


def _experiments(db: Database) -> list[dict[str, Any]]:
    counted = counters.read(db)
    return [
        {
            "name": found.name,
            "version": found.version,
            "question": json.loads(found.manifest)["question"],
            "status": found.status,
            "workunits": _by_state(counted, "workunit", found.id),
            "tasks": _by_state(counted, "task", found.id),
            "results": _by_state(counted, "result", found.id),
        }
        for found in experiments.everything(db)
    ]


def _host(host: Host) -> dict[str, Any]:
    return {
        "id": host.id,
        "platform": str(host.platform),
        "cores": host.capacity.cores,
        "memory_mb": host.capacity.memory_mb,
        "seen_at": host.seen_at.isoformat(),
    }


def _job(row: Row) -> dict[str, Any]:
    return {
        "name": row["name"],
        "every_seconds": row["every_seconds"],
        "last_start": _iso(row["last_start"]),
        "last_ok": _iso(row["last_ok"]),
        "last_error": row["last_error"],
    }


def _by_state(counted: dict[tuple[str, int, str], int], noun: str, experiment_id: int) -> dict[str, int]:
    return {state: amount for (what, whose, state), amount in counted.items() if (what, whose) == (noun, experiment_id)}


def _iso(value: int | None) -> str | None:
    found = maybe_moment(value)
    return found.isoformat() if found else None
