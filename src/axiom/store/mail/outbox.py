"""The outbox: messages are written in the transaction that causes them, and sent after it is on the disk."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from axiom.store.engine.database import Database, to_microseconds

MAIL = "mail"  # the channel; those of alerts are their own
CONFIRM, RESET, DIGEST, SILENCE, ALERT = "confirm", "reset", "digest", "silence", "alert"

_DUE = """
SELECT * FROM outbox WHERE channel = :channel AND sent_at IS NULL AND next_at <= :now ORDER BY next_at, id LIMIT :limit
"""
_GIVE_UP_OLD = "DELETE FROM outbox WHERE channel = :channel AND sent_at IS NULL AND created_at < :before RETURNING *"
_TAKE_BACK = "DELETE FROM outbox WHERE volunteer_id = :volunteer_id AND kind = :kind AND sent_at IS NULL"
_LATELY = """
SELECT 1 FROM outbox WHERE volunteer_id = :volunteer_id AND kind = :kind AND created_at > :since LIMIT 1
"""
_OF_VOLUNTEER = "SELECT * FROM outbox WHERE volunteer_id = :volunteer_id ORDER BY id"


@dataclass(frozen=True, kw_only=True, slots=True)
class OutboxMessage:
    id: int
    channel: str
    kind: str
    volunteer_id: int | None  # None: it is for the operator
    facts: Mapping[str, Any]
    created_at: datetime
    sent_at: datetime | None


def add_message(
    db: Database,
    kind: str,
    now: datetime,
    *,
    volunteer_id: int | None = None,
    facts: Mapping[str, Any] | None = None,
    channel: str = MAIL,
) -> int:
    text = json.dumps(dict(facts or {}), sort_keys=True)
    return db.add(
        "outbox", channel=channel, kind=kind, volunteer_id=volunteer_id, facts=text, created_at=now, next_at=now
    )


def replace_unsent_message(db: Database, kind: str, volunteer_id: int, now: datetime) -> None:
    """Mail this to a volunteer, instead of an older one of the kind that was not sent yet."""
    db.execute(_TAKE_BACK, volunteer_id=volunteer_id, kind=kind)
    add_message(db, kind, now, volunteer_id=volunteer_id)


def has_recent_message(db: Database, kind: str, volunteer_id: int, since: datetime) -> bool:
    return db.row(_LATELY, volunteer_id=volunteer_id, kind=kind, since=to_microseconds(since)) is not None


def list_due_messages(db: Database, channel: str, now: datetime, limit: int) -> list[OutboxMessage]:
    return db.values(OutboxMessage, _DUE, channel=channel, now=to_microseconds(now), limit=limit)


def postpone_message(db: Database, message_id: int, until: datetime) -> None:
    db.execute(
        "UPDATE outbox SET next_at = :until WHERE id = :id AND sent_at IS NULL",
        id=message_id,
        until=to_microseconds(until),
    )


def mark_message_sent(db: Database, message_id: int, now: datetime) -> None:
    db.execute(
        "UPDATE outbox SET sent_at = :now WHERE id = :id AND sent_at IS NULL", id=message_id, now=to_microseconds(now)
    )


def discard_message(db: Database, message_id: int) -> None:
    db.execute("DELETE FROM outbox WHERE id = :id AND sent_at IS NULL", id=message_id)


def discard_old_messages(db: Database, channel: str, before: datetime) -> list[OutboxMessage]:
    return db.values(OutboxMessage, _GIVE_UP_OLD, channel=channel, before=to_microseconds(before))


def list_volunteer_messages(db: Database, volunteer_id: int) -> list[OutboxMessage]:
    """What waits for a volunteer, and what was sent to them within a day."""
    return db.values(OutboxMessage, _OF_VOLUNTEER, volunteer_id=volunteer_id)


def delete_volunteer_messages(db: Database, volunteer_id: int) -> None:
    db.execute("DELETE FROM outbox WHERE volunteer_id = :volunteer_id", volunteer_id=volunteer_id)


def delete_sent_messages(db: Database, before: datetime) -> None:
    db.execute("DELETE FROM outbox WHERE sent_at < :before", before=to_microseconds(before))
