"""Whatever happens in whatever order to a small laboratory, every promise holds after every step."""

import itertools

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from axiom.domain.work import Exit, Outcome, TaskState, WorkunitState
from axiom.errors import Withdrawn
from axiom.lab.withdraw import withdraw
from axiom.server.transitioner import transit
from axiom.signed.outputs import CellError
from axiom.store import results, work

HOSTS = {1: {"cores": 2}, 2: {"cores": 1}, 3: {"cores": 3, "memory_mb": 250}}
CLOSED = [state for state in WorkunitState if state is not WorkunitState.OPEN]
RAISED = {"outcome": Outcome.FAILED, "measures": None, "error": CellError(kind="KeyError", where="tiny_sum.py:9")}


def outputs(lab, order):
    """What hosts bring, honest and otherwise."""
    whole = lab.output(order)
    return {
        "whole": whole,
        "late": lab.output(order, outcome=Outcome.LATE, measures=None),
        "diverged": lab.output(order, outcome=Outcome.DIVERGED),
        "raised": lab.output(order, **RAISED),
        "cut": whole[:-9],
        "forged": whole.replace(b'"seed":', b'"seed":1'),
        "nothing": None,
    }


class Laboratory(RuleBasedStateMachine):
    """Hosts ask and report, deadlines pass, people withdraw and publish; `holding` is what hosts believe to have."""

    def __init__(self, lab, prepared) -> None:
        super().__init__()
        self.lab = lab
        self.prepared = prepared
        self.version = 1
        self.orders = {}  # every order ever given, by its task
        self.holding = {host: set() for host in HOSTS}
        self.closed = {}  # workunits that were seen closed, with their state and how many tasks they have
        lab.publish(prepared())
        for host, gives in HOSTS.items():
            assert lab.host(f"host {host}", **gives) == host
        lab.deploy(workunits=2)

    @rule(host=st.sampled_from(list(HOSTS)), wanted=st.integers(1, 3), forgets=st.booleans())
    def ask(self, host, wanted, forgets):
        if forgets:
            self.holding[host].clear()
        known = tuple(self.holding[host])
        for order in self.lab.ask(host, holding=known, wanted=wanted).orders:
            assert order.task not in known
            assert self.orders.setdefault(order.task, order) == order
            assert order.host == host
            wanted_by = work.workunit(self.lab.db, work.task(self.lab.db, order.task).workunit_id)
            assert wanted_by.state is WorkunitState.OPEN
            self.holding[host].add(order.task)

    @precondition(lambda self: self.orders)
    @rule(
        data=st.data(),
        brings=st.sampled_from(["whole", "whole", "whole", "late", "diverged", "raised", "cut", "forged", "nothing"]),
        exit_status=st.sampled_from([Exit.DONE, Exit.DONE, Exit.DONE, Exit.CHILD_LOST, Exit.ABORTED_BY_USER]),
    )
    def report(self, data, brings, exit_status):
        order = self.orders[data.draw(st.sampled_from(sorted(self.orders)))]
        before = work.task(self.lab.db, order.task)
        taken = self.lab.report(order, outputs(self.lab, order)[brings], exit_status=exit_status)
        self.holding[order.host].discard(order.task)
        assert (taken.state is None) == (before.state not in {TaskState.SENT, TaskState.EXPIRED})

    @precondition(lambda self: self.orders)
    @rule(data=st.data(), host=st.sampled_from(list(HOSTS)))
    def a_foreign_host_reports(self, data, host):
        order = self.orders[data.draw(st.sampled_from(sorted(self.orders)))]
        if host != order.host:
            assert self.lab.report(order, self.lab.output(order), host=host).state is None

    @rule()
    def validate(self):
        self.lab.validate()
        assert work.returned(self.lab.db, 1) == []

    @rule(hours=st.sampled_from([1, 30, 60]))
    def time_passes(self, hours):
        self.lab.later(hours=hours)

    @rule()
    def sweep(self):
        self.lab.sweep()
        assert self.lab.sweep() == 0

    @rule(workunits=st.integers(1, 2), replicates=st.integers(1, 2), max_failures=st.integers(1, 3))
    def deploy(self, workunits, replicates, max_failures):
        try:
            self.lab.deploy(self.version, workunits=workunits, replicates_each=replicates, max_failures=max_failures)
        except Withdrawn:
            assert self.lab.db.one("SELECT retired_at FROM experiment WHERE id = :id", id=self.version)["retired_at"]

    @rule(data=st.data())
    def cancel(self, data):
        workunit_id = data.draw(st.sampled_from([wanted.id for wanted in work.workunits(self.lab.db)]))
        with self.lab.db.transaction():
            work.request_abort(self.lab.db, workunit_id, "cancelled")
            transit(self.lab.db, workunit_id, self.lab.now)

    @rule()
    def the_server_starts_again(self):
        for wanted in work.workunits(self.lab.db):
            with self.lab.db.transaction():
                transit(self.lab.db, wanted.id, self.lab.now)

    @precondition(lambda self: self.version < 2)
    @rule()
    def publish_a_repair(self):
        assert self.lab.publish(self.prepared(top="REPAIRED = True")).experiment_id == 1

    @precondition(lambda self: self.version < 2)
    @rule()
    def publish_the_next_version(self):
        self.version = self.lab.publish(self.prepared(version=2)).experiment_id

    @precondition(lambda self: len(self.orders) > 5)  # not before something was done
    @rule()
    def retire(self):
        self.lab.later(hours=1)
        with self.lab.db.transaction():
            withdraw(self.lab.db, self.version, "retired", self.lab.now)

    @invariant()
    def every_promise_holds(self):
        assert self.lab.broken() == {}

    @invariant()
    def what_is_closed_stays_as_it_is(self):
        for wanted in work.workunits(self.lab.db, limit=1_000):
            stands = wanted.state, len(work.tasks_of(self.lab.db, wanted.id))
            if wanted.state in CLOSED:
                assert self.closed.setdefault(wanted.id, stands) == stands
            else:
                assert wanted.id not in self.closed

    @invariant()
    def every_cell_is_stored_once_and_as_it_was_brought(self):
        for result in results.of_experiment(self.lab.db, 1, limit=1_000):
            assert result.outcome in {Outcome.OK, Outcome.LATE, Outcome.DIVERGED}
            assert (result.measures is None) == (result.outcome is Outcome.LATE)

    def teardown(self):
        self.lab.db.close()


def test_every_promise_holds_after_every_step(new_lab, prepared, tmp_path):
    folders = itertools.count()
    run_state_machine_as_test(
        lambda: Laboratory(new_lab(tmp_path / str(next(folders))), prepared),
        settings=settings(max_examples=40, stateful_step_count=40),
    )
