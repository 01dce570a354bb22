"""The rows behind a log: the tasks that a session reviewed, its transcript, and what differs between two sessions."""

import json

from axiom.domain.rounds import EntryKind, Round
from axiom.domain.work import TaskState
from axiom.errors import NotFound
from axiom.limits import rounds as limits
from axiom.reads.base import query_errors
from axiom.reads.base.page import page_at
from axiom.reads.base.paging import Page
from axiom.reads.base.request import Answer, Reading
from axiom.store.engine.database import Row, from_microseconds
from axiom.store.rounds import differences, session_counts, transcripts
from axiom.store.rounds import rounds as sessions
from axiom.store.rounds.transcripts import KeptEntry

_THOUSANDTHS = 1_000
_MILLIONTHS = 1_000_000


@page_at("/sessions/{name}/tasks", "session_tasks.html", words="experiment state host contradicted")
def session_tasks_page(reading: Reading, name: str) -> Answer:
    """The tasks that closed in the time of which a session tells, as the address narrows them."""
    session, query = require_session(reading, name), reading.query
    filters = session_counts.TaskFilter(
        experiment=query.get("experiment", ""),
        state=query.get("state", ""),
        host=reading.whole("host"),
        contradicted="contradicted" in query,
    )
    misread = [*query_errors.not_a_choice(query, "state", TaskState), *query_errors.not_a_number(query, "host")]
    window = sessions.read_session_window(reading.db, session)
    rows = [] if misread else session_counts.list_closed_tasks(reading.db, window, filters, limits.TASKS_SHOWN + 1)
    return {
        "session": session.name,
        "since": window.since.isoformat(),
        "until": window.until.isoformat(),
        "asked": {name: value for name, value in query.items() if value},
        "misread": misread,
        "is_more": len(rows) > limits.TASKS_SHOWN,
        "tasks": [_task(row) for row in rows[: limits.TASKS_SHOWN]],
    }


@page_at("/sessions/{name}/transcript", "transcript.html")
def transcript_page(reading: Reading, name: str) -> Answer:
    """What was said to language models in a session and what came back, the oldest first."""
    session = require_session(reading, name)
    rounds = sessions.find_session_round_ids(reading.db, session)
    numbers, start = transcripts.list_transcript_ids(reading.db, rounds), reading.whole("from")
    first = numbers.index(start) if start in numbers else 0
    part = Page(ids=numbers, first=first, length=max(1, len(numbers)) if reading.is_whole else limits.ENTRIES_ON_A_PAGE)
    lines = part.shown
    entries = transcripts.list_entries_between(reading.db, rounds, lines[0], lines[-1]) if lines else []
    return {
        "transcript": {
            "session": session.name,
            "of": len(numbers),
            **describe_model_use(reading, session),
            "entries": [_entry(entry) for entry in entries],
        },
        **part.around(f"/sessions/{session.name}/transcript?from="),
    }


def describe_model_use(reading: Reading, session: Round) -> Answer:
    """What a session has asked of language models, what that took, and how often it was not asked or not answered."""
    rounds = sessions.find_session_round_ids(reading.db, session)
    taken = transcripts.sum_transcript_usage(reading.db, rounds)
    return {
        "requests": taken.requests,
        "tokens": taken.tokens,
        "cost": taken.micros / _MILLIONTHS if taken.micros else None,
        "failures": transcripts.count_transcript_entries(reading.db, rounds, EntryKind.FAILURE),
        "refusals": transcripts.count_transcript_entries(reading.db, rounds, EntryKind.REFUSAL),
    }


def _entry(kept: KeptEntry) -> Answer:
    entry = kept.entry
    body = json.loads(entry.body)
    return {
        "number": kept.id,
        "at": kept.at.isoformat(),
        "kind": entry.kind.value,
        "model": entry.model,
        "prompt": entry.prompt,
        "tokens": entry.tokens,
        "cost": entry.micros / _MILLIONTHS if entry.micros else None,
        "answers": entry.request_id,
        "said": _lines(entry.kind, body),
        "body": body,
    }


def _lines(kind: EntryKind, body: Answer) -> list[Answer]:
    """An entry as lines: who says what."""
    if kind is EntryKind.REQUEST:
        return [line for message in body["messages"] for line in _message(message["speaker"], message)]
    if kind is EntryKind.ANSWER:
        return _message("model", body)
    if kind is EntryKind.READ:
        words = f"From here on {body['by']} has read what {', '.join(body['programs'])} wrote."
        return [{"who": "laboratory", "text": words}]
    return [{"who": "laboratory", "text": body["reason"]}, *_message("tool", {"results": body.get("untold", [])})]


def _message(speaker: str, message: Answer) -> list[Answer]:
    lines = [{"who": "tool", "text": result["text"]} for result in message.get("results", [])]
    if message.get("text"):
        lines.append({"who": speaker, "text": message["text"]})
    calls = [(call["name"], json.dumps(call["words"], ensure_ascii=False)) for call in message.get("calls", [])]
    return [*lines, *({"who": f"{speaker}, calls {name}", "text": words} for name, words in calls)]


@page_at("/sessions/{name}/since/{other}", "difference.html")
def difference_page(reading: Reading, name: str, other: str) -> Answer:
    """What has changed from the end of one session to the end of another, whichever was named first."""
    older, newer = sorted(
        (require_session(reading, name), require_session(reading, other)), key=lambda session: session.id
    )
    db = reading.db
    awards, amount = differences.sum_credit_between(db, older, newer)
    return {
        "difference": {
            "from": older.name,
            "to": newer.name,
            "sessions": differences.count_sessions_between(db, older, newer),
            "tasks": differences.count_tasks_closed_between(db, older, newer),
            "awards": awards,
            "credit": amount / _THOUSANDTHS,
            "findings": [_moved(row) for row in differences.list_moved_findings(db, older, newer)],
            "experiments": [_version(row) for row in differences.list_version_events(db, older, newer)],
        }
    }


def require_session(reading: Reading, name: str) -> Round:
    """The session of this name, or the sentence that there is none."""
    session = sessions.find_round_by_name(reading.db, name)
    if session is None:
        newest = sessions.list_newest_sessions(reading.db, 1)
        raise NotFound(
            f"There is no session {name}. "
            + (f"The newest is {newest[0].name}." if newest else "This laboratory has held none yet.")
        )
    return session


def _task(row: Row) -> Answer:
    return {
        "number": row["id"],
        "experiment": f"{row['name']}@{row['version']}",
        "state": row["state"],
        "host": row["host_id"],
        "cpu_seconds": row["cpu_seconds"],
        "elapsed_seconds": row["elapsed_seconds"],
        "reason": row["reason"],
        "closed_at": from_microseconds(row["closed_at"]).isoformat(),
    }


def _moved(row: Row) -> Answer:
    return {
        "number": row["number"],
        "experiment": f"{row['name']}@{row['version']}",
        "estimand": row["estimand"],
        "before": None
        if row["old_verdict"] is None
        else {"verdict": row["old_verdict"], "grade": row["old_grade"], "seeds": row["old_seeds"]},
        "now": {"verdict": row["verdict"], "grade": row["grade"], "seeds": row["seeds"]},
    }


def _version(row: Row) -> Answer:
    status = "recalled" if row["recalled_at"] else "retired" if row["retired_at"] else "published"
    return {"experiment": f"{row['name']}@{row['version']}", "status": status, "why": row["why"]}
