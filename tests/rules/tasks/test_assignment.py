"""Which work a host gets, how much of it, and why not more."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from axiom.domain.fleet import Capacity, Gpu, Host, Platform, Standing
from axiom.rules.hosts.speed import elapsed_on
from axiom.rules.tasks import assignment, tasks_per_host

NOW = datetime(2026, 3, 2, 14, 5, tzinfo=UTC)
HOST = Host(
    id=1,
    volunteer_id=1,
    name="first",
    platform=Platform(system="linux", processor="x86_64", instructions="avx2"),
    capacity=Capacity(cores=4, memory_mb=1_000),
    created_at=NOW,
    seen_at=NOW,
    standing=Standing(valid_in_row=1),
)
NEW_HOST = replace(HOST, standing=Standing())
OLD_HOST = replace(HOST, platform=Platform(system="linux", processor="x86_64", instructions="none"))


def with_gpu(memory_mb: int) -> Host:
    return replace(HOST, capacity=replace(HOST.capacity, gpus=(Gpu(kind="NVIDIA", count=1, memory_mb=memory_mb),)))


GPU_HOST = with_gpu(600)
ALLOWANCE = tasks_per_host.Allowance(deadline=timedelta(hours=48), tasks_per_core=4, daily_per_core=100)
ONE = assignment.RequestedWork(seconds=1.0, instances=0.0, most=64)  # what a client asks for at its first contact


def queue(experiment_id: int, *, unsent: int = 5, out: int = 0, memory_mb: int = 100, **more) -> assignment.WorkQueue:
    facts = {"name": f"experiment_{experiment_id}", "unsent": unsent, "in_progress": out, "seconds": 60.0} | more
    return assignment.WorkQueue(experiment_id=experiment_id, memory_mb=memory_mb, **facts)


def held(tasks: int, *, memory_mb: int = 100, disk_mb: int = 100, seconds: float = 60.0) -> assignment.TasksInHand:
    return assignment.TasksInHand(tasks=tasks, seconds=seconds, memory_mb=memory_mb, disk_mb=disk_mb)


def decide(host=HOST, queues=(), *, has=(), requested=ONE, allowance=ALLOWANCE, today=0, lately=0):
    in_hand = sum(batch.tasks for batch in has)
    limits = tasks_per_host.list_task_limits(host, allowance, in_hand=in_hand, sent_today=today, sent_lately=lately)
    return assignment.assign_tasks(
        host, queues, in_hand=has, requested=requested, deadline=allowance.deadline, task_limits=limits
    )


def many(amount: int) -> assignment.RequestedWork:
    return assignment.RequestedWork(seconds=0.0, instances=amount, most=64)


@pytest.mark.parametrize(
    ("host", "queues", "first"),
    [
        (HOST, [queue(1, out=3), queue(2, out=1), queue(3, out=2)], 2),
        (HOST, [queue(2), queue(1)], 1),  # equally many out: the older first
        (HOST, [queue(1, last_turn=9), queue(2, last_turn=8)], 2),  # its turn was longest ago
        (HOST, [queue(1, unsent=0), queue(2, out=9)], 2),
        (HOST, [queue(1, memory_mb=1_001), queue(2, out=9, memory_mb=1_000)], 2),
        (OLD_HOST, [queue(1, avx=True), queue(2, out=9)], 2),
        (HOST, [queue(1), queue(2, out=9, is_meant=True)], 2),  # what is meant for it alone before all else
        (HOST, [queue(1, rank=1.0), queue(2, out=9)], 2),  # nearer to the first finding
    ],
)
def test_the_experiment_with_the_fewest_tasks_out_comes_first(host, queues, first):
    assert decide(host, queues).shares == (assignment.TaskShare(experiment_id=first, tasks=1),)


def test_a_host_gets_as_much_as_it_asks_for():
    times = {
        seconds: assignment.RequestedWork(seconds=seconds, instances=0.0, most=64) for seconds in (0.0, 180.0, 181.0)
    }
    for requested, tasks in zip(
        (ONE, many(3), many(99), *times.values()), (1, 3, 16, 0, 3, 4), strict=True
    ):  # four a core
        assert sum(share.tasks for share in decide(HOST, [queue(1, unsent=99)], requested=requested).shares) == tasks


def test_a_fast_host_gets_more_for_the_same_time():
    requested, allowance = (
        assignment.RequestedWork(seconds=600.0, instances=0.0, most=64),
        replace(ALLOWANCE, tasks_per_core=64),
    )
    for speed, availability, tasks in ((1.0, 1.0, 10), (2.0, 1.0, 20), (2.0, 0.5, 10)):
        host = replace(HOST, speed=speed, availability=availability)
        (share,) = decide(host, [queue(1, unsent=99)], requested=requested, allowance=allowance).shares
        assert share.tasks == tasks


@pytest.mark.parametrize(
    ("cores", "of_a_new_host", "of_a_proven_one"), [(1, 2, 16), (8, 16, 128), (40, 16, 640), (4_096, 16, 1_000)]
)
def test_a_host_that_has_nothing_to_show_gets_little_whatever_it_says_of_itself(cores, of_a_new_host, of_a_proven_one):
    boast = replace(NEW_HOST, capacity=Capacity(cores=cores, memory_mb=10**9), flops=1e18)
    allowance, requested = (
        replace(ALLOWANCE, tasks_per_core=16),
        assignment.RequestedWork(seconds=1e18, instances=0.0, most=10**6),
    )
    decided = decide(
        boast, [queue(1, unsent=999)], requested=requested, allowance=replace(allowance, daily_per_core=None)
    )
    assert sum(share.tasks for share in decided.shares) == of_a_new_host
    assert decided.shares == () or "after its next valid one" in decided.reason
    assert tasks_per_host.most_in_hand(replace(boast, standing=Standing(valid_in_row=1)), allowance) == of_a_proven_one
    assert tasks_per_host.most_in_hand(boast, replace(allowance, heeds_standing=False)) == of_a_proven_one
    assert tasks_per_host.most_in_hand(boast, replace(allowance, tasks_per_core=1)) == min(16, cores)


QUOTA = replace(HOST, standing=Standing(valid_in_row=1, quota=1))
SMALL_DISK = replace(HOST, capacity=Capacity(cores=4, memory_mb=1_000, disk_mb=250))
FREEBSD = replace(HOST, platform=Platform(system="x86_64-pc-freebsd", processor="unknown", instructions="none"))


@pytest.mark.parametrize(
    ("host", "queues", "has", "fact"),
    [
        (HOST, [queue(1, unsent=0)], [], "no work"),
        (HOST, [queue(1)], [held(9), held(7)], "16 tasks of the 16"),
        (HOST, [queue(1, memory_mb=600)], [held(2, memory_mb=300)], "needs 600 MB of memory a task, and 400"),
        (OLD_HOST, [queue(1, avx=True), *[queue(n, memory_mb=9_000) for n in (2, 3)]], [], "with AVX; 2 more"),
        (SMALL_DISK, [queue(1, disk_mb=200)], [held(1)], "experiment_1 needs 200 MB of disk a task, and 150 MB"),
        (HOST, [queue(1, gpu=True, gpu_memory_mb=90)], [], "experiment_1 needs a GPU of NVIDIA with 90 MB"),
        (GPU_HOST, [queue(1, gpu=True, gpu_memory_mb=601)], [], "experiment_1 needs a GPU of NVIDIA with 601 MB"),
        (replace(HOST, speed=0.001), [queue(1, seconds=200.0)], [], "deadline"),
        (HOST, [queue(1)], [held(4, seconds=48 * 3_600.0)], "deadline"),
        (FREEBSD, [queue(1)], [], "x86_64-pc-freebsd"),
        (HOST, [queue(1, is_sealed=False, is_tried=False)], [], "experiment_1 waits for a seal"),
    ],
)
def test_a_host_that_gets_nothing_is_told_why(host, queues, has, fact):
    decided = decide(host, queues, has=has)
    assert decided.shares == ()
    assert fact in decided.reason


def test_a_quota_of_an_hour_and_a_limit_of_a_day_end_what_a_host_gets():
    decided = decide(QUOTA, [queue(1, unsent=99)], requested=many(9), today=60, lately=1)
    assert decided.shares == (assignment.TaskShare(experiment_id=1, tasks=3),)
    assert "4 tasks an hour" in decided.reason
    assert decide(QUOTA, [queue(1)], lately=4).shares == ()
    assert decide(QUOTA, [queue(1)], today=399, lately=0).shares != (), "what it had before the hour is forgotten"
    assert decide(HOST, [queue(1)], today=399).shares == (assignment.TaskShare(experiment_id=1, tasks=1),)
    assert decide(HOST, [queue(1)], today=400).shares == ()
    ours = replace(ALLOWANCE, daily_per_core=None, heeds_standing=False)
    assert decide(QUOTA, [queue(1)], allowance=ours, today=4_000, lately=4_000).shares != ()
    standing = Standing(quota_day=tasks_per_host.quota_day_of(NOW), sent_that_day=7)
    host = replace(HOST, standing=standing)
    moments = [NOW + timedelta(hours=9, minutes=minutes) for minutes in (54, 55)]  # midnight in UTC
    assert [tasks_per_host.count_sent_today(host, moment) for moment in (NOW, *moments)] == [7, 7, 0]


@pytest.mark.parametrize(
    ("requested", "tasks", "fact"),
    [
        (assignment.RequestedWork(seconds=0, instances=0, most=9), 0, "no work was asked for"),
        (many(2), 2, "as much as was asked for"),
        (many(9), 5, "no more work"),
        (assignment.RequestedWork(seconds=9e9, instances=0, most=3), 3, "ask again"),
        (replace(ONE, cpu=False), 0, "your preferences"),
        (replace(ONE, programs={"NVIDIA"}), 0, "has no program"),
        (
            assignment.RequestedWork(seconds=0, instances=0, most=9, gpus={"NVIDIA": (1.0, 1.0)}),
            0,
            "no work of the kind",
        ),
    ],
)
def test_the_reason_says_why_not_more(requested, tasks, fact):
    decided = decide(GPU_HOST, [queue(1)], requested=requested)
    assert decided.shares == ((assignment.TaskShare(experiment_id=1, tasks=tasks),) if tasks else ())
    assert fact in decided.reason
    on_gpus = decide(GPU_HOST, [queue(1, gpu=True)], requested=replace(ONE, programs={""}))
    assert "there is no program for your computer" in on_gpus.reason


EITHER = {"gpu_memory_mb": 500, "on_gpu": assignment.GpuLoad(seconds=30.0, memory_mb=400)}
BOTH = assignment.RequestedWork(seconds=0.0, instances=4.0, most=64, gpus={"NVIDIA": (0.0, 1.0)})


@pytest.mark.parametrize(
    ("host", "requested", "more", "given"),
    [
        (GPU_HOST, BOTH, {}, {"NVIDIA": 1, "": 4}),
        (GPU_HOST, replace(BOTH, cpu=False), {}, {"NVIDIA": 1}),
        (GPU_HOST, replace(BOTH, programs={"NVIDIA"}), {}, {"NVIDIA": 1}),
        (GPU_HOST, BOTH, {"gpu_memory_mb": 601}, {"": 4}),
        (GPU_HOST, BOTH, {"unsent": 3}, {"NVIDIA": 1, "": 2}),
        (GPU_HOST, BOTH, {"on_gpu": assignment.GpuLoad(seconds=30.0, memory_mb=900)}, {"NVIDIA": 1, "": 1}),
        (
            GPU_HOST,
            BOTH,
            {"on_gpu": assignment.GpuLoad(seconds=30.0, memory_mb=400, held_back="is held back")},
            {"": 4},
        ),
        (GPU_HOST, BOTH, {"held_back": "is held back"}, {"NVIDIA": 1}),
        (GPU_HOST, BOTH, {"is_tried": False}, {}),
        (replace(GPU_HOST, platform=OLD_HOST.platform), BOTH, {"avx": True}, {}),
    ],
)
def test_what_may_use_a_gpu_goes_to_an_idle_one_and_else_to_cores(host, requested, more, given):
    decided = decide(host, [queue(1, **EITHER | more)], requested=requested)
    assert {share.gpu: share.tasks for share in decided.shares} == given
    assert decided.reason


def test_gpus_are_asked_for_apart_and_as_long_as_work_takes_there():
    requested = replace(BOTH, seconds=60.0, instances=0.0, gpus={"NVIDIA": (60.0, 0.0)})
    decided = decide(GPU_HOST, [queue(1, **EITHER)], requested=requested)
    assert {share.gpu: share.tasks for share in decided.shares} == {"NVIDIA": 2, "": 1}
    assert decided.is_enough
    large = EITHER | {"on_gpu": assignment.GpuLoad(seconds=1.0, memory_mb=5_000)}
    full = decide(GPU_HOST, [queue(1, **large)], requested=replace(BOTH, instances=0.0))
    assert "5000 MB of memory a task, and 1000 MB are free" in full.reason
    assert [assignment.choose_gpu_kind(GPU_HOST, memory_mb, ("NVIDIA",)) for memory_mb in (600, 601)] == [
        "NVIDIA",
        None,
    ]
    assert [assignment.choose_gpu_kind(host, 9_000, ("NVIDIA",)) for host in (with_gpu(0), HOST)] == ["NVIDIA", None]
    requested = assignment.RequestedWork(seconds=60.0, instances=2.0, most=64, gpus={"NVIDIA": (0.0, 1.0)})
    decided = decide(GPU_HOST, [queue(1), queue(2, gpu=True), queue(3, gpu=True)], requested=requested)
    shares = Counter({(share.experiment_id, share.gpu): share.tasks for share in decided.shares})
    assert shares == {(1, ""): 2, (2, "NVIDIA"): 1}
    assert decided.is_enough


def test_experiments_take_turns_within_one_answer_and_over_many():
    queues = [queue(1), queue(2, out=1), queue(3, out=4)]
    assert {share.experiment_id: share.tasks for share in decide(HOST, queues, requested=many(7)).shares} == {
        1: 4,
        2: 3,
    }
    turns, order = {1: 0, 2: 0, 3: 0}, []
    for moment in range(1, 10):  # a lone core goes round: nobody waits for ever behind the first of equals
        queues = [replace(queue(number), last_turn=last) for number, last in turns.items()]
        order.append(decide(HOST, queues).shares[0].experiment_id)
        turns[order[-1]] = moment
    assert order == [1, 2, 3] * 3


QUEUES = st.lists(
    st.builds(
        queue,
        st.integers(1, 9),
        unsent=st.integers(0, 30),
        out=st.integers(0, 3),
        **dict.fromkeys(("memory_mb", "disk_mb", "gpu_memory_mb"), st.integers(1, 900)),
        **dict.fromkeys(("avx", "gpu", "is_meant"), st.booleans()),
        seconds=st.sampled_from([1.0, 600.0, 90_000.0]),
        on_gpu=st.none() | st.builds(assignment.GpuLoad, seconds=st.just(600.0), memory_mb=st.integers(1, 900)),
    ),
    max_size=5,
    unique_by=lambda queue: queue.experiment_id,
)
HELD = st.lists(
    st.builds(held, st.integers(1, 9), memory_mb=st.integers(1, 500), disk_mb=st.integers(1, 500)), max_size=3
)
HOSTS = st.builds(
    replace,
    st.sampled_from([HOST, OLD_HOST, GPU_HOST]),
    capacity=st.builds(
        Capacity,
        cores=st.integers(1, 6),
        memory_mb=st.integers(0, 3_000),
        disk_mb=st.none() | st.integers(0, 3_000),
        gpus=st.sampled_from([(), GPU_HOST.capacity.gpus]),
    ),
    standing=st.builds(Standing, quota=st.none() | st.integers(0, 3)),
)
WISHES = st.builds(
    assignment.RequestedWork,
    seconds=st.floats(0, 1e6),
    instances=st.integers(0, 40),
    most=st.integers(0, 40),
    gpus=st.sampled_from([{}, {"NVIDIA": (1e5, 2.0)}]),
    cpu=st.booleans(),
    programs=st.frozensets(st.sampled_from(["", "NVIDIA"])),
)


def at_once(sizes: list[int], cores: int) -> int:
    return sum(sorted(sizes)[-cores:])


@given(host=HOSTS, queues=QUEUES, has=HELD, requested=WISHES, today=st.integers(0, 20))
def test_nothing_goes_to_a_host_that_cannot_hold_it(host, queues, has, requested, today):
    decided = decide(host, queues, has=has, requested=requested, today=today, lately=today)
    assert decided.reason
    assert decided == decide(host, queues, has=has, requested=requested, today=today, lately=today)
    named = {queue.experiment_id: queue for queue in queues}
    tasks = []
    for share in decided.shares:
        work = named[share.experiment_id]
        assert 0 < share.tasks <= work.unsent
        assert not (work.avx and host.platform.instructions == "none")
        assert share.gpu == "NVIDIA" or not work.gpu
        assert not share.gpu or work.gpu or work.on_gpu
        assert share.gpu or requested.cpu
        assert not share.gpu or host.capacity.gpus[0].memory_mb >= work.gpu_memory_mb
        assert share.gpu in requested.programs
        load = work.on_gpu if share.gpu and not work.gpu else work
        assert elapsed_on(host, load.seconds) <= ALLOWANCE.deadline.total_seconds()
        tasks += [(load.memory_mb, work.disk_mb)] * share.tasks
    if not tasks:
        return
    cores, capacity, in_hand = host.capacity.cores, host.capacity, sum(some.tasks for some in has)
    assert len(tasks) <= requested.most
    assert len(tasks) + in_hand <= ALLOWANCE.tasks_per_core * cores
    quota = ALLOWANCE.daily_per_core if host.standing.quota is None else host.standing.quota
    assert today + len(tasks) <= quota * cores, "of a day or, by its standing, of an hour"
    tasks += [(some.memory_mb, some.disk_mb) for some in has for _ in range(some.tasks)]
    assert at_once([memory for memory, _ in tasks], cores) <= capacity.memory_mb
    assert capacity.disk_mb is None or at_once([disk for _, disk in tasks], cores) <= capacity.disk_mb


@pytest.mark.parametrize(("beside", "amount"), [(0, 16), (112, 8), (126, 1), (127, 1), (900, 1)])
def test_new_hosts_of_one_volunteer_share_what_they_may_have(beside, amount):
    boast = replace(NEW_HOST, capacity=Capacity(cores=4_096, memory_mb=10**9))
    requested, queues = assignment.RequestedWork(seconds=1e9, instances=0.0, most=1_000), [queue(1, unsent=500)]
    allowance = replace(ALLOWANCE, out_to_siblings=beside)

    def given(host: Host, allowance: tasks_per_host.Allowance) -> int:
        return sum(share.tasks for share in decide(host, queues, requested=requested, allowance=allowance).shares)

    assert given(boast, allowance) == amount
    proven = replace(boast, standing=Standing(valid_in_row=1))
    assert given(proven, allowance) == given(proven, ALLOWANCE) > amount
    assert given(boast, replace(allowance, heeds_standing=False)) > amount


@settings(max_examples=25)
@given(st.lists(st.integers(0, 9), min_size=1, max_size=60))
def test_whoever_invents_hosts_gets_a_task_for_each_at_most_in_whatever_order(order):
    hands, requested = dict.fromkeys(range(10), 0), assignment.RequestedWork(seconds=1e9, instances=0.0, most=1_000)
    boast = replace(NEW_HOST, capacity=Capacity(cores=4_096, memory_mb=10**9))
    for number in order:
        has, beside = [held(hands[number])] if hands[number] else [], sum(hands.values()) - hands[number]
        decided = decide(
            boast,
            [queue(1, unsent=500)],
            has=has,
            requested=requested,
            allowance=replace(ALLOWANCE, out_to_siblings=beside),
        )
        hands[number] += sum(share.tasks for share in decided.shares)
        assert sum(hands.values()) <= 128 + sum(map(bool, hands.values()))


@pytest.mark.parametrize(
    ("computed", "had", "is_ours", "is_alone", "may"),
    [
        (False, False, False, False, True),
        (True, False, False, True, False),  # no volunteer checks what they computed, however alone
        (True, True, True, True, True),
        (True, False, True, False, False),
        (False, True, False, True, True),  # what failed there is tried there again
        (False, True, True, False, False),
    ],
)
def test_a_second_computation_is_another_volunteer_s(computed, had, is_ours, is_alone, may):
    asked = assignment.may_compute_again(
        has_computed=computed, has_had=lambda: had, is_ours=is_ours, is_alone=lambda: is_alone
    )
    assert asked is may
