"""The project that this laboratory succeeds: from which dump its accounts came, and whether all of them did."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from axiom.domain.value import value_class
from axiom.errors import CannotStart
from axiom.store.engine.database import Database, Row, as_value, to_microseconds

_TAKEN = """
SELECT (SELECT count(*) FROM volunteer WHERE id < :user) AS people,
    (SELECT count(*) FROM host WHERE id < :host) AS computers,
    (SELECT count(*) FROM team WHERE id < :team) AS teams,
    (SELECT count(*) FROM foreign_task) AS tasks,
    (SELECT coalesce(sum(amount), 0) FROM carried WHERE holder = 'volunteer' AND source = :source) AS credit_of_people,
    (SELECT coalesce(sum(amount), 0) FROM carried WHERE holder = 'host' AND source = :source) AS credit_of_computers,
    (SELECT coalesce(sum(amount), 0) FROM carried WHERE holder = 'team' AND source = :source) AS credit_of_teams
"""
_PROGRESS = """
SELECT (SELECT count(*) FROM host WHERE id < :host AND seen_at > :since) AS computers_back,
    (SELECT count(*) FROM host WHERE id < :host AND seen_at <= :since) AS computers_silent,
    (SELECT count(DISTINCT volunteer_id) FROM host WHERE id < :host AND seen_at > :since) AS people_back,
    (SELECT count(*) FROM volunteer WHERE id < :user) AS people,
    (SELECT count(*) FROM foreign_task WHERE reported_at IS NULL) AS tasks_out,
    (SELECT count(*) FROM foreign_task WHERE reported_at IS NOT NULL) AS tasks_reported,
    (SELECT count(*) FROM volunteer WHERE password GLOB 'sealed:*') AS passwords_sealed,
    (SELECT count(*) FROM volunteer WHERE password LIKE '$2%') AS passwords_bcrypt,
    (SELECT count(*) FROM volunteer WHERE id >= :user AND is_ours = 0) AS new_people,
    (SELECT count(*) FROM host h JOIN volunteer v ON v.id = h.volunteer_id
        WHERE h.id >= :host AND v.is_ours = 0) AS new_computers,
    (SELECT count(*) FROM award a JOIN volunteer v ON v.id = a.volunteer_id WHERE v.is_ours = 0) AS awards
"""
_ABSENT = """
SELECT v.id AS number, v.name, b.total / 1000.0 AS credit
FROM balance b CROSS JOIN volunteer v ON v.id = b.holder_id
WHERE b.holder = 'volunteer' AND v.id < :user
    AND NOT EXISTS (SELECT 1 FROM host h WHERE h.volunteer_id = v.id AND h.seen_at > :since)
ORDER BY b.total DESC LIMIT :limit
"""
_DIFFERENCES = """
SELECT v.id, v.name, v.email, v.id >= :user AS is_new, coalesce(sum(a.amount), 0) / 1000.0 AS credit
FROM volunteer v LEFT JOIN award a ON a.volunteer_id = v.id WHERE v.is_ours = 0
GROUP BY v.id HAVING is_new OR credit <> 0 ORDER BY v.id
"""


@value_class
class Adoption:
    digest: str  # of the dump
    project: str  # its address
    facts: Mapping[str, Any]  # what was taken, against which it can be verified
    begun_at: datetime
    sealed_at: datetime | None


def read_adoption(db: Database) -> Adoption | None:
    row = db.row("SELECT * FROM adoption")
    return as_value(Adoption, row, facts=json.loads(row["facts"])) if row else None


def begin_adoption(db: Database, *, digest: str, project: str, now: datetime) -> None:
    db.add("adoption", id=1, digest=digest, project=project, facts="{}", begun_at=now)


def seal_adoption(db: Database, facts: Mapping[str, Any], now: datetime) -> None:
    db.change("adoption", 1, facts=json.dumps(facts, sort_keys=True), sealed_at=now)


def demand_complete_adoption(db: Database) -> None:
    adoption = read_adoption(db)
    if adoption is not None and adoption.sealed_at is None:
        raise CannotStart(
            f"The move of {adoption.project} into this laboratory was begun and has not ended, so not everybody is "
            "known yet. Nothing was done; type the same `axiom adopt` again, which goes on from there."
        )


def list_adoption_problems(db: Database) -> list[str]:
    """Where what is here is not what the dump had; nothing when all of it is. Who was erased since counts on."""
    adoption = read_adoption(db)
    if adoption is None or adoption.sealed_at is None:
        return []
    here = _count(db, adoption, _TAKEN)
    return [
        f"{name.replace('_', ' ')}: {here[name]} are here, and the dump had {taken}"
        for name, taken in adoption.facts["taken"].items()
        if here[name] != taken
    ]


def read_adoption_progress(db: Database) -> dict[str, int]:
    """Who has come back since the move, and what is left of the server before."""
    adoption = read_adoption(db)
    return {} if adoption is None or adoption.sealed_at is None else _count(db, adoption, _PROGRESS)


def _count(db: Database, adoption: Adoption, question: str) -> dict[str, int]:
    numbers = adoption.facts["next_ids"]
    return db.read_row(dict, question, **numbers, source=adoption.facts["source"], since=adoption.sealed_at) or {}


def list_absent_volunteers(db: Database, limit: int) -> list[Row]:
    """People of before of whom no computer has called since the move, those with the most credit first."""
    adoption = read_adoption(db)
    if adoption is None or adoption.sealed_at is None:
        return []
    return db.select(
        _ABSENT, user=adoption.facts["next_ids"]["user"], since=to_microseconds(adoption.sealed_at), limit=limit
    )


def list_changes_since_adoption(db: Database) -> list[tuple[object, ...]]:
    """Who is new or was paid since the move: number, name, address, whether they are new, and credit since then."""
    adoption = read_adoption(db)
    numbers = adoption.facts["next_ids"] if adoption else {"user": 0}
    return [tuple(row.values()) for row in db.select(_DIFFERENCES, user=numbers["user"])]
