"""Takes what hosts report of their tasks: the one place where a task comes back."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from axiom.decisions.tasks.reports import ReportOutcome, receive
from axiom.domain.value import value
from axiom.domain.work import Report, Task, TaskState, WorkunitState
from axiom.server.returns import after_restore as forgotten_tasks
from axiom.server.returns import host_reliability
from axiom.server.returns.host_reliability import ClosedTask
from axiom.server.returns.transitioner import transit_many
from axiom.signed.trust import Trust
from axiom.store.engine.database import Database
from axiom.store.engine.folder import Folder
from axiom.store.tasks import tasks, uploads
from axiom.store.tasks.tasks import ReportedTask, TaskOut

log = logging.getLogger("axiom.reporting")


@value
class Acknowledgement:
    """What became of a report (no state: nothing). Once the host has it, the report is ours for good."""

    task_id: int
    state: TaskState | None
    reason: str

    @property
    def left_standing(self) -> bool:
        """Does its host stand as it stood before, as far as this report goes? What came back is still to be judged."""
        return self.state in {None, TaskState.RETURNED}


def take(
    db: Database, folder: Folder, reports: Sequence[Report], now: datetime, *, trust: Trust | None = None
) -> list[Acknowledgement]:
    """Take reports, each with the digest of an output that is stored already. Every one of them gets an answer.

    The caller acknowledges only after this is committed. With `trust`, a task that nobody here remembers comes back
    by the ticket in its output.
    """
    if not reports:
        return []
    known = tasks.known(db, [said.task_id for said in reports])
    if trust is not None and _is_forgotten(known, reports):
        known = _remembered(db, folder, reports, known, trust)
    akin = _akin(db, known, reports)
    taken: dict[int, ReportedTask] = {}
    answers: list[Acknowledgement] = []
    refused: list[Acknowledgement] = []
    for said in reports:
        found = known.get(said.task_id)
        task = found.task if found else None
        if task is not None and said.task_id in taken:
            # Twice in one message: the first was taken.
            task = replace(task, state=taken[task.id].state, returned_at=now)
        decided = receive(
            task,
            said,
            is_akin=found is not None and (said.host_id, found.volunteer_id) in akin,
            workunit=found.workunit if found else WorkunitState.OPEN,
        )
        answers.append(Acknowledgement(task_id=said.task_id, state=decided.state, reason=decided.reason))
        if task is not None and decided.state is not None:
            taken[task.id] = _reported(task, said, decided, decided.state)
        else:
            refused.append(answers[-1])
    if refused:  # a line for each would let a stranger fill the disk
        first, host = refused[0], reports[0].host_id
        log.info("report.refused host=%d reports=%d first=%d %s", host, len(refused), first.task_id, first.reason)
    _write(db, list(taken.values()), now)
    return answers


def _reported(task: Task, said: Report, decided: ReportOutcome, state: TaskState) -> ReportedTask:
    return ReportedTask(task=task, report=said, state=state, reason=decided.reason, cause=decided.cause)


def _is_forgotten(known: Mapping[int, TaskOut], reports: Sequence[Report]) -> bool:
    """Is there a report of a task that, by our books, was never sent?"""
    return any(
        said.task_id not in known or known[said.task_id].task.state is TaskState.UNSENT
        for said in reports
        if said.output_digest is not None
    )


def _remembered(
    db: Database, folder: Folder, reports: Sequence[Report], known: Mapping[int, TaskOut], trust: Trust
) -> dict[int, TaskOut]:
    """What is known of the reported tasks once those are back that prove themselves; one may be reported twice."""
    back: set[int] = set()
    for said in reports:
        if said.task_id not in back and forgotten_tasks.readmit(db, folder, trust, said, known.get(said.task_id)):
            back.add(said.task_id)
    return tasks.known(db, [said.task_id for said in reports])


def _akin(db: Database, known: Mapping[int, TaskOut], reports: Sequence[Report]) -> set[tuple[int, int | None]]:
    """Which of the reporting hosts are of one volunteer with a host that was given another's task."""
    foreign = [
        said.host_id
        for said in reports
        if said.task_id in known and known[said.task_id].task.host_id not in {None, said.host_id}
    ]
    return set(tasks.volunteers_of(db, foreign).items()) if foreign else set()


def _write(db: Database, taken: Sequence[ReportedTask], now: datetime) -> None:
    if not taken:
        return
    tasks.record(db, taken, now)
    uploads.forget(db, [one.task.id for one in taken if one.state is TaskState.RETURNED])
    failed = [one for one in taken if one.state is not TaskState.RETURNED]
    # A copy that waits beside one that came back late is not wanted any more.
    moved = [one for one in taken if not (one.state is TaskState.RETURNED and one.task.state is TaskState.SENT)]
    if moved:
        transit_many(db, [one.task.workunit_id for one in moved], now)
    host_reliability.settle(db, [_closed(one, now) for one in failed], now)
    for one in failed:
        log.info("task.%s id=%d host=%d cause=%s", one.state, one.task.id, one.report.host_id, one.cause)


def _closed(one: ReportedTask, now: datetime) -> ClosedTask:
    return ClosedTask(
        task_id=one.task.id,
        host_id=one.report.host_id,
        state=one.state,
        cause=one.cause,
        sent_at=one.task.sent_at,
        ended_at=now,
    )
