"""Compares the copies of tasks of which several are wanted. Their results are stored once enough of them agree."""

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from axiom.decisions.tasks.duplicates import Opinion
from axiom.decisions.tasks.quorum import Concord, concord
from axiom.domain.value import value
from axiom.domain.work import Agreement, Result, Task, TaskState
from axiom.server.returns import host_reliability
from axiom.store.engine.database import Database
from axiom.store.tasks import tasks as task_store
from axiom.store.tasks import workunits

log = logging.getLogger("axiom.copies")

ReadAgain = Callable[[Task], Sequence[Result]]  # what a copy brought that was judged before; nothing where it is lost


@value
class ComparedCopies:
    tasks: Sequence[Task]  # as they were before it
    decided: Concord
    results: Sequence[Result]  # that count from now on, first of all those of a copy that agrees


def compare(
    db: Database, workunit_id: int, wanted: int, brought: Mapping[int, Sequence[Result]], again: ReadAgain, early: float
) -> ComparedCopies:
    valid = [task for task in workunits.tasks_of(db, workunit_id) if task.state is TaskState.VALID]
    cells = {task.id: tuple(brought[task.id] if task.id in brought else again(task)) for task in valid}
    opinions = [Opinion(task_id=task.id, cells=cells[task.id]) for task in valid if cells[task.id]]
    decided = concord(opinions, wanted, early=early)
    lost = {task.id: Agreement.DIFFERS for task in valid if not cells[task.id]}  # a copy that nobody can read
    task_store.agree(db, {**lost, **decided.agreements})
    is_stored = any(task.agreement == Agreement.AGREES for task in valid)
    new = [*decided.agreeing, *decided.odd] if decided.agreeing else []
    if is_stored:
        new = [task_id for task_id in new if task_id in brought]
    log.info("copies.compared workunit=%d %s", workunit_id, decided.reason)
    return ComparedCopies(tasks=valid, decided=decided, results=[cell for task_id in new for cell in cells[task_id]])


def blame(db: Database, compared: ComparedCopies, now: datetime) -> None:
    """Nobody whose copy differs has anything in a row, and those against whom enough others agree were outvoted."""
    was_settled = any(task.agreement == Agreement.AGREES for task in compared.tasks)
    for task in compared.tasks:
        if compared.decided.agreements.get(task.id) is not Agreement.DIFFERS or task.host_id is None:
            continue
        is_known = task.agreement == Agreement.DIFFERS
        if not is_known:
            host_reliability.doubt(db, {task.host_id})
        if task.id in compared.decided.odd and not (is_known and was_settled):
            host_reliability.outvote(db, task.host_id, now)
