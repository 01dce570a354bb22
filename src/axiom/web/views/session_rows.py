"""The rows behind the numbers of a log: the tasks that a session reviewed, and what differs between two sessions."""

from axiom.domain.sessions import Session
from axiom.domain.work import TaskState
from axiom.errors import NotFound
from axiom.store.engine.database import Row, moment
from axiom.store.sessions import differences, session_counts, sessions
from axiom.web.base import query_errors
from axiom.web.base.request import Answer, Reading

_SHOWN = 200
_THOUSANDTHS = 1_000


def tasks(reading: Reading, name: str) -> Answer:
    """The tasks that closed in the time of which a session tells, as the address narrows them."""
    session, query = named(reading, name), reading.query
    asked = session_counts.TaskFilter(
        experiment=query.get("experiment", ""),
        state=query.get("state", ""),
        host=reading.whole("host"),
        contradicted="contradicted" in query,
    )
    said = [*query_errors.choice(query, "state", TaskState), *query_errors.whole(query, "host")]
    window = sessions.whole_window(reading.db, session)
    rows = [] if said else session_counts.tasks(reading.db, window, asked, _SHOWN + 1)
    return {
        "session": session.name,
        "since": window.since.isoformat(),
        "until": window.until.isoformat(),
        "asked": {name: value for name, value in query.items() if value},
        "misread": said,
        "is_more": len(rows) > _SHOWN,
        "tasks": [_task(row) for row in rows[:_SHOWN]],
    }


def difference(reading: Reading, name: str, other: str) -> Answer:
    """What has changed from the end of one session to the end of another, whichever was named first."""
    older, newer = sorted((named(reading, name), named(reading, other)), key=lambda one: one.id)
    db = reading.db
    awards, amount = differences.credit(db, older, newer)
    return {
        "difference": {
            "from": older.name,
            "to": newer.name,
            "sessions": differences.amount(db, older, newer),
            "tasks": differences.closed(db, older, newer),
            "awards": awards,
            "credit": amount / _THOUSANDTHS,
            "findings": [_moved(row) for row in differences.moved(db, older, newer)],
            "experiments": [_version(row) for row in differences.versions(db, older, newer)],
        }
    }


def named(reading: Reading, name: str) -> Session:
    """The session of this name, or the sentence that there is none."""
    session = sessions.by_name(reading.db, name)
    if session is None:
        newest = sessions.told(reading.db, 1)
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
        "closed_at": moment(row["closed_at"]).isoformat(),
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
