"""Drafts: each text with what reading it said, and what came of its preflight. A text never changes."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from axiom.domain.preflights import KeptDraft, Refusal
from axiom.store.engine.database import Database, at

_DRAFTS = "SELECT d.*, d.id AS number, d.bundle_digest AS bundle FROM draft d"
_ONE = f"{_DRAFTS} WHERE d.id = :id"
_NEWEST = f"{_DRAFTS} WHERE d.name = :name ORDER BY d.id DESC LIMIT 1"
_LATEST = f"{_DRAFTS} ORDER BY d.id DESC LIMIT :most"
_NEXT = f"{_DRAFTS} WHERE d.ordered_at IS NOT NULL AND d.tried_at IS NULL ORDER BY d.ordered_at, d.id LIMIT 1"
_APPROVED = """
SELECT count(*) AS amount FROM draft d JOIN proposal p ON p.draft_id = d.id
WHERE d.name = :name AND p.state = 'approved' AND :digest IN (d.digest, '')
"""
_TRIED = """
SELECT count(*) AS tried, count(DISTINCT question) AS questions FROM draft
WHERE name = :name AND ordered_at IS NOT NULL AND id <= :until
    AND id > coalesce((SELECT max(d.id) FROM draft d JOIN proposal p ON p.draft_id = d.id
        WHERE d.name = :name AND d.id < :until), 0)
"""
_ORDER = """
UPDATE draft SET ordered_at = :now, tried_at = NULL, passed = NULL WHERE id = :id AND (ordered_at IS NULL OR passed = 1)
"""
_RECORD = """
UPDATE draft SET tried_at = :now, passed = :passed, reason = :reason, gates = :gates, attempt = :attempt,
    declaration = :declaration, question = :question, bundle_digest = :bundle
WHERE id = :id AND ordered_at IS NOT NULL AND tried_at IS NULL
"""


def add(
    db: Database, *, name: str, author: str, text: str, digest: str, refusals: Sequence[Refusal], now: datetime
) -> int:
    return db.add(
        "draft",
        name=name,
        author=author,
        text=text,
        digest=digest,
        refusals=json.dumps([asdict(refusal) for refusal in refusals]),
        created_at=at(now),
    )


def draft(db: Database, number: int) -> KeptDraft | None:
    return db.value(KeptDraft, _ONE, id=number)


def newest(db: Database, name: str) -> KeptDraft | None:
    return db.value(KeptDraft, _NEWEST, name=name)


def latest(db: Database, most: int) -> list[KeptDraft]:
    return db.values(KeptDraft, _LATEST, most=most)


def next_to_try(db: Database) -> KeptDraft | None:
    return db.value(KeptDraft, _NEXT)


def is_approved(db: Database, name: str, digest: str = "") -> bool:
    """Was a draft of this name approved, and with this text where its digest is given?"""
    return db.number(_APPROVED, name=name, digest=digest) > 0


def tries(db: Database, name: str, until: int) -> tuple[int, int]:
    """How many texts of this name were tried up to this one, since one was proposed; how many questions they asked."""
    row = db.one(_TRIED, name=name, until=until)
    return (row["tried"], row["questions"]) if row else (0, 0)


def order(db: Database, number: int, now: datetime) -> bool:
    return db.execute(_ORDER, id=number, now=at(now)) == 1


def record(
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
        now=at(now),
    )
    return changed == 1
