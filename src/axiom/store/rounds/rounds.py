"""Rounds and the sessions that tell of them: which steps are done, what was planned, and the notes of the log."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from axiom.domain.rounds import EVENTS, Note, Round, Step, Window
from axiom.store.engine.database import Database, Row, as_value, from_microseconds, to_microseconds

_CLOSED = """
SELECT e.name, e.version, t.state, t.reason, count(*) AS amount, count(t.sent_at) AS sent,
    sum(t.cpu_seconds) AS cpu_seconds
FROM task t JOIN experiment e ON e.id = t.experiment_id
WHERE t.closed_at >= :seen AND t.closed_at < :until
GROUP BY e.id, e.name, e.version, t.state, CASE WHEN t.state = 'valid' THEN '' ELSE t.reason END
ORDER BY e.id, t.state
"""
_LAST = "SELECT * FROM session ORDER BY id DESC LIMIT 1"
_BY_ID = "SELECT * FROM session WHERE id = :id"
_TOLD_BEFORE = "SELECT * FROM session WHERE told <> '' AND id < :id ORDER BY id DESC LIMIT 1"
_TELL = "UPDATE session SET name = :name, told = :why WHERE id = :id"
_ROUNDS = "SELECT * FROM session WHERE id > :after AND id <= :id ORDER BY id DESC LIMIT :limit"
_AMOUNT = "SELECT count(*) AS amount FROM session WHERE id > :after AND id <= :id"
_PLANS = """
SELECT plan FROM session WHERE id > (SELECT max(id) FROM session) - :most AND started_at >= :since
    AND plan LIKE '{"allotments": [{%' ORDER BY id
"""
_NOTES = "SELECT * FROM note WHERE session_id = :session_id ORDER BY id"
_OF_ROUNDS = """
SELECT * FROM (SELECT n.* FROM note n WHERE n.session_id > :after AND n.session_id < :id
    AND EXISTS (SELECT 1 FROM json_each(:kinds) k WHERE n.kind = k.value) ORDER BY n.id DESC LIMIT :limit) ORDER BY id
"""
_MOST_GATHERED = 1_000  # notes of quiet rounds
_MOST_DIGITS = 18  # of a round's number, fewer than the database can hold
ROUND = "round-"  # begins the name of every round, also of one that has the name of a session besides


def list_closed_task_counts(db: Database, reviewed_to: int, until: datetime) -> list[Row]:
    """What became of the tasks that closed from one moment to just before another: how many of each ended how.

    Many may close at one moment, also after we have looked: the clock stands still after it was set back.
    """
    return db.select(_CLOSED, seen=reviewed_to, until=to_microseconds(until))


def find_open_round(db: Database) -> Round | None:
    return db.value(Round, "SELECT * FROM session WHERE ended_at IS NULL ORDER BY id LIMIT 1")


def find_last_round(db: Database) -> Round | None:
    return db.value(Round, _LAST)


def list_newest_sessions(db: Database, limit: int) -> list[Round]:
    return db.values(Round, "SELECT * FROM session WHERE told <> '' ORDER BY id DESC LIMIT :limit", limit=limit)


def find_session_before(db: Database, session_id: int) -> Round | None:
    return db.value(Round, _TOLD_BEFORE, id=session_id)


def make_session_of_round(db: Database, session_id: int, why: str, now: datetime) -> Round:
    """This round tells of all since the session before: it gets a session's name, by the day and a letter."""
    day = f"{now:%Y-%m-%d}"
    amount = db.number("SELECT count(*) FROM session WHERE name LIKE :day", day=f"{day}-%")
    db.execute(_TELL, id=session_id, name=f"{day}-{_letters(amount)}", why=why)
    return read_round(db, session_id)


def find_last_round_before_session(db: Database, session: Round) -> int:
    """The number behind the last round of which this session does not tell; of a quiet one, of the round before it."""
    if not session.told:
        return session.id - 1
    before = find_session_before(db, session.id)
    return before.id if before else 0


def find_session_round_ids(db: Database, session: Round) -> range:
    return range(find_last_round_before_session(db, session) + 1, session.id + 1)


def list_session_rounds(db: Database, session: Round, limit: int) -> list[Round]:
    rows = db.select(_ROUNDS, after=find_last_round_before_session(db, session), id=session.id, limit=limit)
    return [_as_round(as_value(Round, row)) for row in rows]


def count_session_rounds(db: Database, session: Round) -> int:
    return db.number(_AMOUNT, after=find_last_round_before_session(db, session), id=session.id)


def read_session_window(db: Database, session: Round) -> Window:
    return Window(
        since=read_review_time_before(db, find_last_round_before_session(db, session) + 1),
        until=read_round_window(db, session).until,
    )


def find_first_round_start(db: Database, now: datetime) -> datetime:
    return db.scalar(from_microseconds, "SELECT min(started_at) FROM session") or now


def list_rounds(db: Database, limit: int) -> list[Round]:
    return db.values(Round, "SELECT * FROM session ORDER BY id DESC LIMIT :limit", limit=limit)


def count_ended_sessions(db: Database) -> int:
    """How many sessions have ended, without quiet rounds."""
    return db.number("SELECT count(*) AS amount FROM session WHERE told <> ''")


