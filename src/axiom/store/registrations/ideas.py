"""Questions that nobody has asked yet, who may read each, and what became of it. Their words never change."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from axiom.domain.proposals import Idea, IdeaAnswer, IdeaState, StoredIdea
from axiom.store.engine.database import (
    Database,
    Row,
    as_value,
    from_microseconds,
    from_optional_microseconds,
    to_microseconds,
)

_SELECT = """
SELECT i.*, x.name AS experiment, x.version AS version FROM idea i LEFT JOIN experiment x ON x.id = i.experiment_id
"""
_ONE = f"{_SELECT} WHERE i.id = :id"
_OF_VOLUNTEER = f"{_SELECT} WHERE i.volunteer_id = :volunteer_id ORDER BY i.id DESC"
_OF_NUMBERS = f"{_SELECT} WHERE i.id IN (SELECT value FROM json_each(:numbers))"
_IS_PUBLIC = "shown_at IS NOT NULL AND state != 'withdrawn'"
_STANDINGS = """
SELECT id AS number, state, answered_at FROM idea WHERE :state IN ('', state) ORDER BY id DESC
"""
_PUBLIC_STANDINGS = f"""
SELECT id AS number, state, answered_at FROM idea WHERE :state IN ('', state) AND {_IS_PUBLIC} ORDER BY id DESC
"""
_UNSHOWN = "SELECT id FROM idea WHERE state = 'open' AND shown_at IS NULL ORDER BY id DESC"
_SAME = "SELECT id FROM idea WHERE said_by = :said_by AND question = :question AND state = 'open' LIMIT 1"
_NOTED = "SELECT basis, session_id FROM idea WHERE basis IS NOT NULL"
_SHOW = "UPDATE idea SET shown_at = :now WHERE id = :id AND shown_at IS NULL AND state != 'withdrawn'"
_ANSWER = """
UPDATE idea SET state = :state, answer = :answer, answered_by = :answered_by, answered_at = :now,
    proposal_id = :proposal_id, experiment_id = :experiment_id, answering_finding = :answering_finding
WHERE id = :id AND state != 'withdrawn'
"""
_WITHDRAW = """
UPDATE idea SET state = 'withdrawn', answered_by = said_by, answered_at = :now WHERE id = :id AND state = 'open'
"""
_FORGET = "DELETE FROM idea WHERE volunteer_id = :volunteer_id AND (shown_at IS NULL OR state = 'withdrawn')"


@dataclass(frozen=True, kw_only=True, slots=True)
class IdeaStanding:
    """What lists are ordered by."""

    number: int
    state: IdeaState
    answered_at: datetime | None


def add_idea(db: Database, idea: Idea, *, is_shown: bool, session_id: int | None = None, now: datetime) -> int:
    return db.add(
        "idea",
        question=idea.question,
        why=idea.why,
        said_by=idea.by,
        volunteer_id=idea.volunteer_id,
        basis=idea.basis,
        finding_number=idea.finding,
        session_id=session_id,
        created_at=now,
        shown_at=now if is_shown else None,
    )


def find_idea(db: Database, number: int) -> StoredIdea | None:
    return db.read_row(_idea, _ONE, id=number)


def list_volunteer_ideas(db: Database, volunteer_id: int) -> list[StoredIdea]:
    return [_idea(row) for row in db.select(_OF_VOLUNTEER, volunteer_id=volunteer_id)]


def list_idea_standings(db: Database, state: str = "", *, public: bool) -> list[IdeaStanding]:
    """Of all ideas, or of those that everybody may read, the newest first."""
    return db.values(IdeaStanding, _PUBLIC_STANDINGS if public else _STANDINGS, state=state)


def list_unshown_idea_numbers(db: Database) -> list[int]:
    """The numbers of those that wait to be shown to everybody, the newest first."""
    return [row["id"] for row in db.select(_UNSHOWN)]


def read_ideas(db: Database, wanted: Sequence[int]) -> list[StoredIdea]:
    by_number = {row["id"]: _idea(row) for row in db.select(_OF_NUMBERS, numbers=json.dumps(list(wanted)))}
    return [by_number[number] for number in wanted if number in by_number]


def find_same_idea(db: Database, by: str, question: str) -> int | None:
    return db.scalar(int, _SAME, said_by=by, question=question)


def list_idea_bases(db: Database) -> dict[str, int | None]:
    return {row["basis"]: row["session_id"] for row in db.select(_NOTED)}


def show_idea(db: Database, number: int, now: datetime) -> bool:
    return db.execute(_SHOW, id=number, now=to_microseconds(now)) == 1


def hide_idea(db: Database, number: int) -> bool:
    return db.execute("UPDATE idea SET shown_at = NULL WHERE id = :id AND shown_at IS NOT NULL", id=number) == 1


def answer_idea(db: Database, number: int, reply: IdeaAnswer, experiment_id: int | None, now: datetime) -> bool:
    """Write down what became of it, in place of what was said before; whether it was there to be answered."""
    changed = db.execute(
        _ANSWER,
        id=number,
        state=reply.state.value,
        answer=reply.why,
        answered_by=reply.by,
        proposal_id=reply.proposal,
        experiment_id=experiment_id,
        answering_finding=reply.finding,
        now=to_microseconds(now),
    )
    return changed == 1


def withdraw_idea(db: Database, number: int, now: datetime) -> bool:
    return db.execute(_WITHDRAW, id=number, now=to_microseconds(now)) == 1


def delete_volunteer_ideas(db: Database, volunteer_id: int) -> None:
    """Delete what a volunteer wrote and others never read; what was shown stays, under the volunteer's number."""
    db.execute(_FORGET, volunteer_id=volunteer_id)


def _idea(row: Row) -> StoredIdea:
    state = IdeaState(row["state"])
    answered = IdeaAnswer(
        state=state,
        why=row["answer"],
        by=row["answered_by"],
        proposal=row["proposal_id"],
        experiment=f"{row['experiment']}@{row['version']}" if row["experiment"] else None,
        finding=row["answering_finding"],
    )
    return StoredIdea(
        number=row["id"],
        idea=as_value(Idea, row, by=row["said_by"], finding=row["finding_number"]),
        created_at=from_microseconds(row["created_at"]),
        shown_at=from_optional_microseconds(row["shown_at"]),
        state=state,
        answer=answered if state is not IdeaState.OPEN else None,
        answered_at=from_optional_microseconds(row["answered_at"]),
    )
