"""Commands about work: cancel workunits, abort a task."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any

from axiom.domain.callers import Capability
from axiom.domain.work import Task, TaskState, WorkunitState
from axiom.errors import NotFound, Refused
from axiom.gate.command import Answer, Command
from axiom.gate.laboratory import Laboratory
from axiom.gate.words import LINES, NUMBER
from axiom.rules.accounts.command_permission import CommandCost
from axiom.server.returns.transitioner import transit_many
from axiom.store.engine.database import Database
from axiom.store.tasks import tasks
from axiom.store.tasks import workunits as workunit_store

_REASON = {"max_length": 500, "pattern": LINES}


@dataclass(frozen=True, kw_only=True)
class CancelWorkunits(Command, name="workunit.cancel", capability=Capability.OPERATE):
    """Withdraw open workunits and their parts: nothing more of them is sent. What is out may come back and is kept.

    It costs no evidence. While more is wanted of their findings, the same seeds are ordered again before any new one.
    """

    workunits: list[Annotated[int, NUMBER]] = field(metadata={"min_length": 1, "max_length": 10_000})
    reason: str = field(default="cancelled", metadata=_REASON | {"help": "Why; it stays with the workunit."})

    def request(self, db: Database) -> CommandCost:
        """Each workunit is an abort, and each open part of one."""
        unnamed = set(workunit_store.list_open_parts(db, self.workunits)).difference(self.workunits)
        return CommandCost(command=self.name, capability=self.capability, aborts=len(self.workunits) + len(unnamed))

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        """Cancel those that are open, and open parts; the others are closed already and stay as they are."""
        states = {
            workunit.id: workunit.state for workunit, _ in workunit_store.read_workunits_with_tasks(db, self.workunits)
        }
        if unknown := [wanted for wanted in self.workunits if wanted not in states]:
            raise NotFound(f"There is no workunit {unknown[0]}. Nothing was cancelled.")
        wanted = list(dict.fromkeys(self.workunits))
        still_open = [number for number in wanted if states[number] is WorkunitState.OPEN]
        cancelled = list(dict.fromkeys([*still_open, *workunit_store.list_open_parts(db, wanted)]))
        workunit_store.request_aborts(db, cancelled, self.reason)
        transit_many(db, cancelled, now)
        closed_before = [number for number in wanted if states[number] is not WorkunitState.OPEN]
        return {"cancelled": cancelled, "closed_before": closed_before}


@dataclass(frozen=True, kw_only=True)
class AbortTask(Command, name="task.abort", capability=Capability.OPERATE):
    """Abort one task that a host has: its client stops it at its next contact, and its work goes to somebody else.

    What the host computed until then is paid as any task that the laboratory took back. A computer of the laboratory's
    own ends what it has begun.
    """

    task: int = field(metadata=NUMBER)
    reason: str = field(default="aborted by the operator", metadata=_REASON | {"help": "Why; it stays with the task."})
    again: bool = field(
        default=True,
        metadata={"description": "Order its work anew; otherwise its workunit and open parts of it are cancelled."},
    )

    def request(self, db: Database) -> CommandCost:
        """It is one abort, and each part that is cancelled with its workunit another."""
        task = tasks.find_task(db, self.task)
        parts = self._list_parts_given_up(db, task) if task else []
        return CommandCost(command=self.name, capability=self.capability, aborts=1 + len(parts))

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        """Take it back, and let its workunit decide what follows."""
        task = self._must_be_out(db)
        parts = self._list_parts_given_up(db, task)
        tasks.take_back_task(db, task, self.reason, now)
        if not self.again:
            workunit_store.request_aborts(db, [task.workunit_id, *parts], self.reason)
        decided = transit_many(db, [task.workunit_id, *parts], now).get(task.workunit_id)
        return {
            "task": task.id,
            "workunit": task.workunit_id,
            "host": task.host_id,
            "again": decided is not None and decided.create > 0,
            "parts": parts,
        }

    def _list_parts_given_up(self, db: Database, task: Task) -> list[int]:
        return [] if self.again else workunit_store.list_open_parts(db, [task.workunit_id])

    def _must_be_out(self, db: Database) -> Task:
        """The task, which a host has, and which somebody else may compute if that is wanted."""
        task = tasks.find_task(db, self.task)
        ordered = workunit_store.find_workunit(db, task.workunit_id) if task else None
        if task is None or ordered is None:
            raise NotFound(f"There is no task {self.task}. Nothing was aborted.")
        if task.state is not TaskState.SENT:
            where = f"; `axiom workunit cancel {ordered.id}` takes its work back" if task.state.is_alive else ""
            raise Refused(f"Task {task.id} is {task.state}: no host computes it. Nothing was aborted{where}.")
        if self.again and ordered.state is WorkunitState.OPEN and ordered.target_host_id is not None:
            raise Refused(
                f"Task {task.id} is meant for host {ordered.target_host_id} alone, so nobody else can be given its "
                "work. Nothing was aborted; with --not-again its work is given up."
            )
        return task
