"""How large a task is, and how large what is ordered."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axiom.decisions.planning.task_size import (
    MOST_REPLICATES,
    SHARING,
    UsualHosts,
    length_for,
    order_size,
    replicates_per_workunit,
    task_size,
    usual_of,
)
from axiom.domain.planning import Supply

SECONDS = st.floats(0.001, 100_000)
THERE = st.integers(1, MOST_REPLICATES)
LIGHT = 10_000  # replicates of a block that is large enough not to matter


def length(*, cores: int = 8, is_ours: bool = False, is_first: bool = False, task_seconds: float = 8.0):
    return length_for(cores=cores, is_ours=is_ours, is_first=is_first, task_seconds=task_seconds)


def given_to(seconds: float, there: int, *, block: int = LIGHT, **host) -> int:
    return task_size(length(**host), replicate_seconds=seconds, there=there, block=block).replicates


def supply(*, cores: int = 8, speed: float = 1.0, is_ours: bool = False) -> Supply:
    return Supply(host_id=1, name="a", volunteer="b", cores=cores, memory_mb=8_000, speed=speed, is_ours=is_ours)


@pytest.mark.parametrize(
    ("replicate_seconds", "task_seconds", "replicates"),
    [
        (2.0, 8.0, 4),
        (3.0, 8.0, 3),  # 2.67 is nearer to 3 than to 2
        (900.0, 8.0, 1),  # never none
        (0.0, 8.0, MOST_REPLICATES),
    ],
)
def test_a_workunit_holds_as_many_whole_replicates_as_fill_a_task(replicate_seconds, task_seconds, replicates):
    assert replicates_per_workunit(replicate_seconds, task_seconds) == replicates


def test_a_task_takes_ten_seconds_at_first_then_twenty_minutes_and_seconds_on_our_own_cores():
    assert [given_to(1.0, 60, is_first=True), given_to(2.5, 60, is_first=True)] == [10, 4]
    assert [given_to(60.0, 60), given_to(100.0, 60)] == [20, 12]
    assert [given_to(60.0, 30), given_to(60.0, 31)] == [30, 20]  # no longer than half an hour is left whole
    assert [given_to(50_000.0, there, is_first=True) for there in (1, 3)] == [1, 1]  # a replicate is never cut
    for is_first in (False, True):
        assert given_to(2.0, 60, is_ours=True, is_first=is_first) == 4
        assert given_to(2.0, 10, is_ours=True, is_first=is_first) == 10  # 20 seconds
        assert given_to(2.0, 60, is_ours=True, is_first=is_first, task_seconds=40.0) == 20


def test_four_hosts_share_a_block_and_one_of_many_cores_gets_at_least_four_minutes():
    assert given_to(1.0, 64, block=64) == 64 // SHARING
    assert given_to(1.0, 24, block=64) == 24  # half as much more is not worth a cut
    assert given_to(1.0, 64, block=64, is_ours=True) == 8  # the laboratory's own cores are one host in any case
    assert [given_to(6.0, 64, block=64, cores=cores) for cores in (60, 61)] == [16, 40]
    assert given_to(1.0, 64, block=64, cores=61) == 64


@given(SECONDS, THERE, st.integers(1, 64), st.booleans(), st.booleans(), st.integers(1, 256))
def test_a_part_and_what_is_left_of_it_are_never_empty_and_a_part_is_no_longer_than_it_may_be(
    seconds, there, block, is_ours, is_first, cores
):
    wanted = length(cores=cores, is_ours=is_ours, is_first=is_first)
    found = task_size(wanted, replicate_seconds=seconds, there=there, block=block)
    assert 1 <= found.replicates <= there
    assert found.reason
    assert found.replicates == 1 or found.replicates * seconds <= wanted.most + 1e-6


@given(SECONDS, THERE, st.booleans())
def test_cut_again_and_again_nothing_is_left_over(seconds, there, is_first):
    wanted, left, parts = length(is_first=is_first), there, []
    while left:
        parts.append(task_size(wanted, replicate_seconds=seconds, there=left, block=LIGHT).replicates)
        left -= parts[-1]
    assert sum(parts) == there


def test_alone_as_much_is_ordered_as_the_operator_wants_a_task_to_take():
    assert usual_of([supply(is_ours=True)]) is usual_of([]) is None
    assert order_size(2.0, block=8, usual=None, task_seconds=8.0).replicates == 4


def test_the_usual_host_is_that_of_the_core_in_the_middle():
    many, few = supply(cores=40, speed=0.5), supply(cores=8, speed=3.0)
    assert usual_of([few, few, many]) == UsualHosts(speed=0.5)
    assert usual_of([few, supply(cores=100, speed=2.0), supply(cores=99, speed=9.0, is_ours=True)]) == UsualHosts(
        speed=2.0, largest_speed=2.0
    )


@pytest.mark.parametrize(
    ("seconds", "block", "speed", "largest", "replicates"),
    [
        (60.0, LIGHT, 1.0, 0.0, 20),  # twenty minutes of the usual host
        (60.0, LIGHT, 2.0, 0.0, 40),
        (1e6, LIGHT, 2.0, 0.0, 1),
        (1.0, 64, 1.0, 0.0, 16),  # never more than a quarter of a block
        (1.0, 3, 1.0, 0.0, 1),
        (20.0, 64, 1.0, 2.0, 24),  # but four minutes for hosts of many cores: of 480 seconds
        (1.0, 64, 1.0, 2.0, 64),
        (1.0, 16, 1.0, 2.0, 16),  # and never more than a block
        (60.0, 64, 1.0, 2.0, 16),
    ],
)
def test_for_volunteers_twenty_minutes_of_the_usual_host_are_ordered(seconds, block, speed, largest, replicates):
    usual = UsualHosts(speed=speed, **({"largest_speed": largest} if largest else {}))
    assert order_size(seconds, block=block, usual=usual, task_seconds=8.0).replicates == replicates


@given(SECONDS, st.integers(1, 10_000), st.none() | st.floats(0.01, 100))
def test_what_is_ordered_fits_a_workunit(seconds, block, speed):
    usual = None if speed is None else UsualHosts(speed=speed, largest_speed=speed)
    found = order_size(seconds, block=block, usual=usual, task_seconds=8.0)
    assert 1 <= found.replicates <= MOST_REPLICATES
