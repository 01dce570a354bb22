"""What a host can take of a need, and why not more."""

from collections import Counter
from dataclasses import replace

import pytest
from plan_candidates import ENDED, candidate, host, planned

from axiom.domain.fleet import Gpu
from axiom.domain.planning import Need, Supply
from axiom.domain.releases import Stage
from axiom.laboratory.planning.rules.filled_hosts import fill_hosts
from axiom.laboratory.planning.rules.free_capacity import (
    coarsen_seconds,
    compute_free_capacity,
    count_fitting_tasks,
    reserve_capacity,
    why_no_more,
)
from axiom.laboratory.planning.rules.waiting_work import list_waiting_work
from axiom.rules.planning.task_size import UsualHosts

NEED = Need(memory_mb=400, disk_mb=100)
SUPPLY = Supply(host_id=1, name="host-1", volunteer="ada", cores=8, memory_mb=8_000)
OURS = {"is_ours": True, "memory_mb": 1_000}
GPU = Gpu(kind="NVIDIA", count=2, memory_mb=8_000)


def supply(**facts) -> Supply:
    return replace(SUPPLY, **facts)


def taken(one: Supply, need: Need, seconds: float = 0.0, deadline: float | None = None) -> tuple[int, str]:
    """How many tasks a host takes, and what is in the way of one more."""
    left = compute_free_capacity(one)
    tasks = count_fitting_tasks(left, need, cores=one.cores, is_avx=one.is_avx, seconds=seconds, deadline=deadline)
    return tasks, why_no_more(one, left, need, seconds, deadline, tasks)


@pytest.mark.parametrize(
    ("facts", "need", "tasks", "fact"),
    [
        ({"busy_cores": 5}, {}, 3, "all its 8 cores"),
        ({"cores": 1}, {}, 1, "its one core"),
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


def test_nothing_is_taken_that_would_not_be_back_in_time():
    for facts, most in (({}, 100.0), ({"in_hand_seconds": 400.0}, 50.0)):  # 50 seconds for each of 8 cores
        assert taken(supply(**facts), NEED, seconds=most, deadline=100.0)[0] > 0
        tasks, reason = taken(supply(**facts), NEED, seconds=most + 1.0, deadline=100.0)
        assert tasks == 0
        assert "deadline" in reason


def test_the_smallest_gpu_that_is_enough_is_used_and_lengths_are_rounded_up():
    large = Gpu(kind="NVIDIA", count=1, memory_mb=16_000)
    left = compute_free_capacity(supply(gpus=(large, GPU)))
    reserve_capacity(left, replace(NEED, gpu=True, gpu_memory_mb=4_000), 2)
    assert left.gpus == [(16_000, 1), (8_000, 0)]
    big = replace(NEED, gpu=True, gpu_memory_mb=12_000)
    assert count_fitting_tasks(left, big, cores=8, is_avx=True, seconds=0.0, deadline=None) == 1
    assert left.cores == 8
    reserve_capacity(left, NEED, 3)
    assert (left.cores, left.gpus) == (5, [(16_000, 1), (8_000, 0)])
    assert [coarsen_seconds(seconds, 1_000.0) for seconds in (0.0, 10.0)] == [0.0, 0.0]
    assert coarsen_seconds(1e9, None) == 0.0
    for seconds in (11.0, 12.5, 400.0, 999.0):
        assert seconds <= coarsen_seconds(seconds, 1_000.0) <= 1.26 * seconds


STOPPED = [
    {"stage": Stage.PAUSED},
    {"stage": Stage.PILOT, "pilot_missing": 0},
    {"stage": Stage.WIDER, "theirs": 100},
    {"stage": Stage.OPEN, "theirs": 0},  # nobody has approved it
]


@pytest.mark.parametrize("held", STOPPED)
def test_what_waits_and_may_not_go_out_keeps_no_core_idle(held):
    volunteers = [host(number, cores=128, is_ours=False) for number in range(32)]
    stopped = candidate(1, unsent=8_000, waiting_seconds=8_000 * 1_200.0, **held)
    found = planned(stopped, candidate(2), supplies=volunteers, cores=4_096, floor=0.0)
    assert {one.experiment_id for one in found.allotments} == {2}
    given_to = Counter()
    for at in fill_hosts(volunteers, list_waiting_work([stopped, candidate(2)], found.allotments, volunteers)).hosts:
        given_to.update({key[0]: tasks for key, tasks in at.tasks.items()})
    assert given_to[1] <= (3 if stopped.stage is Stage.PILOT else stopped.theirs or 0)
    assert given_to[2] == 4_096 - given_to[1]
    assert found.idle_cores >= 4_096 - 100  # as the fleet stands, before anything is ordered


def test_what_volunteers_may_not_have_says_so_and_goes_to_our_own_hosts_once():
    hosts = [host(1, cores=4), host(2, cores=4, is_ours=False)]
    tried = candidate(1, stage=Stage.WIDER, theirs=1, unsent=100, waiting_seconds=800.0)
    filling = fill_hosts(hosts, list_waiting_work([tried], (), hosts))
    assert {one.supply.host_id: sum(one.tasks.values()) for one in filling.hosts} in [{1: 4, 2: 1}, {1: 4, 2: 0}]
    hosts = [host(1, cores=100, busy_cores=100), *[host(n, cores=100, busy_cores=100, is_ours=False) for n in (2, 3)]]
    waits = {"unsent": 100, "waiting_seconds": 120_000.0} | ENDED
    held = [candidate(number, stage=Stage.WIDER, theirs=0, **waits) for number in range(1, 11)]
    found = planned(*held, candidate(11), supplies=hosts, cores=300, floor=0.0)
    assert {one.experiment_id for one in found.allotments} == {11}
    assert found.idle_cores == 200
    why = "volunteers have brought 3 of the 10; it waits until somebody approves it"
    held = candidate(1, theirs=0, stage_reason=why, unsent=64, waiting_seconds=64_000.0)
    found = planned(held, supplies=[host(1, cores=64, is_ours=False)], cores=64)
    assert [one.reason for one in found.skipped] == [why]
    assert (found.allotments, found.idle_cores) == ((), 64)


def test_the_same_holds_where_hosts_are_not_looked_at_one_by_one():
    usual = UsualHosts(speed=1.0)
    held = candidate(1, stage=Stage.WIDER, theirs=7, unsent=8_000, waiting_seconds=8_000 * 1_200.0)
    found = planned(held, candidate(2), cores=2_500, usual=usual, ours=0)
    assert {one.experiment_id for one in found.allotments} == {2}
    assert found.idle_cores == 2_500 - 7
    assert planned(held, candidate(2), cores=2_500, usual=usual).allotments == ()  # all of these cores are our own
    cut = planned(candidate(1, replicate_seconds=2.0), cores=40_000, usual=usual)
    assert {one.replicates_each for one in cut.allotments} == {4}  # so that four hosts share a block