def find_round_by_name(db: Database, name: str) -> Round | None:
    """The session of this name. By its name as a round every one is found, and then is that round alone."""
    number = name.removeprefix(ROUND)
    if name.startswith(ROUND) and number.isascii() and number.isdecimal() and len(number) < _MOST_DIGITS:
        stored_round = db.value(Round, _BY_ID, id=int(number))
        return _as_round(stored_round) if stored_round else None
    return db.value(Round, "SELECT * FROM session WHERE name = :name", name=name)


def read_round(db: Database, session_id: int) -> Round:
    stored_round = db.value(Round, _BY_ID, id=session_id)
    if stored_round is None:
        raise LookupError(f"there is no round {session_id}")
    return stored_round


def begin_round(db: Database, *, pi: str, reason: str, now: datetime) -> Round:
    number = db.number("SELECT max(id) FROM session") + 1
    steps = json.dumps(list(Step))
    begun = {
        "pi": pi,
        "reason": reason,
        "reviewed_to": read_review_stamp(db),
        "steps": steps,
        "started_at": to_microseconds(now),
    }
    db.add("session", id=number, name=f"{ROUND}{number}", **begun)
    return read_round(db, number)


def read_review_stamp(db: Database) -> int:
    """The moment, in microseconds, before which earlier rounds have reviewed closed tasks."""
    return db.number("SELECT reviewed_to FROM session ORDER BY id DESC LIMIT 1")


def read_review_time_before(db: Database, session_id: int) -> datetime:
    """Up to which moment the round before this one has told what happened; the beginning of time for the first."""
    return from_microseconds(
        db.number("SELECT reviewed_to FROM session WHERE id < :id ORDER BY id DESC LIMIT 1", id=session_id)
    )


def find_previous_round_end(db: Database, session_id: int) -> datetime | None:
    return db.scalar(
        from_microseconds, "SELECT ended_at FROM session WHERE id < :id ORDER BY id DESC LIMIT 1", id=session_id
    )


def read_round_window(db: Database, held_round: Round) -> Window:
    until = db.number("SELECT reviewed_to FROM session WHERE id = :id", id=held_round.id)
    return Window(since=read_review_time_before(db, held_round.id), until=from_microseconds(until))


def set_round_holder(db: Database, session_id: int, holder: str, until: datetime | None) -> None:
    """Somebody has it in hand until then; nobody, without a name."""
    db.change("session", session_id, holder=holder, held_until=until)


def read_reviewed_workunit(db: Database, session_id: int) -> int:
    return db.number("SELECT max(seen_workunit) AS seen FROM session WHERE id < :id", id=session_id)


def set_reviewed_workunit(db: Database, session_id: int, newest: int) -> None:
    db.change("session", session_id, seen_workunit=newest)


def finish_round_step(
    db: Database, current_round: Round, step: Step, *, reviewed_to: int, now: datetime, ends: bool
) -> None:
    done = json.dumps([*current_round.done, step])
    db.change("session", current_round.id, done=done, reviewed_to=reviewed_to, ended_at=now if ends else None)


def store_round_plan(db: Database, session_id: int, plan: Mapping[str, Any]) -> None:
    db.change("session", session_id, plan=json.dumps(plan))


def read_round_plan(db: Database, session_id: int) -> Mapping[str, Any]:
    text = db.scalar(str, "SELECT plan FROM session WHERE id = :id", id=session_id)
    plan: Mapping[str, Any] = json.loads(text) if text else {}
    return plan


def list_ordering_plans(db: Database, since: datetime, most: int) -> list[str]:
    """Plans since then by which something was ordered, of so many newest sessions; as stored, for they never change."""
    return [row["plan"] for row in db.select(_PLANS, since=to_microseconds(since), most=most)]


def add_round_notes(db: Database, session_id: int, step: Step, notes: Sequence[Note]) -> None:
    db.add_all(
        "note",
        [
            {
                "session_id": session_id,
                "step": step,
                "kind": note.kind,
                "text": note.text,
                "facts": json.dumps(dict(note.facts), ensure_ascii=False),
                "about": note.about,
                "links": json.dumps(dict(note.rows)),
            }
            for note in notes
        ],
    )


def list_round_notes(db: Database, session_id: int) -> list[tuple[Step, Note]]:
    return [(Step(row["step"]), read_note(row)) for row in db.select(_NOTES, session_id=session_id)]


def list_quiet_round_notes(db: Database, session: Round, kinds: Sequence[str], limit: int) -> list[tuple[Step, Note]]:
    rows = db.select(
        _OF_ROUNDS,
        after=find_last_round_before_session(db, session),
        id=session.id,
        kinds=json.dumps(list(kinds)),
        limit=limit,
    )
    return [(Step(row["step"]), read_note(row)) for row in rows]


def list_session_notes(db: Database, session: Round) -> list[tuple[Step, Note]]:
    own = list_round_notes(db, session.id)
    own_kinds = {(note.kind, note.sentence) for _, note in own}
    earlier = list_quiet_round_notes(db, session, EVENTS, _MOST_GATHERED)
    events = {(note.kind, note.sentence): (step, note) for step, note in earlier}
    return [*(event for kind, event in events.items() if kind not in own_kinds), *own]


def read_note(row: Row) -> Note:
    return as_value(Note, row, rows=json.loads(row["links"]))


def _as_round(held_round: Round) -> Round:
    return replace(held_round, name=f"{ROUND}{held_round.id}", told="")


def _letters(number: int) -> str:
    """Letters that count: a to z, then aa, ab and so on."""
    text = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        text = chr(ord("a") + rest) + text
    return text
