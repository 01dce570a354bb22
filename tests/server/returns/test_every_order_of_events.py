"""Whatever happens in whatever order to a small laboratory, every promise holds after every step."""

import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import stored_work

from axiom.domain.failure_causes import Cause
from axiom.domain.work import Exit, Outcome, TaskState, WorkunitState
from axiom.errors import Withdrawn
from axiom.laboratory.experiments.retire import retire_version
from axiom.laboratory.tasks.commands import AbortTask
from axiom.server.returns.transitioner import transit_workunit
from axiom.signed.outputs import CellError
from axiom.store.tasks import tasks, workunits

HOSTS = {1: {"cores": 2}, 2: {"cores": 1, "volunteer": "Bob"}, 3: {"cores": 3, "memory_mb": 250}}  # Ada's, but one
RAISED = {"outcome": Outcome.FAILED, "measures": None, "error": CellError(kind="KeyError", where="tiny_sum.py:9")}
AWAITED = {TaskState.SENT, TaskState.EXPIRED}
EXITS = [*[Exit.DONE] * 6, Exit.CHILD_LOST, Exit.ABORTED_BY_USER]


def brought(lab, order, chance: random.Random) -> bytes | None:
    """What a host brings: mostly what was ordered."""
    whole = lab.output(order)
    others = [
        lab.output(order, outcome=Outcome.LATE, measures=None),
        lab.output(order, outcome=Outcome.DIVERGED),
        lab.output(order, **RAISED),
        whole[:-9],
        whole.replace(b'"seed":', b'"seed":1'),
        None,
    ]
    return chance.choice([whole] * 10 + others)


