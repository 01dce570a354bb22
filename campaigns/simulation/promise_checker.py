"""Sees what the laboratory promised to those outside, and whether it keeps it: after every event, and as a whole."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from axiom.domain.work import TaskState
from axiom.laboratory import promises
from axiom.store.engine.database import Database, connect_reader
from simulation import task_invariants
from simulation.laboratory import Simulated
from simulation.replies import Heard
from simulation.task_invariants import PromisedTask, StoreHead

_NOT_BACK = {TaskState.UNSENT, TaskState.SENT}


@dataclass(kw_only=True)
class Witness:
    """What was said to computers, held against what is in the books."""

    lab: Simulated
    handed_out: dict[int, tuple[int, str]] = field(default_factory=dict)  # task to host and ticket, for ever
    acknowledged: set[int] = field(default_factory=set)
    proven: dict[int, str] = field(default_factory=dict)  # task to the digest of the output with which it came back
    broken: list[str] = field(default_factory=list)
    looked: int = 0
    _db: Database | None = None
    _head: StoreHead = field(default_factory=lambda: StoreHead(audited=0, tasks=0, awards=0, credit=0))

    def hears(self, heard: Heard, host: int, brought: Iterable[tuple[int, str]], names: dict[str, int]) -> None:
        """A reply went to a host that brought reports: tasks with the digest of their outputs, empty for failures."""
        for order in heard.orders:
            before = self.handed_out.setdefault(order.task, (host, order.text))
            if before != (host, order.text):
                self.broken.append(f"I2 task {order.task} was given to host {before[0]} and to host {host}")
        claimed = dict(brought)
        answered = {names[name] for name in heard.acknowledged if name in names}
        touched = answered | {order.task for order in heard.orders} | set(names.values())
        stored = task_invariants.read_promised_tasks(self._reader(), touched)
        for task in sorted(answered):
            self._acknowledged(task, host, claimed.get(task, ""), stored.get(task))
        self._look(touched)

    def look(self) -> None:
        """Something happened that no computer was told of: does everything that grows still grow, and add up?"""
        self._look(())

    def look_at_everything(self) -> None:
        """Every promise over the whole laboratory, and every acknowledged task that was ever proven."""
        with self._reader().snapshot():
            by_promise = promises.find_broken_promises(
                self._reader(), self.lab.folder, self.lab.keys.trust, self.lab.clock.now
            )
            stored = task_invariants.read_promised_tasks(self._reader(), self.acknowledged)
        for promise, problems in by_promise.items():
            self.broken += [f"{promise} {problem}" for problem in problems[:5]]
        for task in sorted(self.acknowledged):
            self._acknowledged(task, self.handed_out.get(task, (0, ""))[0], self.proven.get(task, ""), stored.get(task))

    def head(self) -> StoreHead:
        """How far the books are."""
        return task_invariants.read_store_head(self._reader())

    def newest_workunit(self) -> int:
        """The newest; 0 where there is none."""
        return task_invariants.find_newest_workunit_id(self._reader())

    def close(self) -> None:
        """Nothing more is looked at through this connection."""
        if self._db is not None:
            self._db.close()
            self._db = None

    def _acknowledged(self, task: int, host: int, claimed: str, stored: PromisedTask | None) -> None:
        """A host was told that its report is taken, and forgets the task. I1: we must not."""
        self.acknowledged.add(task)
        if stored is None:
            self.broken.append(f"I1 task {task} was acknowledged and is not there")
        elif stored.host_id == host and stored.state in _NOT_BACK:
            self.broken.append(f"I1 task {task} was acknowledged to host {host} and is {stored.state}")
        elif claimed and stored.host_id == host and stored.output_digest is not None:
            kept = self.proven.setdefault(task, stored.output_digest)
            if stored.output_digest != kept:
                self.broken.append(f"I1 the output of task {task} was changed after it was acknowledged")

    def _look(self, touched: Iterable[int]) -> None:
        self.looked += 1
        db = self._reader()
        self.broken += task_invariants.list_broken_promises(db, list(touched))
        totals = task_invariants.sum_balances_by_holder(db)
        if totals.get("volunteer", 0) != totals.get("host", 0):
            self.broken.append(f"I3 volunteers have {totals.get('volunteer')} and hosts {totals.get('host')}")
        head = task_invariants.read_store_head(db)
        before = self._head
        if head.audited < before.audited or head.tasks < before.tasks or head.awards < before.awards:
            self.broken.append(f"I1 the books went back from {before} to {head}")
        self._head = head

    def _reader(self) -> Database:
        if self._db is None:
            self._db = connect_reader(self.lab.folder.database)
        return self._db
