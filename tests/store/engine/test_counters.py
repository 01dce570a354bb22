"""A counter says what counting would say."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from axiom.store.engine import counters

STATES = ("open", "done")
STEPS = st.lists(st.tuples(st.sampled_from(STATES), st.integers(-5, 5)), max_size=10)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_a_counter_is_the_sum_of_what_was_added(database, steps):
    database.execute("DELETE FROM counter")
    for state, amount in steps:
        counters.add(database, "workunit", 1, state, amount)
    wanted = {
        ("workunit", 1, state): sum(amount for other, amount in steps if other == state)
        for state in {state for state, _ in steps}
    }
    assert counters.read(database) == wanted


@pytest.fixture
def filled(database):
    """A replicate, two workunits, three tasks and a result, all counted."""
    one = "INSERT INTO experiment (id, name, version, manifest, created_at) VALUES (1, 'a', 1, '', 0)"
    database.execute(one)
    database.execute(
        "INSERT INTO registration (id, experiment_id, cohort, body, previous_hash, hash, created_at) "
        "VALUES (1, 1, '', '', '', 'h', 0)"
    )
    database.execute("INSERT INTO replicate VALUES (1, 0, 1, 5)")
    counters.add(database, "issued", 1, "1", 1)
    for state in STATES:
        database.execute(
            "INSERT INTO workunit (experiment_id, registration_id, replicates, configs, state, quorum, max_failures, "
            "created_at) VALUES (1, 1, '[]', '[]', :state, 1, 1, 0)",
            state=state,
        )
        counters.add(database, "workunit", 1, state, 1)
    for ordinal in range(3):
        database.execute(
            "INSERT INTO task (workunit_id, experiment_id, ordinal, state, created_at) "
            "VALUES (1, 1, :ordinal, 'unsent', 0)",
            ordinal=ordinal,
        )
    counters.add(database, "task", 1, "unsent", 3)
    database.execute(
        "INSERT INTO result (task_id, experiment_id, replicate, config, seed, outcome, early, cpu_seconds, created_at) "
        "VALUES (1, 1, 0, 0, 5, 'late', '[]', 0, 0)"
    )
    counters.add(database, "result", 1, "late", 1)
    return database


def test_counters_that_were_kept_are_no_problem(filled):
    counters.add(filled, "volunteer", 0, "known", 5)  # counted by nobody here
    counters.add(filled, "task", 1, "sent", 0)
    assert counters.problems(filled) == []


@pytest.mark.parametrize(
    ("noun", "state", "says", "are"),
    [("task", "unsent", 4, 3), ("task", "sent", 1, 0), ("workunit", "open", 2, 1), ("result", "late", 2, 1)],
)
def test_a_counter_that_was_not_kept_is_named(filled, noun, state, says, are):
    counters.add(filled, noun, 1, state, 1)
    assert counters.problems(filled) == [f"counter {noun} {state} of experiment 1 says {says}, there are {are}"]


def test_a_row_that_was_not_counted_is_named(filled):
    filled.execute("DELETE FROM counter WHERE noun = 'task'")
    assert counters.problems(filled) == ["counter task unsent of experiment 1 says 0, there are 3"]
