"""Sentences for the owner of a host, each said for a day: a client shows what its last contact brought, and no more.

Of one kind there is at most one a day.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from axiom.limits import hosts as limits
from axiom.store.engine.database import Database, as_value, to_microseconds

_ADD_FOR_ALL = """
INSERT INTO notice (host_id, kind, text, created_at)
SELECT h.id, :kind, :text, :now FROM host h JOIN volunteer v ON v.id = h.volunteer_id
WHERE v.is_ours = 0 AND v.is_simulated = 0 AND h.is_simulated = 0 AND h.seen_at > :since
ORDER BY h.id
"""
_LATELY = "SELECT 1 FROM notice WHERE host_id = :host_id AND kind = :kind AND created_at > :since LIMIT 1"
_SHOWN = """
SELECT * FROM notice WHERE host_id = :host_id AND (told_at IS NULL OR told_at > :since) ORDER BY id LIMIT :limit
"""
_FORGET = "DELETE FROM notice WHERE host_id IN (SELECT id FROM host WHERE volunteer_id = :volunteer_id)"
_TOLD = "UPDATE notice SET told_at = :now WHERE id = :id AND told_at IS NULL"

_MOST_TEXT = 1_000  # characters


@dataclass(frozen=True, kw_only=True, slots=True)
class Notice:
    id: int
    host_id: int
    kind: str
    text: str
    created_at: datetime
    is_told: bool


def add_notice(db: Database, host_id: int, kind: str, text: str, now: datetime) -> bool:
    """Write a sentence for a host's owner; not when one of the kind was written within a day."""
    if db.row(_LATELY, host_id=host_id, kind=kind, since=to_microseconds(now - limits.NOTICE_SHOWN_FOR)) is not None:
        return False
    db.add("notice", host_id=host_id, kind=kind, text=text[:_MOST_TEXT], created_at=now)
    return True


def add_notice_for_all(db: Database, kind: str, text: str, now: datetime) -> int:
    return db.execute(
        _ADD_FOR_ALL,
        kind=kind,
        text=text[:_MOST_TEXT],
        since=to_microseconds(now - limits.NOTICED_WITHIN),
        now=to_microseconds(now),
    )


def withdraw_notices(db: Database, kind: str) -> int:
    """Whoever was not told this yet never is; how many computers these are."""
    return db.execute("DELETE FROM notice WHERE kind = :kind AND told_at IS NULL", kind=kind)


def delete_volunteer_notices(db: Database, volunteer_id: int) -> None:
    db.execute(_FORGET, volunteer_id=volunteer_id)


def list_host_notices(db: Database, host_id: int, now: datetime) -> list[Notice]:
    return [
        as_value(Notice, row, is_told=row["told_at"] is not None)
        for row in db.select(
            _SHOWN, host_id=host_id, since=to_microseconds(now - limits.NOTICE_SHOWN_FOR), limit=limits.NOTICES_AT_ONCE
        )
    ]


def mark_notices_told(db: Database, ids: Sequence[int], now: datetime) -> None:
    """These sentences are on their way to the owner for the first time; their day begins."""
    db.execute_many(_TOLD, [{"id": notice_id, "now": to_microseconds(now)} for notice_id in ids])
