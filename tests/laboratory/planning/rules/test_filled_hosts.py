"""To which hosts work goes: no core is idle that could compute, nothing is promised twice, and nobody gets one kind."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plan_candidates import new, planned

from axiom.domain.fleet import Gpu
from axiom.domain.planning import Need, Supply
from axiom.domain.releases import TaskRule
from axiom.laboratory.planning.rules.filled_hosts import WaitingWork, fill_hosts, list_placements
from axiom.laboratory.planning.rules.usable_cores import count_usable_cores

LIGHT, HEAVY = Need(memory_mb=400), Need(memory_mb=16_000)
ON_GPU = Need(memory_mb=1_000, gpu=True, gpu_memory_mb=4_000)


def host(number: int, cores: int = 8, memory_mb: int = 64_000, **facts) -> Supply:
    described = {"host_id": number, "name": f"host-{number}", "volunteer": f"volunteer-{number}"} | facts
    return Supply(cores=cores, memory_mb=memory_mb, **described)


def work(number: int, tasks: int, need: Need = LIGHT, **facts) -> WaitingWork:
    return WaitingWork(key=(number, number), name=f"experiment_{number}", tasks=tasks, need=need, **facts)


def given_to(filling) -> dict[int, dict[int, int]]:
    """How many tasks of which experiment each host gets."""
    return {one.supply.host_id: {key[0]: tasks for key, tasks in one.tasks.items()} for one in filling.hosts}


def reasons(filling) -> dict[int, str]:
    names = {key: f"experiment_{key[0]}" for one in filling.hosts for key in one.tasks}
    return {one.host_id: one.reason for one in list_placements(filling, names)}


def test_a_host_gets_a_task_for_each_core_and_one_for_each_gpu():
    large = host(1, cores=192, memory_mb=384_000, gpus=(Gpu(kind="NVIDIA", count=2, memory_mb=16_000),))
    found = fill_hosts([large], [work(1, 500), work(2, 500, ON_GPU)])
    assert given_to(found) == {1: {1: 192, 2: 2}}
    (placed,) = list_placements(found, {(1, 1): "light", (2, 2): "on_gpu"})
    amounts = (placed.tasks, placed.idle_cores, placed.gpu_tasks, placed.memory_mb)
    assert amounts == ((("light", 192), ("on_gpu", 2)), 0, 2, 192 * 400 + 2 * 1_000)
    assert reasons(fill_hosts([large], [work(1, 500), work(2, 1, ON_GPU)]))[1].endswith("1 task for its GPUs")


def test_what_may_use_a_gpu_fills_gpus_and_cores_and_nothing_is_there_twice():
    either = replace(LIGHT, on_gpu=Need(memory_mb=4_400, gpu=True, gpu_memory_mb=2_000))
    one = host(1, cores=8, memory_mb=16_000, gpus=(Gpu(kind="NVIDIA", count=2, memory_mb=8_000),))
    (placed,) = list_placements(fill_hosts([one], [work(1, 500, either)]), {(1, 1): "either"})
    assert (placed.tasks, placed.gpu_tasks, placed.idle_cores) == ((("either", 10),), 2, 0)
    assert placed.memory_mb == 2 * 4_400 + 8 * 400
    found = fill_hosts([one, host(2)], [work(1, 3, either)])
    assert (sum(tasks.get(1, 0) for tasks in given_to(found).values()), found.left) == (3, ())
    assert given_to(fill_hosts([host(3)], [work(1, 5, either)])) == {3: {1: 5}}

    one = host(1, cores=8, gpus=(Gpu(kind="NVIDIA", count=2, memory_mb=8_000),))  # it has first what nothing else has
    assert given_to(fill_hosts([one], [work(1, 500, either), work(2, 2, ON_GPU)])) == {1: {2: 2, 1: 8}}


def test_what_needs_much_memory_leaves_no_core_without_light_work():
    found = fill_hosts([host(1, cores=100, memory_mb=4_000)], [work(1, 500), work(2, 500, HEAVY)])
    assert given_to(found) == {1: {1: 10}}
    assert reasons(found)[1] == ("a task needs 400 MB of memory, and 0 are free")
    found = fill_hosts([host(1, cores=8, memory_mb=17_000)], [work(1, 50), work(2, 50, HEAVY)])
    assert given_to(found) == {1: {1: 8}}
    alone = fill_hosts([host(1, cores=8, memory_mb=17_000)], [work(1, 2), work(2, 50, HEAVY)])
    assert given_to(alone) == {1: {1: 2, 2: 1}}  # with so little light work, a core that computes is better than none
    small_disk = host(1, cores=8, memory_mb=17_000, disk_mb=50)
    large = host(2, cores=16, memory_mb=129_000)
    found = fill_hosts([small_disk, large], [work(1, 50, Need(memory_mb=400, disk_mb=100)), work(2, 2, HEAVY)])
    assert given_to(found) == {1: {2: 1}, 2: {2: 1, 1: 15}}


def test_a_task_takes_its_cores_and_memory_for_each_at_a_volunteer_and_one_at_ours():
    wide = replace(LIGHT, cores=4)
    filling = fill_hosts([host(1, cores=11), host(2, cores=11, memory_mb=3_000), host(3, cores=3)], [work(1, 9, wide)])
    assert given_to(filling) == {1: {1: 2}, 2: {1: 1}, 3: {}}
    assert {one.supply.host_id: one.left.cores for one in filling.hosts} == {1: 3, 2: 7, 3: 3}
    assert reasons(filling)[1] == reasons(filling)[3] == "a task computes on 4 cores, and too few are idle"
    for facts in ({"is_ours": True}, {"on_one_core": True}):
        assert given_to(fill_hosts([host(1, cores=3, **facts)], [work(1, 9, wide)])) == {1: {1: 3}}
    small_disk = host(1, cores=11, disk_mb=700)
    assert given_to(fill_hosts([small_disk], [work(1, 9, replace(wide, disk_mb=100))])) == {1: {1: 1}}
    found = count_usable_cores([new(1, need=wide)], [host(1, cores=11), host(2, cores=3, is_ours=True)], cores=14)
    assert found.cores_for((1, 0)) == 8 + 3
    assert found.ours_for((1, 0)) == 3
    assert found.cores == 11


def test_what_computes_on_four_cores_is_ordered_in_tasks_four_times_as_large():
    fleet = [host(number) for number in range(4)]
    orders = {
        cores: planned(
            new(1, need=replace(LIGHT, cores=cores), replicate_seconds=1_200.0, block=64), cores=32, supplies=fleet
        ).allotments
        for cores in (1, 4)
    }
    assert {(order.workunits, order.replicates_each) for order in orders[1]} == {(64, 1)}
    assert {(order.workunits, order.replicates_each) for order in orders[4]} == {(16, 4)}
    assert len(orders[1]) == len(orders[4])


def test_what_is_kept_for_large_hosts_goes_to_these_whatever_they_have_in_hand():
    large = replace(LIGHT, rule=TaskRule(least_cores=8, least_memory_mb=32_000))
    few, little, busy = host(1, cores=4), host(2, memory_mb=16_000), host(3, busy_cores=6, used_memory_mb=63_000)
    filling = fill_hosts([few, little, busy], [work(1, 9, large)])
    assert given_to(filling) == {1: {}, 2: {}, 3: {1: 2}}
    assert "lend 8 cores or more" in reasons(filling)[1]
    assert "lend 32000 MB" in reasons(filling)[2]
    assert "lend 8 cores or more" in count_usable_cores([new(1, need=large)], [few], cores=4).obstacles[1, 0]


def test_few_tasks_go_to_our_own_and_to_the_largest():
    found = fill_hosts([host(1, cores=2), host(2, cores=64), host(3, cores=8)], [work(1, 4)])
    assert given_to(found) == {2: {1: 3}, 3: {1: 1}, 1: {}}  # in proportion, and nobody without
    found = fill_hosts([host(1), host(2, is_ours=True)], [work(1, 3, is_ours=True), work(2, 100)])
    assert given_to(found) == {1: {2: 8}, 2: {1: 3, 2: 5}}
    assert given_to(fill_hosts([host(1)], [work(1, 3, is_ours=True)])) == {1: {}}


@pytest.mark.parametrize(
    ("facts", "works", "reason"),
    [
        ({"obstacle": "its volunteer is on holiday"}, [work(1, 9)], "its volunteer is on holiday"),
        ({"busy_cores": 8}, [work(1, 9)], "8 cores"),
        ({}, [], "nothing more waits"),
        ({"most_tasks": 1}, [work(1, 9)], "quota"),
    ],
)
def test_a_host_says_why_it_has_no_more(facts, works, reason):
    assert reason in reasons(fill_hosts([host(1, **facts)], works))[1]


NEEDS = st.sampled_from([LIGHT, HEAVY, ON_GPU, Need(memory_mb=900, avx=True), Need(memory_mb=300, disk_mb=200), Need()])
EITHER = replace(LIGHT, on_gpu=Need(memory_mb=4_400, gpu=True, gpu_memory_mb=2_000))
HOSTS = st.lists(
    st.builds(
        Supply,
        host_id=st.integers(1, 99),
        name=st.just("host"),
        volunteer=st.sampled_from("abc"),
        platform=st.sampled_from("xy"),
        cores=st.integers(0, 40),
        memory_mb=st.integers(1, 40_000),
        gpus=st.sampled_from([(), (Gpu(kind="NVIDIA", count=2, memory_mb=8_000),)]),
        is_avx=st.booleans(),
        disk_mb=st.one_of(st.none(), st.integers(0, 3_000)),
        busy_cores=st.integers(0, 10),
        busy_gpus=st.integers(0, 2),
        used_memory_mb=st.integers(0, 5_000),
        is_ours=st.booleans(),
        most_tasks=st.one_of(st.none(), st.integers(0, 20)),
        in_hand_seconds=st.floats(0.0, 1e5),
        obstacle=st.sampled_from(["", "", "", "it is on holiday"]),
    ),
    max_size=6,
    unique_by=lambda one: one.host_id,
)
WORKS = st.lists(
    st.builds(
        work,
        number=st.integers(1, 99),
        tasks=st.integers(0, 60),
        need=NEEDS | st.just(EITHER),
        seconds=st.sampled_from([1.0, 500.0, 9_000.0]),
        is_ours=st.sampled_from([False, False, False, True]),
    ),
    max_size=6,
    unique_by=lambda one: one.key,
)


@settings(max_examples=50)
@given(hosts=HOSTS, works=WORKS)
def test_nothing_is_promised_twice_and_no_idle_core_has_room_for_what_is_left(hosts, works):
    before = {one.key: replace(one) for one in works}
    found = fill_hosts(hosts, works, deadline=10_000.0)
    assert {one.key: one.tasks for one in works} == {key: one.tasks for key, one in before.items()}
    placed: Counter = Counter()
    for one in found.hosts:
        there = one.supply
        bound = sum(tasks for key, tasks in one.tasks.items() if before[key].need.gpu)
        on_gpus, on_cores = one.gpu_tasks, sum(one.tasks.values()) - one.gpu_tasks
        assert bound <= on_gpus <= bound + sum(one.tasks.get(key, 0) for key in before if before[key].need.on_gpu)
        assert on_cores <= max(0, there.cores - there.busy_cores)
        assert on_gpus <= max(0, sum(gpu.count for gpu in there.gpus) - there.busy_gpus)
        beside = 4_000 * (on_gpus - bound)  # what CUDA takes of those that cores might have had
        assert one.memory_mb == sum(before[key].need.memory_mb * n for key, n in one.tasks.items()) + beside
        assert not one.tasks or one.memory_mb <= max(0, there.memory_mb - there.used_memory_mb)
        assert there.most_tasks is None or on_cores + on_gpus <= there.most_tasks
        assert not (there.obstacle and one.tasks)
        placed.update(one.tasks)
        for left in found.left:
            assert (left.is_ours and not there.is_ours) or not any(
                one.room(need, left.seconds * 1.25, 10_000.0) for need in left.need.places
            )
    still = {left.key: left.tasks for left in found.left}
    assert {key: placed[key] + still.get(key, 0) for key in before} == {key: one.tasks for key, one in before.items()}


@settings(max_examples=30)
@given(hosts=HOSTS, needs=st.lists(NEEDS.filter(lambda need: not need.gpu), min_size=1, max_size=4))
def test_with_work_enough_a_core_is_idle_only_for_want_of_memory_for_the_lightest(hosts, needs):
    free = [replace(one, most_tasks=None, disk_mb=None, is_avx=True, in_hand_seconds=0.0) for one in hosts]
    found = fill_hosts(free, [work(number, 10_000, need) for number, need in enumerate(needs, start=1)])
    lightest = min(need.memory_mb for need in needs)
    for one in found.hosts:
        idle = 0 if one.supply.obstacle else max(0, one.supply.cores - one.supply.busy_cores)
        memory = max(0, one.supply.memory_mb - one.supply.used_memory_mb)
        assert one.left.cores == max(0, idle - (memory // lightest if lightest else idle))
