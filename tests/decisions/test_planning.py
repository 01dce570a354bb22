"""What is ordered next: no core idle, no experiment with more than its part."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axiom.decisions.planning import MOST_REPLICATES, Standing, replicates_per_workunit, top_up


def standing(experiment_id: int, unsent: int, replicate_seconds: float = 2.0) -> Standing:
    return Standing(
        experiment_id=experiment_id,
        name=f"experiment_{experiment_id}",
        unsent=unsent,
        replicate_seconds=replicate_seconds,
    )


@pytest.mark.parametrize(
    ("replicate_seconds", "task_seconds", "replicates"),
    [
        (2.0, 8.0, 4),
        (3.0, 8.0, 3),  # 2.67 is nearer to 3 than to 2
        (8.0, 8.0, 1),
        (900.0, 8.0, 1),  # never none
        (0.001, 8.0, MOST_REPLICATES),
        (0.0, 8.0, MOST_REPLICATES),
    ],
)
def test_a_workunit_holds_as_many_whole_replicates_as_fill_a_task(replicate_seconds, task_seconds, replicates):
    assert replicates_per_workunit(replicate_seconds, task_seconds) == replicates


@pytest.mark.parametrize(
    ("waiting", "ordered"),
    [
        ([0], [(1, 6)]),
        ([2], [(1, 4)]),
        ([3], []),  # half of its part is left
        ([6], []),
        ([0, 0], [(1, 3), (2, 3)]),
        ([9, 1], [(2, 2)]),
        ([0] * 10, [(number, 1) for number in range(1, 11)]),  # more experiments than places: one each
    ],
)
def test_each_experiment_is_filled_up_to_its_part(waiting, ordered):
    standings = [standing(number, unsent) for number, unsent in enumerate(waiting, start=1)]
    allotments = top_up(standings, cores=2, per_core=3, task_seconds=8.0)
    assert [(allotment.experiment_id, allotment.workunits) for allotment in allotments] == ordered
    assert all(allotment.replicates_each == 4 and "2 cores" in allotment.reason for allotment in allotments)


@pytest.mark.parametrize(("standings", "cores"), [([], 4), ([standing(1, 0)], 0)])
def test_nothing_is_ordered_without_cores_or_experiments(standings, cores):
    assert top_up(standings, cores=cores, per_core=3, task_seconds=8.0) == []


@given(
    waiting=st.lists(st.integers(0, 30), min_size=1, max_size=6),
    cores=st.integers(1, 16),
    per_core=st.integers(1, 4),
)
def test_after_an_order_nothing_more_is_wanted(waiting, cores, per_core):
    standings = {number: standing(number, unsent) for number, unsent in enumerate(waiting)}
    for allotment in top_up(list(standings.values()), cores=cores, per_core=per_core, task_seconds=8.0):
        number = allotment.experiment_id
        assert allotment.workunits > 0
        standings[number] = standing(number, standings[number].unsent + allotment.workunits)
    assert top_up(list(standings.values()), cores=cores, per_core=per_core, task_seconds=8.0) == []
    assert sum(each.unsent for each in standings.values()) >= min(cores * per_core, len(waiting)) / 2
