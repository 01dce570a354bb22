"""How large a task is, and a workunit: as long as it should compute on the host that it goes to."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axiom.domain.fleet import Gpu
from axiom.domain.planning import Need, Supply
from axiom.limits import tasks as task_limits
from axiom.rules.planning.task_size import (
    UsualHosts,
    choose_task_length,
    derive_usual_hosts,
    order_size,
    replicates_per_workunit,
    task_size,
)

REPLICATE_SECONDS = st.floats(0.001, 100_000)
THERE = st.integers(1, task_limits.REPLICATES)
LIGHT = 10_000  # replicates of a block that is large enough not to matter


def length(**host):
    return choose_task_length(**({"cores": 8, "is_ours": False, "is_first": False, "task_seconds": 8.0} | host))


def given_to(seconds: float, there: int, *, block: int = LIGHT, **host) -> int:
    return task_size(length(**host), replicate_seconds=seconds, unsent=there, block=block).replicates


def supply(**facts) -> Supply:
    return Supply(host_id=1, name="a", volunteer="b", memory_mb=8_000, **({"cores": 8} | facts))


def test_a_workunit_holds_whole_replicates():
    replicates = {
        2.0: 4,
        3.0: 3,
        900.0: 1,
        0.0: task_limits.REPLICATES,
    }  # 2.67 is nearer to 3 than to 2, and never none
    assert {seconds: replicates_per_workunit(seconds, 8.0) for seconds in replicates} == replicates


def test_a_task_takes_ten_seconds_first_then_twenty_minutes_and_seconds_on_our_cores():
    assert [given_to(1.0, 60, is_first=True), given_to(2.5, 60, is_first=True)] == [10, 4]
    assert [given_to(60.0, 60), given_to(100.0, 60)] == [20, 12]
    assert [given_to(60.0, 30), given_to(60.0, 31)] == [30, 20]  # no longer than half an hour is left whole
    assert [given_to(50_000.0, there, is_first=True) for there in (1, 3)] == [1, 1]  # a replicate is never cut
    for is_first in (False, True):
        assert given_to(2.0, 60, is_ours=True, is_first=is_first) == 4
        assert given_to(2.0, 10, is_ours=True, is_first=is_first) == 10  # 20 seconds
        assert given_to(2.0, 60, is_ours=True, is_first=is_first, task_seconds=40.0) == 20
    assert given_to(1.0, 64, block=64) == 64 // task_limits.HOSTS_SHARING
    assert given_to(1.0, 24, block=64) == 24  # half as much more is not worth a cut
    assert given_to(1.0, 64, block=64, is_ours=True) == 8  # the laboratory's own cores are one host in any case
    assert [given_to(6.0, 64, block=64, cores=cores) for cores in (60, 61)] == [16, 40]
    assert given_to(1.0, 64, block=64, cores=61) == 64


@given(REPLICATE_SECONDS, THERE, st.integers(1, 64), st.booleans(), st.booleans(), st.integers(1, 256))
def test_a_part_and_what_is_left_of_it_are_never_empty_and_no_part_is_too_long(
    seconds, there, block, is_ours, is_first, cores
):
    wanted = length(cores=cores, is_ours=is_ours, is_first=is_first)
    found = task_size(wanted, replicate_seconds=seconds, unsent=there, block=block)
    assert 1 <= found.replicates <= there
    assert found.reason
    assert found.replicates == 1 or found.replicates * seconds <= wanted.most + 1e-6


def test_the_usual_host_is_that_of_the_core_in_the_middle_and_alone_there_is_none():
    assert derive_usual_hosts([supply(is_ours=True)]) is derive_usual_hosts([]) is None
    assert order_size(2.0, block=8, usual=None, task_seconds=8.0).replicates == 4
    many, few = supply(cores=40, speed=0.5), supply(cores=8, speed=3.0)
    assert derive_usual_hosts([few, few, many]) == UsualHosts(speed=0.5)
    hosts = [few, supply(cores=100, speed=2.0), supply(cores=99, speed=9.0, is_ours=True)]
    assert derive_usual_hosts(hosts) == UsualHosts(speed=2.0, largest_speed=2.0)


@pytest.mark.parametrize(
    ("seconds", "block", "speed", "largest", "replicates"),
    [
        (60.0, LIGHT, 1.0, 0.0, 20),  # twenty minutes of the usual host
        (60.0, LIGHT, 2.0, 0.0, 40),
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


def test_a_task_for_several_cores_is_as_many_times_as_large_and_on_our_own_it_is_not():
    sized = {"block": LIGHT, "usual": UsualHosts(speed=1.0), "task_seconds": 8.0}
    sizes = [order_size(60.0, need=Need(cores=cores), **sized).replicates for cores in (1, 2)]
    assert sizes == [20, 40]
    assert order_size(2.0, block=8, usual=None, task_seconds=8.0, need=Need(cores=4)).replicates == 4


@pytest.mark.parametrize(
    ("seconds", "block", "memory", "replicates"),
    [
        (1.0, 64, 8_000.0, 64),
        (1.0, 64, math.inf, 64),  # its client does not say
        (1.0, 64, 500.0, 16),
        (1.0, 64, 0.0, 16),
        (900.0, 64, 8_000.0, 16),  # four hours of a core
        (1.0, 10_000, 8_000.0, task_limits.REPLICATES),
    ],
)
def test_for_a_gpu_that_computes_side_by_side_a_block_is_a_task(seconds, block, memory, replicates):
    batch = Need(on_gpu=Need(gpu=True, gpu_memory_mb=2_000, side_by_side=True))
    asked = {"block": block, "usual": UsualHosts(speed=1.0, gpu_memory_mb=memory), "task_seconds": 8.0}
    assert order_size(seconds, need=batch, **asked).replicates == replicates
    assert order_size(seconds, need=Need(), **asked).replicates <= max(1, block // 4)


def test_the_largest_gpu_of_volunteers_counts():
    cards = [(Gpu(kind="NVIDIA", count=1, memory_mb=memory),) for memory in (2_000, 8_000, 24_000)]
    hosts = [supply(gpus=cards[0]), supply(gpus=cards[1]), supply(gpus=cards[2], is_ours=True)]
    assert derive_usual_hosts(hosts) == UsualHosts(speed=1.0, gpu_memory_mb=8_000)
