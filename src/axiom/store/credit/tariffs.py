"""Tariffs: how credit is computed, from when on. What was announced is never changed; a change is a new version."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from axiom.domain.credit import Tariff, Tier
from axiom.store.engine.database import Database, Row, as_value

_AWARDING = """
SELECT * FROM tariff WHERE id IN (SELECT tariff_id FROM award WHERE id > :after AND is_capped = 1) ORDER BY id
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class DatedTariff:
    id: int
    tariff: Tariff
    valid_from: datetime
    announced_at: datetime | None  # of what nobody announced, none
    because: str


def list_applied_tariffs(db: Database, after: int) -> list[Tariff]:
    return [_tariff(row) for row in db.select(_AWARDING, after=after)]


def list_tariffs(db: Database) -> list[DatedTariff]:
    """In the order in which they begin; what is to come is last."""
    rows = db.select("SELECT * FROM tariff ORDER BY valid_from, id")
    return [as_value(DatedTariff, row, tariff=_tariff(row)) for row in rows]


def list_begun_tariffs(db: Database, now: datetime) -> list[DatedTariff]:
    """Those that hold or held; the last of them is in force."""
    return [dated for dated in list_tariffs(db) if dated.valid_from <= now]


def choose_tariff(dated: Sequence[DatedTariff], moment: datetime) -> DatedTariff:
    """By which of these a task is paid that was sent then: before all of them, by the first."""
    return next((tariff for tariff in reversed(dated) if tariff.valid_from <= moment), dated[0])


def next_tariff_version(db: Database, name: str) -> int:
    return db.number("SELECT max(version) FROM tariff WHERE name = :name", name=name) + 1


def add_tariff(
    db: Database, tariff: Tariff, valid_from: datetime, *, because: str = "", announced_at: datetime | None = None
) -> int:
    return db.add(
        "tariff",
        name=tariff.name,
        version=tariff.version,
        per_core_second=tariff.per_core_second,
        rates=json.dumps(dump_rates(tariff), sort_keys=True),
        because=because,
        valid_from=valid_from,
        announced_at=announced_at,
    )


def dump_rates(tariff: Tariff) -> dict[str, Any]:
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
