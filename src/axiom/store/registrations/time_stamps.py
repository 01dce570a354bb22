"""Which registrations an authority has dated, and which wait for that."""

from dataclasses import dataclass
from datetime import datetime

from axiom.domain.evidence import Registration
from axiom.store.engine.database import Database, from_microseconds, to_microseconds

# One of which replicates were issued before anybody asked for stamps cannot be dated before its data any more.
_WAITING = """
SELECT r.* FROM registration r JOIN experiment e ON e.id = r.experiment_id
WHERE e.retired_at IS NULL AND e.recalled_at IS NULL
    AND NOT EXISTS (SELECT 1 FROM stamp s WHERE s.registration_id = r.id)
    AND NOT EXISTS (SELECT 1 FROM replicate p WHERE p.registration_id = r.id)
ORDER BY r.id
"""
_RECORD = """
INSERT INTO stamp (registration_id, stamped_at, response, roots) VALUES (:registration_id, :at, :response, :roots)
ON CONFLICT (registration_id) DO NOTHING
"""
_OF = "SELECT * FROM stamp WHERE registration_id = :registration_id"
_FIRST_RESULT = """
SELECT min(t.created_at) AS at FROM replicate p
JOIN result t ON t.experiment_id = p.experiment_id AND t.replicate = p.number WHERE p.registration_id = :registration_id
"""


@dataclass(frozen=True, kw_only=True)
class StoredStamp:
    """What an authority answered, and by which certificates it was checked."""

    registration_id: int
    stamped_at: datetime
    response: bytes
    roots: str  # PEM


def list_unstamped_registrations(db: Database) -> list[Registration]:
    """Those that no authority has dated, and of which nothing was issued yet."""
    return db.values(Registration, _WAITING)


def add_stamp(db: Database, stamp: StoredStamp) -> None:
    """Keep it. A registration has one: the first."""
    db.execute(
        _RECORD,
        registration_id=stamp.registration_id,
        at=to_microseconds(stamp.stamped_at),
        response=stamp.response,
        roots=stamp.roots,
    )


def find_stamp(db: Database, registration_id: int) -> StoredStamp | None:
    return db.value(StoredStamp, _OF, registration_id=registration_id)


def find_first_result_time(db: Database, registration_id: int) -> datetime | None:
    """When the first result of a registration came, by the laboratory's clock."""
    return db.scalar(from_microseconds, _FIRST_RESULT, registration_id=registration_id)
