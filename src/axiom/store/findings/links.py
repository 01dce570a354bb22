"""Links between findings, and to old claims: who said what of which two, when, and what the evidence was then."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime

from axiom.domain.estimands import Direction
from axiom.domain.evidence import Meaning, verdict_meaning
from axiom.domain.links import FindingState, Link, LinkKind, Node, Noun
from axiom.domain.registrations import read_registration_body
from axiom.store.engine.database import Database, Row, as_value, to_microseconds
from axiom_weigh.values import Grade, Verdict

_SAME = """
SELECT id FROM link WHERE kind = :kind AND source_noun = :source_noun AND source_id = :source_id
    AND target_noun = :target_noun AND target_id = :target_id
"""
# Without the observations and sentences of each line, which are long.
_FOOTINGS = """
SELECT f.id, f.status, f.estimand, f.registration_id, e.verdict, e.grade
FROM finding f LEFT JOIN evidence e ON e.id = (
    SELECT id FROM evidence WHERE finding_number = f.id ORDER BY line DESC LIMIT 1)
"""
_FOOTINGS_OF = f"{_FOOTINGS} WHERE f.id IN (SELECT value FROM json_each(:numbers)) ORDER BY f.id"
_EVERY_FOOTING = f"{_FOOTINGS} ORDER BY f.id"
_BODIES_OF = """
SELECT id, body FROM registration
WHERE id IN (SELECT registration_id FROM finding WHERE id IN (SELECT value FROM json_each(:numbers)))
"""


def list_links(db: Database) -> list[Link]:
    return [_link(row) for row in db.select("SELECT * FROM link ORDER BY id")]


def find_last_link(db: Database) -> int:
    """The number of the newest link; 0 when there is none. Links are only ever added, so it says which there are."""
    return db.number("SELECT coalesce(max(id), 0) AS id FROM link")


def find_link(db: Database, kind: LinkKind, source: Node, target: Node) -> int | None:
    return db.scalar(
        int,
        _SAME,
        kind=kind,
        source_noun=source.noun,
        source_id=source.id,
        target_noun=target.noun,
        target_id=target.id,
    )


def add_link(
    db: Database,
    kind: LinkKind,
    source: Node,
    target: Node,
    *,
    upheld_by: Sequence[Meaning] = (),
    why: str,
    by: str,
    line: int = 0,
    evidence_hash: str = "",
    now: datetime,
) -> int:
    return db.add(
        "link",
        kind=kind,
        source_noun=source.noun,
        source_id=source.id,
        target_noun=target.noun,
        target_id=target.id,
        upheld_by=json.dumps(upheld_by),
        why=why,
        said_by=by,
        line=line,
        evidence_hash=evidence_hash,
        said_at=to_microseconds(now),
    )


def list_finding_states(db: Database) -> dict[int, FindingState]:
    return _footings(db.select(_EVERY_FOOTING), db.select("SELECT id, body FROM registration ORDER BY id"))


def find_finding_states(db: Database, numbers: Iterable[int]) -> dict[int, FindingState]:
    wanted = json.dumps(sorted(numbers))
    return _footings(db.select(_FOOTINGS_OF, numbers=wanted), db.select(_BODIES_OF, numbers=wanted))


def _footings(rows: Iterable[Row], registrations: Iterable[Row]) -> dict[int, FindingState]:
    bodies = {row["id"]: row["body"] for row in registrations}
    return {int(row["id"]): _footing(row, bodies[row["registration_id"]]) for row in rows}


def _footing(row: Row, body: str) -> FindingState:
    expects = Direction(read_registration_body(body).estimands[row["estimand"]]["expects"])
    if row["verdict"] is None:
        return FindingState(
            status=row["status"], grade=Grade.AWAITING, meaning=Meaning.UNDECIDED, expects=expects, is_weighed=False
        )
    return FindingState(
        status=row["status"],
        grade=Grade(row["grade"]),
        meaning=verdict_meaning(Verdict(row["verdict"]), expects),
        expects=expects,
    )


def _link(row: Row) -> Link:
    return as_value(
        Link,
        row,
        source=Node(noun=Noun(row["source_noun"]), id=row["source_id"]),
        target=Node(noun=Noun(row["target_noun"]), id=row["target_id"]),
        by=row["said_by"],
    )
