"""Tariffs: how credit is computed, from when on. One that held is never changed; a change is a new version."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from axiom.domain.credit import Tariff, Tier
from axiom.store.engine.database import Database, Row, as_value, at

_BEGUN = "SELECT * FROM tariff WHERE valid_from <= :now ORDER BY valid_from, id"
_AWARDING = """
SELECT * FROM tariff WHERE id IN (SELECT tariff_id FROM award WHERE id > :after AND is_capped = 1)
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class DatedTariff:
    id: int
    tariff: Tariff
    valid_from: datetime
    because: str


def in_force(db: Database, now: datetime) -> tuple[int, Tariff] | None:
    row = db.row("SELECT * FROM tariff WHERE valid_from <= :now ORDER BY valid_from DESC, id DESC LIMIT 1", now=at(now))
    return (row["id"], _tariff(row)) if row else None


def awarding(db: Database, after: int) -> list[Tariff]:
    return [_tariff(row) for row in db.select(_AWARDING, after=after)]


def begun(db: Database, now: datetime) -> list[DatedTariff]:
    return [as_value(DatedTariff, row, tariff=_tariff(row)) for row in db.select(_BEGUN, now=at(now))]


def next_version(db: Database, name: str) -> int:
    return db.number("SELECT max(version) FROM tariff WHERE name = :name", name=name) + 1


def add(db: Database, tariff: Tariff, valid_from: datetime, *, because: str = "") -> int:
    return db.add(
        "tariff",
        name=tariff.name,
        version=tariff.version,
        per_core_second=tariff.per_core_second,
        rates=json.dumps(rates(tariff), sort_keys=True),
        because=because,
        valid_from=at(valid_from),
    )


def rates(tariff: Tariff) -> dict[str, Any]:
    return {
        "tiers": [[tier.start, tier.end, tier.amount] for tier in tariff.tiers],
        "by_clock": tariff.by_clock,
        "gpu_bonus": tariff.gpu_bonus,
        "failed": tariff.failed,
        "broken": tariff.broken,
        "session_cap": tariff.session_cap,
    }


def _tariff(row: Row) -> Tariff:
    terms: Mapping[str, Any] = json.loads(row["rates"])
    return Tariff(
        name=row["name"],
        version=row["version"],
        per_core_second=row["per_core_second"],
        **{**terms, "tiers": tuple(Tier(start=start, end=end, amount=amount) for start, end, amount in terms["tiers"])},
    )
