"""One row per cell, once; whatever comes later for the same cell is a duplicate of it."""

import sqlite3
from dataclasses import replace

import pytest

from axiom.domain.work import Outcome, Result
from axiom.store.engine import counters
from axiom.store.experiments import experiments
from axiom.store.tasks import results, tasks, workunits
from axiom.store.tasks.results import Recorded

CELL = Result(
    task_id=1,
    experiment_id=1,
    replicate=0,
    config=0,
    seed=5,
    outcome=Outcome.OK,
    measures={"total": 0.1, "count": None, "curve": [1, 2.5]},
    early=(1.0, 0.5),
    cpu_seconds=0.25,
)


@pytest.fixture
def issued(ordered, now):
    """Replicates 0 and 1 of experiment 1, and tasks 1 and 2."""
    experiments.issue(ordered, experiments.by_id(ordered, 1), 1, 2)
    tasks.create(ordered, [(workunits.workunit(ordered, 1), 1)], now)
    return ordered


def test_a_result_is_read_as_it_was_recorded(issued, now):
    late = replace(CELL, config=1, outcome=Outcome.LATE, measures=None, early=())
    assert results.record(issued, [CELL, late], now) == Recorded(results=2, duplicates=0)
    assert results.of_task(issued, 1) == [CELL, late]
    assert results.of_task(issued, 2) == []
    assert counters.read(issued)["result", 1, "ok"] == 1
    assert counters.read(issued)["result", 1, "late"] == 1


def test_the_same_cell_again_is_a_duplicate_and_raises_nothing(issued, now):
    results.record(issued, [CELL], now)
    again = replace(CELL, task_id=2, measures={"total": 0.2})
    assert results.record(issued, [again], now) == Recorded(results=0, duplicates=1, tasks=frozenset({2}))
    assert results.of_task(issued, 1) == [CELL]
    duplicate = {"result_id": 1, "task_id": 2, "measures": '{"total": 0.2}'}
    assert issued.one("SELECT result_id, task_id, measures FROM duplicate") == duplicate
    assert counters.read(issued)["result", 1, "ok"] == 1
    for impossible in (again, replace(CELL, replicate=7)):  # a task brings it once, and it was issued
        with pytest.raises(sqlite3.IntegrityError):
            results.record(issued, [impossible], now)
    for none in ({"measures": {"total": float("nan")}}, {"early": (float("inf"),)}):
        with pytest.raises(ValueError, match="JSON"):
            results.record(issued, [replace(CELL, **none)], now)
