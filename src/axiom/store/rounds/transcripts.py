"""Transcripts: the hash-chained list of what was said to language models, what came back, and what it took."""

import json
from dataclasses import asdict, dataclass
from datetime import datetime

from axiom.domain.rounds import EntryKind, TranscriptEntry
from axiom.store.engine.database import Database, as_value, from_microseconds, to_microseconds
from axiom.store.engine.hash_chains import HashChain

_OF = "SELECT * FROM transcript WHERE session_id = :session_id ORDER BY id"
_OF_KIND = "SELECT * FROM transcript WHERE session_id = :session_id AND kind = :kind ORDER BY id"
_AMOUNT = """
SELECT count(*) AS amount FROM transcript WHERE session_id >= :begin AND session_id < :end AND kind = :kind
"""
_LAST = "SELECT * FROM transcript WHERE session_id = :session_id ORDER BY id DESC LIMIT 1"
_IDS = "SELECT id FROM transcript WHERE session_id >= :begin AND session_id < :end ORDER BY id"
_BETWEEN = """
SELECT * FROM transcript WHERE session_id >= :begin AND session_id < :end AND id BETWEEN :first AND :last
ORDER BY id
"""
_ASKED = """
SELECT t.at, s.name FROM transcript t JOIN session s ON s.id = t.session_id
WHERE t.kind = 'request' AND t.model = :model ORDER BY t.id DESC LIMIT 1
"""
_READ = """
SELECT t.body FROM transcript t JOIN session s ON s.id = t.session_id
WHERE t.kind = 'read' AND t.at <= :until AND (s.ended_at IS NULL OR s.ended_at >= :since)
"""
_TAKEN_SINCE = """
SELECT coalesce(sum(coalesce(a.tokens, r.tokens)), 0) AS tokens,
    coalesce(sum(coalesce(a.micros, r.micros)), 0) AS micros
FROM transcript r LEFT JOIN transcript a ON a.request_id = r.id WHERE r.at >= :since AND r.kind = 'request'
"""
# What a request took is what its answer says; of one without any, what was set aside for it.
_TAKEN = """
SELECT count(*) AS requests, min(r.at) AS since, coalesce(sum(coalesce(a.tokens, r.tokens)), 0) AS tokens,
    coalesce(sum(coalesce(a.micros, r.micros)), 0) AS micros
FROM transcript r LEFT JOIN transcript a ON a.request_id = r.id
WHERE r.session_id >= :begin AND r.session_id < :end AND r.kind = 'request'
"""
_CHAIN = HashChain(
    table="transcript",
    covered=("session_id", "at", "kind", "request_id", "model", "prompt", "body", "tokens", "micros"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class KeptEntry:
    id: int
    at: datetime
    entry: TranscriptEntry


@dataclass(frozen=True, kw_only=True, slots=True)
class TranscriptTotals:
    """What a session has asked of models, and what that took; unanswered requests in full."""

    requests: int
    tokens: int
    micros: int
    since: datetime | None  # when the first was sent


def append_transcript_entry(db: Database, session_id: int, entry: TranscriptEntry, now: datetime) -> int:
    facts = {"session_id": session_id, "at": to_microseconds(now), **asdict(entry)}
    return db.add("transcript", **facts, **_CHAIN.link(db, facts))


def list_transcript_entries(db: Database, session_id: int) -> list[KeptEntry]:
    return db.values(KeptEntry, _OF, session_id=session_id)


def list_entries_of_kind(db: Database, session_id: int, kind: EntryKind) -> list[KeptEntry]:
    return db.values(KeptEntry, _OF_KIND, session_id=session_id, kind=kind)


def has_read_other_programs(db: Database, program: str, *, since: datetime, until: datetime) -> bool:
    """Had this program read other programs' words by then, in a session that went on at `since` or later?"""
    rows = db.select(_READ, since=to_microseconds(since), until=to_microseconds(until))
    return any(json.loads(row["body"])["by"] == program for row in rows)


def count_transcript_entries(db: Database, rounds: range, kind: EntryKind) -> int:
    return db.number(_AMOUNT, begin=rounds.start, end=rounds.stop, kind=kind.value)


def find_last_transcript_entry(db: Database, session_id: int) -> KeptEntry | None:
    return db.value(KeptEntry, _LAST, session_id=session_id)


def list_transcript_ids(db: Database, rounds: range) -> list[int]:
    return [row["id"] for row in db.select(_IDS, begin=rounds.start, end=rounds.stop)]


def list_entries_between(db: Database, rounds: range, first: int, last: int) -> list[KeptEntry]:
    return db.values(KeptEntry, _BETWEEN, begin=rounds.start, end=rounds.stop, first=first, last=last)


def find_last_model_request(db: Database, model: str) -> tuple[datetime, str] | None:
    row = db.row(_ASKED, model=model)
    return (from_microseconds(row["at"]), row["name"]) if row else None


def sum_model_usage_since(db: Database, since: datetime) -> tuple[int, int]:
    """Tokens and millionths of money that all requests since then have taken; unanswered ones in full."""
    (row,) = db.select(_TAKEN_SINCE, since=to_microseconds(since))
    return row["tokens"], row["micros"]


def sum_transcript_usage(db: Database, rounds: range) -> TranscriptTotals:
    (row,) = db.select(_TAKEN, begin=rounds.start, end=rounds.stop)
    return as_value(TranscriptTotals, row)


def check_transcript_chain(db: Database) -> list[str]:
    return _CHAIN.problems(db, _CHAIN.rows(db))
