"""Orders replicates: issued once, over the whole registered sweep, with a first task each."""

import pytest

from axiom.domain.work import TaskState
from axiom.errors import NotFound, Withdrawn
from axiom.lab.experiments.withdraw import withdraw
from axiom.store.experiments import experiments
from axiom.store.tasks import workunits


def test_each_workunit_orders_replicates_of_its_own_over_the_whole_sweep(small_lab, prepared):
    small_lab.publish(prepared())
    assert small_lab.deploy(workunits=2, replicates_each=3, max_failures=5) == (1, 2)
    first, second = (workunits.workunit(small_lab.db, number) for number in (1, 2))
    assert (first.replicates, second.replicates) == ((0, 1, 2), (3, 4, 5))
    assert (first.configs, first.max_failures, first.registration_id) == ((0, 1), 5, 1)
    assert [task.state for task in workunits.tasks(small_lab.db)] == [TaskState.UNSENT] * 2
    assert small_lab.deploy() == (3,)
    assert workunits.workunit(small_lab.db, 3).replicates == (6,)
    assert small_lab.broken() == {}


@pytest.mark.parametrize(
    ("replicates_each", "singly", "ordered"),
    [
        (1, 1, [((0,), (0,)), ((0,), (1,)), ((1,), (0, 1))]),
        (1, 9, [((0,), (0,)), ((0,), (1,)), ((1,), (0, 1))]),
        (2, 1, [((0,), (0,)), ((0,), (1,)), ((1,), (0, 1)), ((2, 3), (0, 1))]),
    ],
)
def test_the_first_replicate_can_be_ordered_in_parts(replicates_each, singly, ordered, small_lab, prepared):
    small_lab.publish(prepared())
    made = small_lab.deploy(workunits=2, replicates_each=replicates_each, singly=singly)
    stored = [workunits.workunit(small_lab.db, number) for number in made]
    assert [(workunit.replicates, workunit.configs) for workunit in stored] == ordered
    assert len(workunits.tasks(small_lab.db)) == len(ordered)
    assert small_lab.broken() == {}


def test_nothing_is_ordered_before_it_is_registered(small_lab):
    with pytest.raises(NotFound):
        small_lab.deploy(9)
    experiments.add(small_lab.db, name="tiny_sum", version=1, manifest="{}", now=small_lab.now)
    with pytest.raises(Withdrawn):
        small_lab.deploy()


def test_a_retirement_cancels_any_number_of_workunits_and_sends_nothing_more(working_lab):
    working_lab.deploy(workunits=5)
    with working_lab.db.transaction():
        assert withdraw(working_lab.db, 1, "not wanted", working_lab.now) == 6
        assert withdraw(working_lab.db, 1, "not wanted", working_lab.now) == 0
    ended = {(workunit.state, workunit.reason) for workunit in workunits.workunits(working_lab.db)}
    assert ended == {("cancelled", "not wanted")}
    assert working_lab.ask(1).orders == ()
    with pytest.raises(Withdrawn):
        working_lab.deploy()
    assert working_lab.broken() == {}
