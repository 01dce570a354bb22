"""What people and programs wrote: about a session, or for a paper over findings. Texts are added and never changed."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from axiom.store.engine.database import Database, to_microseconds

_OF_ROUNDS = """
SELECT *, id AS number FROM prose WHERE id IN (SELECT max(id) FROM prose
    WHERE session_id >= :begin AND session_id < :end GROUP BY author, session_id)
ORDER BY id
"""
_OF_PAPER = """
SELECT *, id AS number FROM prose WHERE id IN (SELECT max(id) FROM prose
    WHERE findings = :findings AND findings <> '' GROUP BY author)
ORDER BY id
"""
_LAST_OF = (
    "SELECT *, id AS number FROM prose WHERE author = :author AND session_id IS NOT NULL ORDER BY id DESC LIMIT 1"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class KeptProse:
    number: int
    author: str
    text: str
    at: datetime


def add_session_prose(db: Database, session_id: int, *, author: str, text: str, now: datetime) -> int:
    return db.add("prose", session_id=session_id, findings="", author=author, text=text, at=to_microseconds(now))


def add_paper_prose(db: Database, findings: Collection[int], *, author: str, text: str, now: datetime) -> int:
    return db.add(
        "prose", session_id=None, findings=_listed(findings), author=author, text=text, at=to_microseconds(now)
    )


def list_round_prose(db: Database, rounds: range) -> list[KeptProse]:
    return db.values(KeptProse, _OF_ROUNDS, begin=rounds.start, end=rounds.stop)


def find_last_prose(db: Database, author: str) -> KeptProse | None:
    """What somebody wrote last beside a log."""
    return db.value(KeptProse, _LAST_OF, author=author)


def list_paper_prose(db: Database, findings: Collection[int]) -> list[KeptProse]:
    return db.values(KeptProse, _OF_PAPER, findings=_listed(findings))


def _listed(findings: Collection[int]) -> str:
    return ",".join(map(str, sorted(set(findings))))
