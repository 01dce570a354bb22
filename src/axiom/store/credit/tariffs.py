"""Tariffs: how credit is computed, from when on. What was announced is never changed; a change is a new version."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from axiom.domain.credit import Tariff, Tier
from axiom.store.engine.database import Database, Row, as_value, at

_IN_FORCE = "SELECT * FROM tariff WHERE valid_from <= :now ORDER BY valid_from DESC, id DESC LIMIT 1"
_ADD = """
INSERT INTO tariff (name, version, per_core_second, rates, because, valid_from, announced_at)
VALUES (:name, :version, :per_core_second, :rates, :because, :valid_from, :announced_at)
"""
_EVERYTHING = "SELECT * FROM tariff ORDER BY valid_from, id"
_AWARDING = """
SELECT * FROM tariff WHERE id IN (SELECT tariff_id FROM award WHERE id > :after AND is_capped = 1)
"""
_OTHERS = """
SELECT count(*) AS amount FROM volunteer v
WHERE v.is_ours = 0 AND v.is_simulated = 0 AND EXISTS (SELECT 1 FROM host h WHERE h.volunteer_id = v.id)
"""

_COMPUTED = """
SELECT count(*) AS amount FROM volunteer v
WHERE v.is_ours = 0 AND v.is_simulated = 0 AND EXISTS (
    SELECT 1 FROM host h JOIN task t ON t.host_id = h.id AND t.sent_at IS NOT NULL
    WHERE h.volunteer_id = v.id AND t.state = 'valid')
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Announced:
    """A tariff with its number and from when on it holds."""

    id: int
    tariff: Tariff
    valid_from: datetime
    announced_at: datetime
    because: str


def in_force(db: Database, now: datetime) -> tuple[int, Tariff] | None:
    """The tariff of this moment, with its id."""
    row = db.one(_IN_FORCE, now=at(now))
    return (row["id"], _tariff(row)) if row else None


def awarding(db: Database, after: int) -> list[Tariff]:
    """The tariffs of the awards after this one that count against a cap."""
    return [_tariff(row) for row in db.select(_AWARDING, after=after)]


def everything(db: Database) -> list[Announced]:
    """Every tariff, in the order in which they hold; those announced for later are last."""
    return [as_value(Announced, row, tariff=_tariff(row)) for row in db.select(_EVERYTHING)]


def ahead(db: Database) -> list[tuple[Announced, Tariff | None]]:
    """Every tariff that was announced before it held, with the one that held or holds until then."""
    known = everything(db)
    return [
        (one, known[place - 1].tariff if place else None)
        for place, one in enumerate(known)
        if one.announced_at < one.valid_from
    ]


def announce(
    db: Database, tariff: Tariff, valid_from: datetime, *, now: datetime | None = None, because: str = ""
) -> int:
    """A new version of how credit is computed, from a moment on."""
    return db.insert(
        _ADD,
        name=tariff.name,
        version=tariff.version,
        per_core_second=tariff.per_core_second,
        rates=json.dumps(rates(tariff), sort_keys=True),
        because=because,
        valid_from=at(valid_from),
        announced_at=at(now or valid_from),
    )


def volunteers_with_hosts(db: Database) -> int:
    """How many volunteers besides ourselves have a computer here."""
    return db.number(_OTHERS)


def volunteers_with_results(db: Database) -> int:
    """How many volunteers besides ourselves have returned something that is proven."""
    return db.number(_COMPUTED)


def rates(tariff: Tariff) -> dict[str, Any]:
    """What a tariff pays besides core-seconds, as plain data."""
    return {
        "tiers": [[tier.start, tier.end, tier.amount] for tier in tariff.tiers],
        "by_clock": tariff.by_clock,
        "gpu_bonus": tariff.gpu_bonus,
        "failed": tariff.failed,
        "broken": tariff.broken,
        "session_cap": tariff.session_cap,
    }


def _tariff(row: Row) -> Tariff:
    said: Mapping[str, Any] = json.loads(row["rates"])
    return Tariff(
        name=row["name"],
        version=row["version"],
        per_core_second=row["per_core_second"],
        tiers=tuple(Tier(start=start, end=end, amount=amount) for start, end, amount in said["tiers"]),
        by_clock=said["by_clock"],
        gpu_bonus=said["gpu_bonus"],
        failed=said["failed"],
        broken=said["broken"],
        session_cap=said["session_cap"],
    )
