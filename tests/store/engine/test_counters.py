"""A counter says what counting would say."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from axiom.domain.work import Outcome, Result, WorkunitState
from axiom.store.engine import counters
from axiom.store.experiments import experiments
from axiom.store.tasks import results, tasks, workunits

STEPS = st.lists(st.tuples(st.sampled_from(("open", "done")), st.integers(-5, 5)), max_size=10)


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_a_counter_is_the_sum_of_what_was_added(database, steps):
    database.execute("DELETE FROM counter")
    for state, amount in steps:
        counters.add(database, "workunit", 1, state, amount)
    assert counters.read(database) == {
        ("workunit", 1, state): sum(amount for other, amount in steps if other == state) for state, _ in steps
    }


def test_a_counter_that_was_not_kept_is_named(ordered, now, taken_back):
    experiments.issue(ordered, experiments.by_id(ordered, 1), 1, 1)
    about = {"experiment_id": 1, "registration_id": 1, "configs": [0], "max_failures": 3}
    workunits.order_many(ordered, replicates=[[0], [1]], **about, now=now)
    tasks.close(ordered, [(workunits.workunit(ordered, 2), WorkunitState.DONE, "")], now)
    cell = {"task_id": 1, "experiment_id": 1, "replicate": 0, "config": 0, "seed": 5, "early": (), "cpu_seconds": 0.0}
    results.record(ordered, [Result(**cell, outcome=Outcome.LATE, measures=None)], now)
    counters.add(ordered, "volunteer", 0, "known", 5)  # counted by nobody here
    counters.add(ordered, "task", 1, "sent", 0)
    assert counters.problems(ordered) == []
    for noun, state, says in (
        ("task", "unsent", 4),
        ("task", "sent", 1),
        ("workunit", "open", 3),
        ("result", "late", 2),
    ):
        with taken_back(ordered):
            counters.add(ordered, noun, 1, state, 1)
            problem = f"counter {noun} {state} of experiment 1 says {says}, there are {says - 1}"
            assert counters.problems(ordered) == [problem]
    ordered.execute("DELETE FROM counter WHERE noun = 'task'")
    assert counters.problems(ordered) == ["counter task unsent of experiment 1 says 0, there are 3"]
