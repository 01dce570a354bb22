"""Copies of a task count once as many of them say the same as were wanted, and who says otherwise is odd."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axiom.decisions.tasks.copies import concord
from axiom.decisions.tasks.duplicates import Opinion
from axiom.domain.work import Agreement, Outcome, Result

W, A, D = Agreement.WAITING, Agreement.AGREES, Agreement.DIFFERS
EARLY = 1e-3
CELL = Result(
    task_id=0,
    experiment_id=1,
    replicate=0,
    config=0,
    seed=5,
    outcome=Outcome.OK,
    measures={"loss": 0.25},
    early=(2.0, 1.5),
    cpu_seconds=1.0,
)
LATE = replace(CELL, outcome=Outcome.LATE, measures=None, early=())


def said(*values: float | Result) -> list[Opinion]:
    """Copies 1, 2, … with these first values, or these cells."""
    cells = [one if isinstance(one, Result) else replace(CELL, early=(one, 1.5)) for one in values]
    return [Opinion(task_id=number, cells=(cell,)) for number, cell in enumerate(cells, 1)]


@pytest.mark.parametrize(
    ("values", "wanted", "agreements", "agreeing", "odd"),
    [
        ([2.0], 2, [W], (), ()),
        ([2.0, 2.0], 2, [A, A], (1, 2), ()),
        ([2.0, 9.0], 2, [D, D], (), ()),
        ([2.0, 9.0, 9.0], 2, [D, A, A], (2, 3), (1,)),
        ([2.0, 9.0, 5.0], 2, [D, D, D], (), ()),
        ([2.0, 9.0, 5.0, 5.0], 2, [D, D, A, A], (3, 4), (1, 2)),
        ([2.0, 9.0, 2.0, 9.0], 3, [W, D, W, D], (), ()),
        ([2.0, 9.0, 2.0, 2.0], 3, [A, D, A, A], (1, 3, 4), (2,)),
        ([LATE, LATE], 2, [A, A], (1, 2), ()),  # nothing can be compared, and both say so
        ([LATE, 2.0], 2, [D, D], (), ()),
        ([LATE, 2.0, 2.0], 2, [D, A, A], (2, 3), (1,)),
    ],
)
def test_the_largest_group_that_agrees_counts_once_it_is_large_enough(values, wanted, agreements, agreeing, odd):
    decided = concord(said(*values), wanted, early=EARLY)
    assert list(decided.agreements.values()) == agreements
    assert (decided.agreeing, decided.odd) == (agreeing, odd)
    assert decided.reason


@given(st.lists(st.sampled_from([1.0, 2.0, 3.0]), min_size=1, max_size=6), st.integers(2, 5))
def test_results_count_only_when_so_many_say_the_same(values, wanted):
    decided = concord(said(*values), wanted, early=EARLY)
    assert len({values[task_id - 1] for task_id in decided.agreeing}) <= 1
    assert bool(decided.agreeing) == (max(map(values.count, values)) >= wanted)
    assert set(decided.odd) & set(decided.agreeing) == set()
