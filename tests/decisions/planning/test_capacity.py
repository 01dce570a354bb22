"""What a host can take of a need, why not more, and hosts that cannot be what they say."""

import math
from dataclasses import replace

import pytest

from axiom.decisions.planning.capacity import bounded, coarse, left_of, put, room_for, why_no_more
from axiom.domain.fleet import Gpu
from axiom.domain.planning import Need, Supply

NEED = Need(memory_mb=400, disk_mb=100)
SUPPLY = Supply(host_id=1, name="host-1", volunteer="ada", cores=8, memory_mb=8_000)
OURS = {"is_ours": True, "memory_mb": 1_000}
GPU = Gpu(kind="NVIDIA", count=2, memory_mb=8_000)


def supply(**facts) -> Supply:
    return replace(SUPPLY, **facts)


def taken(one: Supply, need: Need, *, seconds: float = 0.0, deadline: float | None = None) -> tuple[int, str]:
    """How many tasks a host takes, and what is in the way of one more."""
    left = left_of(one)
    tasks = room_for(left, need, cores=one.cores, is_avx=one.is_avx, seconds=seconds, deadline=deadline)
    return tasks, why_no_more(one, left, need, seconds, deadline, tasks)


@pytest.mark.parametrize(
    ("facts", "need", "tasks", "fact"),
    [
        ({"busy_cores": 5}, {}, 3, "all its 8 cores"),
        ({"cores": 1}, {}, 1, "its one core"),
        ({"busy_cores": 9}, {}, 0, "all its 8 cores"),
        ({"cores": 100, "memory_mb": 4_000}, {}, 10, "400 MB of memory, and 0 are"),
        ({"memory_mb": 1_000}, {"shared_mb": 150}, 2, "400 MB of memory, and 200 are"),
        (OURS, {"shared_mb": 150}, 4, "250 MB of memory, and 0 are"),
        ({"memory_mb": 1_000, "used_memory_mb": 700}, {}, 0, "400 MB of memory, and 300 are"),
        ({"disk_mb": 250}, {}, 2, "100 MB of disk, and 50 are"),
        ({"most_tasks": 2}, {}, 2, "quota"),
        ({"is_avx": False}, {"avx": True}, 0, "AVX"),
        ({"obstacle": "there is no program for it", "gpus": (GPU,)}, {"gpu": True}, 0, "no idle GPU"),
        ({"gpus": (GPU,)}, {"gpu": True}, 2, "no more idle GPU"),
        ({"gpus": (GPU,), "busy_gpus": 1, "busy_cores": 8}, {"gpu": True}, 1, "no more idle GPU"),
        ({"gpus": (GPU,)}, {"gpu": True, "gpu_memory_mb": 9_000}, 0, "9000 MB"),
    ],
)
def test_a_host_takes_what_fits_and_says_why_not_more(facts, need, tasks, fact):
    taken_there, reason = taken(supply(**facts), replace(NEED, **need))
    assert taken_there == tasks
    assert fact in reason


@pytest.mark.parametrize(
    ("facts", "seconds", "is_taken"),
    [
        ({}, 100.0, True),
        ({}, 101.0, False),
        ({"in_hand_seconds": 400.0}, 50.0, True),  # 50 seconds for each of 8 cores
        ({"in_hand_seconds": 400.0}, 51.0, False),
    ],
)
def test_nothing_is_taken_that_would_not_be_back_in_time(facts, seconds, is_taken):
    tasks, reason = taken(supply(**facts), NEED, seconds=seconds, deadline=100.0)
    assert (tasks > 0) is is_taken
    assert is_taken or "deadline" in reason


def test_of_gpus_of_several_sizes_the_smallest_that_is_enough_is_used():
    large = Gpu(kind="NVIDIA", count=1, memory_mb=16_000)
    left = left_of(supply(gpus=(large, GPU)))
    put(left, replace(NEED, gpu=True, gpu_memory_mb=4_000), 2)
    assert left.gpus == [(16_000, 1), (8_000, 0)]
    big = replace(NEED, gpu=True, gpu_memory_mb=12_000)
    assert room_for(left, big, cores=8, is_avx=True, seconds=0.0, deadline=None) == 1
    assert left.cores == 8
    put(left, NEED, 3)
    assert (left.cores, left.gpus) == (5, [(16_000, 1), (8_000, 0)])


def test_lengths_of_tasks_are_rounded_up_and_only_where_the_deadline_may_be_near():
    assert [coarse(seconds, 1_000.0) for seconds in (0.0, 10.0)] == [0.0, 0.0]
    assert coarse(1e9, None) == 0.0
    for seconds in (11.0, 12.5, 400.0, 999.0):
        assert seconds <= coarse(seconds, 1_000.0) <= 1.26 * seconds


@pytest.mark.parametrize(
    ("facts", "kept", "told"),
    [
        ({"cores": 1_000_000}, {"cores": 4_096}, "cores 1e+06 counts as 4096."),
        (
            {"speed": 0.0, "availability": 7.0},
            {"speed": 0.01, "availability": 1.0},
            "speed 0 counts as 0.01, availability 7 counts as 1.",
        ),
        ({"speed": math.nan}, {"speed": 1.0}, "speed nan counts as 1."),
        ({"obstacle": "it is on holiday", "cores": 0}, {}, ""),
        ({"cores": 0, "gpus": (GPU,)}, {}, ""),
    ],
)
def test_what_is_too_large_is_bounded_with_a_sentence(facts, kept, told):
    found, said = bounded([supply(**facts)])
    assert found == (supply(**(facts | kept)),)
    assert "".join(said).endswith(told)
    assert bool(said) is bool(told)


@pytest.mark.parametrize(
    ("facts", "what"),
    [
        ({"memory_mb": 0}, "memory of 0 MB"),
        ({"cores": -3, "memory_mb": -1}, "cores of -3 and memory of -1 MB"),
        ({"disk_mb": -5}, "disk of -5 MB"),
        ({"in_hand_seconds": math.nan}, "a load of below nothing"),
    ],
)
def test_what_cannot_be_at_all_gets_nothing_and_says_why(facts, what):
    (found,), (said,) = bounded([supply(**facts)])
    assert what in found.obstacle
    assert len(said) > len(found.obstacle)
    assert taken(found, NEED)[0] == 0


def test_of_a_host_that_is_named_twice_the_first_counts():
    found, said = bounded([supply(), supply(cores=4)])
    assert (found, len(said)) == ((supply(),), 1)
