"""What a scheduler must know of a host's tasks at each contact; it only reads."""

from dataclasses import dataclass

from axiom.domain.work import TaskState, WorkunitState
from axiom.store.database import Database

_IN_HAND = """
SELECT t.id, w.state FROM task t JOIN workunit w ON w.id = t.workunit_id
WHERE t.host_id = :host_id AND t.state = 'sent'
"""
_STANDS = """
SELECT t.id, t.host_id, t.state, w.state AS workunit FROM task t JOIN workunit w ON w.id = t.workunit_id
WHERE t.id = :id
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Stand:
    """How a task stands that a client says it has."""

    host_id: int | None
    state: TaskState
    workunit: WorkunitState


def in_hand(db: Database, host_id: int) -> dict[int, WorkunitState]:
    """The tasks that are out to this host by our books, and how the workunit of each stands."""
    return {row["id"]: WorkunitState(row["state"]) for row in db.select(_IN_HAND, host_id=host_id)}


def stand(db: Database, task_id: int) -> Stand | None:
    """How one task stands; None for one that was never made."""
    row = db.one(_STANDS, id=task_id)
    if row is None:
        return None
    return Stand(host_id=row["host_id"], state=TaskState(row["state"]), workunit=WorkunitState(row["workunit"]))
