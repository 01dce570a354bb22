"""Drafts: each text with what reading it said, and what came of its preflight. A text never changes."""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from axiom.domain.preflights import Refusal, StoredDraft
from axiom.store.engine.database import Database, to_microseconds
from axiom.store.experiments import kin

_DRAFTS = "SELECT d.*, d.id AS number, d.bundle_digest AS bundle FROM draft d"
_ONE = f"{_DRAFTS} WHERE d.id = :id"
_NEWEST = f"{_DRAFTS} WHERE d.name = :name ORDER BY d.id DESC LIMIT 1"
_LATEST = f"{_DRAFTS} ORDER BY d.id DESC LIMIT :most"
_NEXT = f"""{_DRAFTS}
WHERE d.ordered_at IS NOT NULL AND d.tried_at IS NULL AND d.dropped_at IS NULL ORDER BY d.ordered_at, d.id LIMIT 1
"""
_APPROVED = """
SELECT count(*) AS amount FROM draft d JOIN proposal p ON p.draft_id = d.id
WHERE d.name = :name AND p.state = 'approved' AND :digest IN (d.digest, '')
"""
# The same text, whatever it is called and whoever wrote it, is one try.
_TRIED = """
WITH kin AS (SELECT * FROM draft WHERE name = :name OR digest IN (SELECT value FROM json_each(:family)))
SELECT d.*, min(d.id) AS number, d.bundle_digest AS bundle FROM kin d
WHERE (ordered_at, id) <= (:until, :id) AND ordered_at > coalesce(
    (SELECT max(k.ordered_at) FROM kin k JOIN proposal p ON p.draft_id = k.id
        WHERE p.state = 'approved' AND k.ordered_at < :until), -1)
    AND NOT EXISTS (SELECT 1 FROM draft s WHERE s.costs_of = d.id AND s.ordered_at <= :until)
GROUP BY digest ORDER BY number
"""
_OF_TEXT = f"""{_DRAFTS}
WHERE d.name = :name AND d.author = :author AND d.digest = :digest AND d.dropped_at IS NULL ORDER BY d.id DESC LIMIT 1
"""
_NEWEST_PASSED = """
SELECT id FROM draft WHERE name = :name AND author = :author AND passed = 1 AND dropped_at IS NULL
ORDER BY id DESC LIMIT 1
"""
_UNREAD = f"""{_DRAFTS}
WHERE d.refusals = '[]' AND NOT EXISTS (SELECT 1 FROM code c WHERE c.digest = d.digest) ORDER BY d.id
"""
_UNDECIDED = f"{_DRAFTS} WHERE d.ordered_at IS NOT NULL AND d.informed IS NULL ORDER BY d.id"
# A forecast counts from its try on, whatever becomes of its file: else a file could fail where it is wrong, and a probe
# that is informed from the start would cost nothing. What was approved is not lost while its text waits for a seal, nor
# what was mended in its costs alone.
_LOST = f"""{_DRAFTS}
WHERE d.informed IS NOT NULL AND NOT EXISTS (SELECT 1 FROM draft s WHERE s.costs_of = d.id AND s.tried_at IS NOT NULL)
    AND (d.tried_at IS NOT NULL OR d.dropped_at IS NOT NULL) AND NOT EXISTS (
    SELECT 1 FROM proposal p WHERE p.draft_id = d.id AND (p.state = 'open'
        OR p.state = 'approved' AND NOT EXISTS (SELECT 1 FROM bundle b WHERE b.code = d.digest) OR EXISTS (
        SELECT 1 FROM finding f WHERE f.registration_id = p.registration_id AND (f.status <> 'retired'
            OR EXISTS (SELECT 1 FROM evidence e WHERE e.finding_number = f.id AND e.seeds > 0)))))
ORDER BY d.id
"""
_ORDER = """
UPDATE draft SET ordered_at = :now, tried_at = NULL, passed = NULL, informed = coalesce(informed, :informed),
    costs_of = coalesce(costs_of, :costs_of)
WHERE id = :id AND (ordered_at IS NULL OR passed = 1)
"""
_REFUSE = """
UPDATE draft SET refusals = :refusals, ordered_at = NULL, informed = NULL, costs_of = NULL
WHERE id = :id AND ordered_at IS NOT NULL AND tried_at IS NULL
"""
_RECORD = """
UPDATE draft SET tried_at = :now, passed = :passed, reason = :reason, gates = :gates, attempt = :attempt,
    declaration = :declaration, question = :question, bundle_digest = :bundle
WHERE id = :id AND ordered_at IS NOT NULL AND tried_at IS NULL
"""


