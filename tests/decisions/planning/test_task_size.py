"""How large a task is, and how large what is ordered."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axiom.decisions.planning.task_size import (
    FIRST_SECONDS,
    MANY_SECONDS,
    MOST_REPLICATES,
    SHARING,
    USUAL_SECONDS,
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
        (8.0, 8.0, 1),
        (900.0, 8.0, 1),  # never none
        (0.001, 8.0, MOST_REPLICATES),
        (0.0, 8.0, MOST_REPLICATES),
    ],
)
def test_a_workunit_holds_as_many_whole_replicates_as_fill_a_task(replicate_seconds, task_seconds, replicates):
    assert replicates_per_workunit(replicate_seconds, task_seconds) == replicates


def test_a_hosts_first_task_takes_about_ten_seconds():
    assert given_to(1.0, 60, is_first=True) == 10
    assert given_to(2.5, 60, is_first=True) == 4


def test_after_that_a_volunteers_task_takes_about_twenty_minutes():
    assert given_to(60.0, 60) == 20
    assert given_to(100.0, 60) == 12


def test_what_is_no_longer_than_half_an_hour_is_left_whole():
    assert given_to(60.0, 30) == 30
    assert given_to(60.0, 31) == 20


def test_the_laboratorys_own_cores_get_tasks_of_seconds_also_at_first():
    for is_first in (False, True):
        assert given_to(2.0, 60, is_ours=True, is_first=is_first) == 4
        assert given_to(2.0, 10, is_ours=True, is_first=is_first) == 10  # 20 seconds
        assert given_to(2.0, 60, is_ours=True, is_first=is_first, task_seconds=40.0) == 20


def test_a_replicate_is_never_cut():
    assert given_to(50_000.0, 1, is_first=True) == 1
    assert given_to(50_000.0, 3, is_first=True) == 1


def test_four_hosts_share_a_block():
    assert given_to(1.0, 64, block=64) == 64 // SHARING
    assert given_to(1.0, 24, block=64) == 24  # half as much more is not worth a cut
    assert given_to(1.0, 64, block=64, is_ours=True) == 8  # the laboratory's own cores are one host in any case


def test_a_host_of_many_cores_gets_at_least_four_minutes_where_that_is_more_than_its_share_of_a_block():
    assert given_to(6.0, 64, block=64, cores=61) == 40
    assert given_to(6.0, 64, block=64, cores=60) == 16
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


@given(SECONDS, THERE, st.booleans(), st.booleans())
def test_what_is_left_is_at_least_half_as_long_as_a_task_is(seconds, there, is_ours, is_first):
    wanted = length(is_ours=is_ours, is_first=is_first)
    found = task_size(wanted, replicate_seconds=seconds, there=there, block=LIGHT).replicates
    left = there - found
    assert left == 0 or left * seconds >= min(wanted.usual, seconds) / 2 - 1e-6


@given(SECONDS, THERE, st.booleans())
def test_cut_again_and_again_nothing_is_left_over(seconds, there, is_first):
    wanted, left, parts = length(is_first=is_first), there, []
    while left:
        parts.append(task_size(wanted, replicate_seconds=seconds, there=left, block=LIGHT).replicates)
        left -= parts[-1]
    assert sum(parts) == there


def test_alone_as_much_is_ordered_as_the_operator_wants_a_task_to_take():
    assert usual_of([supply(is_ours=True)]) is None
    assert usual_of([]) is None
    assert order_size(2.0, block=8, usual=None, task_seconds=8.0).replicates == 4


def test_the_usual_host_is_that_of_the_core_in_the_middle():
    many, few = supply(cores=40, speed=0.5), supply(cores=8, speed=3.0)
    assert usual_of([few, few, many]) == UsualHosts(speed=0.5)
    assert usual_of([few, supply(cores=100, speed=2.0), supply(cores=99, speed=9.0, is_ours=True)]) == UsualHosts(
        speed=2.0, largest_speed=2.0
    )


def test_for_volunteers_twenty_minutes_of_the_usual_host_are_ordered():
    assert order_size(60.0, block=LIGHT, usual=UsualHosts(speed=1.0), task_seconds=8.0).replicates == 20
    assert order_size(60.0, block=LIGHT, usual=UsualHosts(speed=2.0), task_seconds=8.0).replicates == 40
    assert order_size(1e6, block=LIGHT, usual=UsualHosts(speed=2.0), task_seconds=8.0).replicates == 1


def test_never_more_than_a_quarter_of_a_block_is_ordered():
    assert order_size(1.0, block=64, usual=UsualHosts(speed=1.0), task_seconds=8.0).replicates == 16
    assert order_size(1.0, block=3, usual=UsualHosts(speed=1.0), task_seconds=8.0).replicates == 1


def test_but_four_minutes_for_hosts_of_many_cores_and_never_more_than_a_block():
    usual = UsualHosts(speed=1.0, largest_speed=2.0)
    assert order_size(20.0, block=64, usual=usual, task_seconds=8.0).replicates == 24  # of 480 seconds
    assert order_size(1.0, block=64, usual=usual, task_seconds=8.0).replicates == 64
    assert order_size(1.0, block=16, usual=usual, task_seconds=8.0).replicates == 16
    assert order_size(60.0, block=64, usual=usual, task_seconds=8.0).replicates == 16


@given(SECONDS, st.integers(1, 10_000), st.none() | st.floats(0.01, 100))
def test_what_is_ordered_fits_a_workunit(seconds, block, speed):
    usual = None if speed is None else UsualHosts(speed=speed, largest_speed=speed)
    found = order_size(seconds, block=block, usual=usual, task_seconds=8.0)
    assert 1 <= found.replicates <= MOST_REPLICATES
    assert found.reason


def test_the_lengths_are_those_that_were_decided():
    assert (FIRST_SECONDS, USUAL_SECONDS, MANY_SECONDS) == (10.0, 1_200.0, 240.0)
    assert (length().most, length(is_first=True).most, length(is_ours=True).most) == (1_800.0, 15.0, 20.0)
