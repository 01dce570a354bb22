"""What the old laboratory claimed: rows by name, which follow the list that the catalogue brings along."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from axiom.domain.links import OldClaim
from axiom.store.engine.database import Bare, Database, as_value, to_microseconds

_ALL = "SELECT * FROM old_claim ORDER BY id"
_PUT = """
INSERT INTO old_claim (name, claim, experiment, figure, rests_on, status, source, scripts, created_at)
VALUES (:name, :claim, :experiment, :figure, :rests_on, :status, :source, :scripts, :created_at)
ON CONFLICT (name) DO UPDATE SET claim = excluded.claim, experiment = excluded.experiment, figure = excluded.figure,
    rests_on = excluded.rests_on, status = excluded.status, source = excluded.source, scripts = excluded.scripts
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredClaim:
    id: int
    said: OldClaim
    created_at: datetime


def list_old_claims(db: Database) -> list[StoredClaim]:
    return [as_value(StoredClaim, row, said=as_value(OldClaim, row, askings=())) for row in db.select(_ALL)]


def find_old_claim_ids(db: Database) -> dict[str, int]:
    """By name."""
    return dict(db.fetch_tuples("SELECT name, id FROM old_claim"))


def read_old_claim_rows(db: Database) -> list[Bare]:
    """Every old claim, unread: differs from what it was when one of them was added or put otherwise."""
    return db.fetch_tuples(_ALL)


def store_old_claims(db: Database, claims: Iterable[OldClaim], now: datetime) -> int:
    stored = {stored_claim.said.name: _row(stored_claim.said) for stored_claim in list_old_claims(db)}
    wanted = [_row(claim) for claim in claims]
    return db.execute_many(
        _PUT, [{**row, "created_at": to_microseconds(now)} for row in wanted if stored.get(row["name"]) != row]
    )


def _row(claim: OldClaim) -> dict[str, str]:
    return {
        "name": claim.name,
        "claim": claim.claim,
        "experiment": claim.experiment,
        "figure": claim.figure,
        "rests_on": claim.rests_on,
        "status": claim.status,
        "source": claim.source,
        "scripts": json.dumps(claim.scripts),
    }
