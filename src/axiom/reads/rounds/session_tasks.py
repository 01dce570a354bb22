"""The tasks that closed while a session ran, as its address narrows them."""

from axiom.domain.work import TaskState
from axiom.limits import rounds as limits
from axiom.reads.base import query_errors
from axiom.reads.base.page_addresses import page_at
from axiom.reads.base.request import Answer, Reading
from axiom.reads.rounds.sessions import require_session
from axiom.store.engine.database import Row, from_microseconds
from axiom.store.rounds import rounds as sessions
from axiom.store.rounds import session_counts


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
