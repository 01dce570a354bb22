"""Takes what hosts report of their tasks: the one place where a task comes back."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from axiom.domain.value import value_class
from axiom.domain.work import BriefTask, Report, TaskState, WorkunitState
from axiom.rules.tasks.reports import bound_cpu_seconds, judge_report
from axiom.server.returns import host_reliability, tasks_after_restore
from axiom.server.returns.host_reliability import ClosedTask
from axiom.server.returns.learn_costs import count_cores
from axiom.server.returns.transitioner import transit_many
from axiom.signed.trust import Trust
from axiom.store.engine.database import Database
from axiom.store.engine.folder import Folder
from axiom.store.hosts import hosts
from axiom.store.tasks import tasks, uploads
from axiom.store.tasks.tasks import ReportedTask, TaskWithOwner

log = logging.getLogger("axiom.reporting")


@value_class
class Acknowledgement:
    """What became of a report (no state: nothing). Once the host has it, the report is ours for good."""

    task_id: int
    state: TaskState | None
    reason: str

    @property
    def left_standing(self) -> bool:
        return self.state in {None, TaskState.RETURNED}


def take_reports(
    db: Database, folder: Folder, reports: Sequence[Report], now: datetime, *, trust: Trust
) -> list[Acknowledgement]:
    """Take reports, each with the digest of an output that is stored already. Every one of them gets an answer.

    The caller acknowledges only after this is committed. A task that nobody here remembers comes back by the ticket in
    its output.
    """
    if not reports:
        return []
    by_task = tasks.read_tasks_with_owners(db, [report.task_id for report in reports])
    if _is_forgotten(by_task, reports):
        by_task = _bring_back(db, folder, reports, by_task, trust)
    akin = _kindred_hosts(db, by_task, reports)
    taken: dict[int, ReportedTask] = {}
    answers: list[Acknowledgement] = []
    refused: list[Acknowledgement] = []
    for report in reports:
        stored = by_task.get(report.task_id)
        task = stored.task if stored else None
        if task is not None and report.task_id in taken:
            # Twice in one message: the first was taken.
            task = replace(task, state=taken[task.id].state, returned_at=now)
        decided = judge_report(
            task,
            report,
            is_akin=stored is not None and (report.host_id, stored.volunteer_id) in akin,
            workunit=stored.workunit if stored else WorkunitState.OPEN,
        )
        answers.append(Acknowledgement(task_id=report.task_id, state=decided.state, reason=decided.reason))
        if task is not None and decided.state is not None:
            taken[task.id] = ReportedTask(
                task=task,
                report=_count(db, task, report, now),
                state=decided.state,
                reason=decided.reason,
                cause=decided.cause,
            )
        else:
            refused.append(answers[-1])
    if refused:  # a line for each would let a stranger fill the disk
        first, host = refused[0], reports[0].host_id
        log.info("report.refused host=%d reports=%d first=%d %s", host, len(refused), first.task_id, first.reason)
    _write(db, list(taken.values()), now)
    return answers


def _count(db: Database, task: BriefTask, report: Report, now: datetime) -> Report:
    """The report with no more CPU time than the task can have taken."""
    out = (now - task.sent_at).total_seconds() if task.sent_at else 0.0
    if not bound_cpu_seconds(report.cpu_seconds, out, 1).reason:
        return report
    counted = bound_cpu_seconds(report.cpu_seconds, out, count_cores(db, task.experiment_id))
    if counted.reason:
        log.info("report.bounded id=%d host=%d %s", task.id, report.host_id, counted.reason)
    return replace(report, cpu_seconds=counted.seconds)


def _is_forgotten(by_task: Mapping[int, TaskWithOwner], reports: Sequence[Report]) -> bool:
    return any(
        report.task_id not in by_task or by_task[report.task_id].task.state is TaskState.UNSENT
        for report in reports
        if report.output_digest is not None
    )


def _bring_back(
    db: Database, folder: Folder, reports: Sequence[Report], by_task: Mapping[int, TaskWithOwner], trust: Trust
) -> dict[int, TaskWithOwner]:
    back: set[int] = set()
    for report in reports:
        if report.task_id not in back and tasks_after_restore.readmit_task(
            db, folder, trust, report, by_task.get(report.task_id)
        ):
            back.add(report.task_id)
    return tasks.read_tasks_with_owners(db, [report.task_id for report in reports])


def _kindred_hosts(
    db: Database, by_task: Mapping[int, TaskWithOwner], reports: Sequence[Report]
) -> set[tuple[int, int | None]]:
    foreign = [
        report.host_id
        for report in reports
        if report.task_id in by_task and by_task[report.task_id].task.host_id not in {None, report.host_id}
    ]
    return set(hosts.map_hosts_to_volunteers(db, foreign).items()) if foreign else set()


def _write(db: Database, taken: Sequence[ReportedTask], now: datetime) -> None:
    if not taken:
        return
    tasks.record_task_reports(db, taken, now)
    uploads.delete_uploads(db, [reported.task.id for reported in taken if reported.state is TaskState.RETURNED])
    failed = [reported for reported in taken if reported.state is not TaskState.RETURNED]
    # A copy that waits beside one that came back late is not wanted any more.
    moved = [
        reported
        for reported in taken
        if not (reported.state is TaskState.RETURNED and reported.task.state is TaskState.SENT)
    ]
    if moved:
        transit_many(db, [reported.task.workunit_id for reported in moved], now)
    host_reliability.update_standings(db, [_closed_task(reported, now) for reported in failed], now)
    for reported in failed:
        log.info(
            "task.%s id=%d host=%d cause=%s", reported.state, reported.task.id, reported.report.host_id, reported.cause
        )


def _closed_task(reported: ReportedTask, now: datetime) -> ClosedTask:
    return ClosedTask(
        task_id=reported.task.id,
        host_id=reported.report.host_id,
        state=reported.state,
        cause=reported.cause,
        sent_at=reported.task.sent_at,
        ended_at=now,
    )