def add_draft(
    db: Database, *, name: str, author: str, text: str, digest: str, refusals: Sequence[Refusal], now: datetime
) -> int:
    return db.add(
        "draft",
        name=name,
        author=author,
        text=text,
        digest=digest,
        refusals=_refusals(refusals),
        created_at=to_microseconds(now),
    )


def _refusals(refusals: Sequence[Refusal]) -> str:
    return json.dumps([asdict(refusal) for refusal in refusals])


def find_draft(db: Database, number: int) -> StoredDraft | None:
    return db.value(StoredDraft, _ONE, id=number)


def find_newest_draft(db: Database, name: str) -> StoredDraft | None:
    return db.value(StoredDraft, _NEWEST, name=name)


def list_latest_drafts(db: Database, most: int) -> list[StoredDraft]:
    return db.values(StoredDraft, _LATEST, most=most)


def find_next_draft(db: Database) -> StoredDraft | None:
    return db.value(StoredDraft, _NEXT)


def is_draft_approved(db: Database, name: str, digest: str = "") -> bool:
    """Was a draft of this name approved, and with this text where its digest is given?"""
    return db.number(_APPROVED, name=name, digest=digest) > 0


def find_draft_of_text(db: Database, name: str, author: str, digest: str) -> StoredDraft | None:
    return db.value(StoredDraft, _OF_TEXT, name=name, author=author, digest=digest)


def find_newest_passed_draft(db: Database, name: str, author: str) -> int:
    return db.number(_NEWEST_PASSED, name=name, author=author)


def list_unread_drafts(db: Database) -> list[StoredDraft]:
    """Those of which nobody knows what they compute."""
    return db.values(StoredDraft, _UNREAD)


def list_lost_drafts(db: Database) -> list[StoredDraft]:
    """Those whose forecasts were made blind, that were run, and that came to nothing since."""
    return db.values(StoredDraft, _LOST)


def list_undecided_drafts(db: Database) -> list[StoredDraft]:
    """Those that were tried before anybody asked what of their kin was run."""
    return db.values(StoredDraft, _UNDECIDED)


def record_why_draft_informed(db: Database, number: int, informed: str) -> None:
    db.execute(
        "UPDATE draft SET informed = :informed WHERE id = :id AND informed IS NULL", id=number, informed=informed
    )


def list_draft_tries(db: Database, draft: StoredDraft) -> list[StoredDraft]:
    """The texts of its name and kin that were tried since one was proposed, those after it left out if it was."""
    until = to_microseconds(draft.ordered_at) if draft.ordered_at else sys.maxsize
    family = json.dumps(kin.find_text_family(db, draft.digest, draft.author))
    return db.values(StoredDraft, _TRIED, name=draft.name, until=until, id=draft.number, family=family)


def order_draft_preflight(
    db: Database, number: int, informed: str | None, now: datetime, costs_of: int | None = None
) -> bool:
    return db.execute(_ORDER, id=number, informed=informed, costs_of=costs_of, now=to_microseconds(now)) == 1


def refuse_draft(db: Database, number: int, refusals: Sequence[Refusal]) -> None:
    """It is refused by what it declares: nothing of it ran, so that it was not tried."""
    db.execute(_REFUSE, id=number, refusals=_refusals(refusals))


def mark_draft_informed(db: Database, number: int, informed: str) -> None:
    """A forecast that was held to be blind was made after a run of its kin was recorded."""
    db.execute("UPDATE draft SET informed = :informed WHERE id = :id AND informed = ''", id=number, informed=informed)


def detach_draft(db: Database, number: int) -> None:
    """It is no other's try: it asks or predicts something else."""
    db.execute("UPDATE draft SET costs_of = NULL WHERE id = :id", id=number)


def mark_draft_told(db: Database, number: int, now: datetime) -> None:
    """Its author was told why it failed; the first time counts."""
    db.execute(
        "UPDATE draft SET told_at = :now WHERE id = :id AND told_at IS NULL", id=number, now=to_microseconds(now)
    )


def drop_draft(db: Database, number: int, now: datetime) -> None:
    db.execute(
        "UPDATE draft SET dropped_at = :now WHERE id = :id AND dropped_at IS NULL", id=number, now=to_microseconds(now)
    )


def record_draft_preflight(
    db: Database,
    number: int,
    *,
    passed: bool,
    reason: str,
    gates: Sequence[Mapping[str, Any]],
    attempt: str,
    declaration: str,
    question: str,
    bundle: str,
    now: datetime,
) -> bool:
    changed = db.execute(
        _RECORD,
        id=number,
        passed=int(passed),
        reason=reason,
        gates=json.dumps(list(gates)),
        attempt=attempt,
        declaration=declaration,
        question=question,
        bundle=bundle,
        now=to_microseconds(now),
    )
    return changed == 1
