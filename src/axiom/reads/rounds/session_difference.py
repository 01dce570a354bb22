"""What findings, versions and credit became from the end of one session to the end of another."""

from axiom.reads.base.page_addresses import page_at
from axiom.reads.base.request import Answer, Reading
from axiom.reads.rounds.sessions import require_session
from axiom.store.engine.database import Row
from axiom.store.rounds import differences

_THOUSANDTHS = 1_000


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
