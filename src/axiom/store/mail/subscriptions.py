"""Which mail volunteers asked for, up to when they were told, and whose computers fell silent since."""

from dataclasses import dataclass
from datetime import datetime

from axiom.store.engine.database import Database, to_microseconds
from axiom_weigh.grouping import group_pairs

_SUBSCRIBE = """
INSERT INTO subscription (volunteer_id, kind, told_until, told_credit)
VALUES (:volunteer_id, :kind, :told_until, :told_credit) ON CONFLICT (volunteer_id, kind) DO NOTHING
"""
_END = "DELETE FROM subscription WHERE volunteer_id = :volunteer_id AND kind = :kind"
_OF_VOLUNTEER = "SELECT kind FROM subscription WHERE volunteer_id = :volunteer_id"
_DUE = """
SELECT s.* FROM subscription s JOIN volunteer v ON v.id = s.volunteer_id
WHERE s.kind = 'digest' AND s.told_until <= :before AND v.confirmed_at IS NOT NULL
ORDER BY s.told_until, s.volunteer_id LIMIT :limit
"""
_TOLD = "UPDATE subscription SET told_until = :until WHERE volunteer_id = :volunteer_id AND kind = :kind"
_DIGESTED = """
UPDATE subscription SET told_until = :until, told_credit = :credit
WHERE volunteer_id = :volunteer_id AND kind = 'digest' AND told_until = :since
"""
_SILENT = """
SELECT s.volunteer_id, h.id FROM subscription s JOIN volunteer v ON v.id = s.volunteer_id
    JOIN host h ON h.volunteer_id = s.volunteer_id
WHERE s.kind = 'silence' AND v.confirmed_at IS NOT NULL AND h.seen_at > s.told_until AND h.seen_at <= :before
    AND EXISTS (SELECT 1 FROM task t WHERE t.host_id = h.id AND t.sent_at IS NOT NULL)
ORDER BY s.volunteer_id, h.id
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class DueDigest:
    volunteer_id: int
    told_until: datetime
    told_credit: int


def add_subscription(db: Database, volunteer_id: int, kind: str, *, told_until: datetime, told_credit: int = 0) -> None:
    """They want this mail, with what comes after that moment; who has it already goes on."""
    db.execute(
        _SUBSCRIBE,
        volunteer_id=volunteer_id,
        kind=kind,
        told_until=to_microseconds(told_until),
        told_credit=told_credit,
    )


def end_subscription(db: Database, volunteer_id: int, kind: str) -> None:
    db.execute(_END, volunteer_id=volunteer_id, kind=kind)


def delete_subscriptions(db: Database, volunteer_id: int) -> None:
    db.execute("DELETE FROM subscription WHERE volunteer_id = :volunteer_id", volunteer_id=volunteer_id)


def list_subscriptions(db: Database, volunteer_id: int) -> set[str]:
    return {row["kind"] for row in db.select(_OF_VOLUNTEER, volunteer_id=volunteer_id)}


def list_due_digests(db: Database, before: datetime, limit: int) -> list[DueDigest]:
    return db.values(DueDigest, _DUE, before=to_microseconds(before), limit=limit)


def record_digest(db: Database, due: DueDigest, *, until: datetime, credit: int) -> bool:
    """The next digest begins here; False where it does already, or nobody wants one any more."""
    values = {
        "volunteer_id": due.volunteer_id,
        "since": to_microseconds(due.told_until),
        "until": to_microseconds(until),
        "credit": credit,
    }
    return db.execute(_DIGESTED, **values) == 1


def mark_subscription_told(db: Database, volunteer_id: int, kind: str, until: datetime) -> None:
    db.execute(_TOLD, volunteer_id=volunteer_id, kind=kind, until=to_microseconds(until))


def list_silent_hosts(db: Database, before: datetime) -> dict[int, list[int]]:
    """The hosts that had work and were last heard from before then, by volunteer; none of which they were told."""
    return group_pairs((row["volunteer_id"], row["id"]) for row in db.select(_SILENT, before=to_microseconds(before)))