@dataclass(kw_only=True)
class Story:
    """Hosts ask and report, deadlines pass, people withdraw and publish. Each method is one thing that may happen."""

    lab: Any
    prepared: Any
    version: int = 1  # of which is ordered
    orders: dict = field(default_factory=dict)  # every order ever given, by its task
    holding: dict = field(default_factory=lambda: {host: set() for host in HOSTS})  # what hosts believe to have
    closed: dict = field(default_factory=dict)  # workunits seen closed: their state and how many tasks they have
    seen: Counter = field(default_factory=Counter)

    def begin(self) -> None:
        self.lab.publish(self.prepared())
        for host, gives in HOSTS.items():
            assert self.lab.host(f"host {host}", **gives) == host
        self.lab.deploy(workunits=2)

    def a_host_asks(self, chance: random.Random) -> None:
        host = chance.choice(list(HOSTS))
        if chance.random() < 0.3:
            self.holding[host].clear()
        known = tuple(self.holding[host])
        for order in self.lab.ask(host, holding=known, wanted=chance.randint(1, 3)):
            assert order.host == host
            assert order.task not in known
            self.seen["sent again"] += order.task in self.orders
            assert self.orders.setdefault(order.task, order) == order
            wanted = workunits.find_workunit(self.lab.db, tasks.find_task(self.lab.db, order.task).workunit_id)
            assert wanted.state is WorkunitState.OPEN
            self.holding[host].add(order.task)

    def a_host_reports(self, chance: random.Random) -> None:
        if self.orders:
            out = [task.id for task in stored_work.tasks(self.lab.db) if task.state in AWAITED]
            order = self.orders[chance.choice(out if out and chance.random() < 0.8 else sorted(self.orders))]
            before = tasks.find_task(self.lab.db, order.task)
            output = brought(self.lab, order, chance)
            taken = self.lab.report(order, output, exit_status=chance.choice(EXITS))
            self.holding[order.host].discard(order.task)
            is_out_yet = before.cause == Cause.TAKEN_BACK and before.returned_at is None
            assert (taken == before) == (before.state not in AWAITED and not is_out_yet)
            self.seen["reported after its abort"] += is_out_yet
            self.seen["came late"] += before.state is TaskState.EXPIRED

    def a_foreign_host_reports(self, chance: random.Random) -> None:
        order = self.orders[chance.choice(list(self.orders))] if self.orders else None
        for host in HOSTS:
            if order and (host == 2) != (order.host == 2):
                before = tasks.find_task(self.lab.db, order.task)
                assert self.lab.report(order, self.lab.output(order), host=host) == before

    def outputs_are_judged(self, _chance: random.Random) -> None:
        self.lab.validate()
        assert tasks.list_returned_tasks(self.lab.db, 1) == []

    def an_hour_passes(self, _chance: random.Random) -> None:
        self.lab.later(hours=1)

    def deadlines_pass(self, chance: random.Random) -> None:
        self.lab.later(hours=30)
        if chance.random() < 0.7:
            self.lab.sweep()
            assert self.lab.sweep() == 0

    def work_is_ordered(self, chance: random.Random) -> None:
        retired = self.is_retired(self.version)
        try:
            self.lab.deploy(
                self.version,
                workunits=1,
                replicates_each=chance.choice([1, 2, 9]),
                max_failures=chance.randint(1, 3),
                copies=chance.choice([1, 1, 2]),
            )
        except Withdrawn:
            assert retired
        else:
            assert not retired

    def a_workunit_is_cancelled(self, chance: random.Random) -> None:
        wanted = chance.choice(stored_work.workunits(self.lab.db))
        with self.lab.db.transaction():
            workunits.request_abort(self.lab.db, wanted.id, "cancelled")
            transit_workunit(self.lab.db, wanted.id, self.lab.now)

    def a_task_is_aborted(self, chance: random.Random) -> None:
        out = [task.id for task in stored_work.tasks(self.lab.db, state="sent")]
        if out:
            command = AbortTask(task=chance.choice(out), again=chance.random() < 0.7)
            with self.lab.db.transaction():
                command.apply(self.lab.db, None, None, self.lab.now)

    def the_server_starts_again(self, _chance: random.Random) -> None:
        for wanted in stored_work.workunits(self.lab.db):
            with self.lab.db.transaction():
                transit_workunit(self.lab.db, wanted.id, self.lab.now)

    def is_retired(self, version: int) -> bool:
        row = self.lab.db.row("SELECT retired_at FROM experiment WHERE id = :id", id=version)
        return row is not None and row["retired_at"] is not None

    def publish(self, version: int, **changes) -> None:
        retired = self.is_retired(version)
        try:
            assert self.lab.publish(self.prepared(version=version, **changes)).experiment_id == version
        except Withdrawn:
            assert retired
        else:
            assert not retired
            self.version = version

    def a_repair_is_published(self, _chance: random.Random) -> None:
        if self.version == 1:
            self.publish(1, top="REPAIRED = True")

    def the_next_version_is_published(self, _chance: random.Random) -> None:
        self.publish(2)
        assert workunits.list_open_workunits(self.lab.db, 1, after=0, limit=1) == []

    def the_experiment_is_retired(self, _chance: random.Random) -> None:
        with self.lab.db.transaction():
            retire_version(self.lab.db, self.version, "retired", self.lab.now)
        assert workunits.list_open_workunits(self.lab.db, self.version, after=0, limit=1) == []

    def check(self) -> None:
        assert self.lab.broken() == {}
        for wanted in stored_work.workunits(self.lab.db):
            stands = wanted.state, len(tasks.list_workunit_tasks(self.lab.db, wanted.id))
            if wanted.state is not WorkunitState.OPEN or wanted.id in self.closed:
                assert self.closed.setdefault(wanted.id, stands) == stands

    def end(self) -> None:
        self.seen.update(f"task {task.state}" for task in stored_work.tasks(self.lab.db))
        self.seen.update(f"workunit {wanted.state}" for wanted in stored_work.workunits(self.lab.db))
        self.seen["part"] += self.lab.db.row("SELECT count(split_from) AS n FROM workunit")["n"]
        self.seen["duplicate"] += self.lab.db.row("SELECT count(*) AS n FROM duplicate")["n"]
        self.lab.db.close()


OFTEN = {
    Story.a_host_asks: 60,
    Story.a_host_reports: 40,
    Story.a_foreign_host_reports: 4,
    Story.outputs_are_judged: 20,
    Story.an_hour_passes: 8,
    Story.deadlines_pass: 40,
    Story.work_is_ordered: 40,
    Story.a_workunit_is_cancelled: 4,
    Story.a_task_is_aborted: 4,
    Story.the_server_starts_again: 4,
    Story.a_repair_is_published: 2,
    Story.the_next_version_is_published: 1,
    Story.the_experiment_is_retired: 1,
}


def test_every_promise_holds_after_every_step_wherever_work_can_get(new_lab, prepared, tmp_path):
    seen = Counter()
    for seed in range(8, 14):
        chance = random.Random(seed)
        story = Story(lab=new_lab(tmp_path / str(seed)), prepared=prepared, seen=seen)
        story.begin()
        try:
            for event in chance.choices(list(OFTEN), OFTEN.values(), k=120):
                event(story, random.Random(chance.getrandbits(32)))  # which decides its details
                story.check()
        finally:
            story.end()
    reached = {f"task {state}" for state in TaskState} | {f"workunit {state}" for state in WorkunitState}
    further = {"sent again", "came late", "reported after its abort", "duplicate", "part"}
    assert {what for what, amount in seen.items() if amount} == reached | further
