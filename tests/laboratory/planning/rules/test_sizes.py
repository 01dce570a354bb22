"""How many replicates enter evidence together: eight for one who computes alone, 16 to 32 with volunteers."""

import math
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from axiom.domain.fleet import Gpu
from axiom.domain.planning import Need, Supply
from axiom.laboratory.planning.rules.block_size import MOST, block_size
from axiom.laboratory.planning.rules.next_tiles import (
    Frontier,
    cap_task_seconds,
    choose_tiles_to_chart,
    deep_tile_seconds,
    next_tiles,
    task_length,
    task_sizes,
    tiles_per_task,
    wanted_tile_seconds,
)
from axiom.limits import maps as map_limits
from axiom.limits import registrations as registration_limits
from axiom.limits import tasks as task_limits
from axiom.rules.planning.task_size import (
    UsualHosts,
    choose_task_length,
    derive_usual_hosts,
    order_size,
    replicates_per_workunit,
    task_size,
)
from axiom_weigh.evidence.grade_thresholds import find_next_requirements
from axiom_weigh.values import Grade

SECONDS = st.floats(min_value=0.0, max_value=1e7)
MINUTE = 60.0


def with_volunteers(seconds: float):
    return block_size(seconds, has_address=True, has_volunteers=True)


def test_four_tasks_at_four_volunteers_are_filled_within_bounds():
    sizes = {3_600.0: (16, "hold 4;"), 5 * MINUTE: (16, "hold 16"), 3 * MINUTE: (28, "hold 28")}
    sizes |= {2 * MINUTE: (32, "hold 40;"), 0.01: (32, f"hold {4 * task_limits.REPLICATES};")}  # so many a task at most
    for seconds, (replicates, amounts) in sizes.items():
        size = with_volunteers(seconds)
        assert size.replicates == replicates
        assert amounts in size.reason


@settings(max_examples=25)
@given(SECONDS, SECONDS)
def test_an_address_counts_before_a_volunteer_and_dearer_work_has_no_larger_blocks(one, other):
    assert block_size(one, has_address=False, has_volunteers=False).replicates == registration_limits.BLOCK_ALONE == 8
    by_address = block_size(one, has_address=True, has_volunteers=False)
    assert by_address == block_size(one, has_address=False, has_volunteers=True) == with_volunteers(one)
    assert registration_limits.BLOCK_OF_VOLUNTEERS <= by_address.replicates <= MOST
    lighter, heavier = sorted((one, other))
    assert with_volunteers(heavier).replicates <= with_volunteers(lighter).replicates


def test_the_largest_block_orders_nothing_that_the_least_would_not_before_a_grade():
    strong, definitive = (find_next_requirements(grade)[0] for grade in (Grade.MODERATE, Grade.STRONG))
    for seeds in (
        strong,
        registration_limits.SETTLED_AFTER,
        definitive,
        registration_limits.REPLICATES,
    ):  # both close at the same number of replicates
        assert (
            -(-seeds // MOST) * MOST
            == -(-seeds // registration_limits.BLOCK_OF_VOLUNTEERS) * registration_limits.BLOCK_OF_VOLUNTEERS
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


def test_a_workunit_holds_whole_replicates_and_a_task_as_many_tiles_as_fill_it():
    replicates = {
        2.0: 4,
        3.0: 3,
        900.0: 1,
        0.0: task_limits.REPLICATES,
    }  # 2.67 is nearer to 3 than to 2, and never none
    assert {seconds: replicates_per_workunit(seconds, 8.0) for seconds in replicates} == replicates
    tiles = {50.0: 24, 9_000.0: 1, 800.0: 2, 0.0: map_limits.TILES_OF_A_TASK}
    assert {seconds: tiles_per_task(seconds, 1_200.0) for seconds in tiles} == tiles


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


NEEDED = Frontier(experiment_id=1, arm=0, level=1, tiles=100, seconds=10.0, is_needed=True)


def ordered(*frontiers: Frontier, **asked) -> list:
    usual = {"wanted": 1_000.0, "deep": 1e9, "out": 0.0, "is_idle": True, "turn": 20.0}
    return [(order.frontier.arm, order.frontier.level, order.tiles) for order in next_tiles(frontiers, **usual | asked)]


@pytest.mark.parametrize(
    ("frontiers", "asked", "orders"),
    [
        ([NEEDED], {"wanted": 300.0}, [(0, 1, 30)]),
        ([NEEDED], {"out": 900.0}, [(0, 1, 10)]),
        ([NEEDED], {"wanted": 4.0}, [(0, 1, 1)]),  # shorter than a tile: one at least
        ([NEEDED], {"is_idle": False}, [(0, 1, int(map_limits.SHARE_OF_WORK * 100))]),
        ([NEEDED], {"is_idle": False, "out": 250.0}, []),
        ([replace(NEEDED, is_needed=False)], {"is_idle": False}, []),  # to look at, only where nobody else asks
        ([replace(NEEDED, is_needed=False)], {"deep": 600.0}, [(0, 1, 60)]),
        ([NEEDED, replace(NEEDED, arm=1, is_needed=False)], {"deep": 600.0, "wanted": 2_000.0}, [(0, 1, 100)]),
        # what is needed comes before what shows more
        ([replace(NEEDED, arm=1, is_needed=False, level=0), NEEDED], {"wanted": 1_200.0}, [(0, 1, 100), (1, 0, 20)]),
        ([replace(NEEDED, arm=1, level=2), NEEDED], {"wanted": 1_200.0}, [(0, 1, 100), (1, 2, 20)]),
        # a cheap arm runs a level ahead of one that is more than four times as dear
        ([NEEDED, replace(NEEDED, arm=1, level=2, seconds=2.4)], {"wanted": 340.0}, [(1, 2, 100), (0, 1, 10)]),
        ([NEEDED, replace(NEEDED, arm=1, level=2, seconds=2.6)], {}, [(0, 1, 100)]),
    ],
)
def test_so_many_tiles_of_these_frontiers_are_ordered(frontiers, asked, orders):
    assert ordered(*frontiers, **asked) == orders


def test_who_waits_has_one_arm_charted_after_another_the_cheapest_first():
    frontiers = [NEEDED, replace(NEEDED, arm=1, level=4, seconds=1.0)]
    for most, tiles in ((1, [(1, 20)]), (6, [(1, 100), (0, 2)])):  # twenty tiles of a second are a task
        orders = choose_tiles_to_chart(frontiers, most=most, turn=20.0)
        assert [(order.frontier.arm, order.tiles) for order in orders] == tiles


def test_tasks_are_shorter_where_few_tiles_are_there_for_many_cores():
    lengths = {(100_000, 1_200.0): 1_200.0, (1_000, 1_200.0): 100.0}  # plenty for everybody; a task for each core
    lengths |= {
        (100, 1_200.0): map_limits.SHORT_SECONDS,
        (1, 8.0): 8.0,
    }  # hardly worth fetching; on the laboratory's own cores
    for (tiles, turn), length in lengths.items():
        orders = next_tiles([replace(NEEDED, tiles=tiles)], wanted=1e9, deep=1e9, out=0.0, is_idle=True, turn=turn)
        assert task_length(orders, 100, turn) == length


FRONTIERS = st.lists(
    st.builds(
        Frontier,
        experiment_id=st.integers(1, 3),
        arm=st.integers(0, 5),
        level=st.integers(0, 20),
        tiles=st.integers(1, 5_000),
        seconds=st.floats(0.01, 20_000.0),
        is_needed=st.booleans(),
    ),
    max_size=8,
    unique_by=lambda one: (one.experiment_id, one.arm),
)


@settings(max_examples=50)
@given(
    frontiers=FRONTIERS,
    wanted=st.floats(0.0, 1e7),
    deep=st.floats(0.0, 1e7),
    out=st.floats(0.0, 1e7),
    is_idle=st.booleans(),
    turn=st.sampled_from([8.0, 1_200.0]),
)
def test_no_more_is_ordered_than_there_is_and_than_should_wait(frontiers, wanted, deep, out, is_idle, turn):
    asked = {"wanted": wanted, "deep": deep, "out": out, "is_idle": is_idle, "turn": turn}
    orders = next_tiles(frontiers, **asked)
    room = (wanted if is_idle else map_limits.SHARE_OF_WORK * wanted) - out
    *before, _ = [*(one.tiles * cap_task_seconds(one.frontier.seconds, turn) for one in orders), 0.0]
    assert all(1 <= one.tiles <= one.frontier.tiles for one in orders)
    assert max(Counter(id(one.frontier) for one in orders).values(), default=0) <= 1
    last = max((cap_task_seconds(one.frontier.seconds, turn) for one in orders), default=0.0)
    assert sum(before) <= max(room, 0.0) + last  # one tile may go beyond, else a dear arm would never be computed
    assert orders == next_tiles(frontiers[::-1], **asked)  # however they are listed
    assert all(one.frontier.is_needed for one in orders) or out < deep
    if is_idle and min(room, deep - out) > sum(one.tiles * one.seconds for one in frontiers):
        assert len(orders) == len(frontiers)


def test_tiles_count_as_what_a_task_of_them_lasts_and_enough_wait_for_all_cores():
    turn, cores = 1_200.0, 100
    hours = replace(NEEDED, tiles=5_000, seconds=7_200.0)
    for out, tiles in ((0, 3 * cores), (250, 50)):
        orders = ordered(hours, wanted=3 * cores * turn, turn=turn, out=cap_task_seconds(7_200.0, turn) * out)
        assert orders == [(0, 1, tiles)]
    assert cap_task_seconds(600.0, turn) == 600.0
    usual = replace(
        NEEDED, seconds=turn / map_limits.TILES_OF_A_TASK
    )  # else tiles of milliseconds would run many levels ahead
    cheap = replace(NEEDED, arm=1, seconds=0.01)
    assert cheap.worth(turn) == usual.worth(turn)
    assert replace(cheap, level=2).worth(turn) < usual.worth(turn)
    assert ordered(replace(cheap, level=2), usual, wanted=96.0, turn=turn) == [(0, 1, 8)]
    assert [wanted_tile_seconds(2, 3, 8.0, is_idle=is_idle) for is_idle in (True, False)] == [1_200.0, 48.0]
    assert [wanted_tile_seconds(2, 3, 1_200.0, is_idle=is_idle) for is_idle in (True, False)] == [7_200.0] * 2
    assert [deep_tile_seconds(2, turn) for turn in (8.0, 1_200.0)] == [1_200.0, 4_800.0]


@settings(max_examples=30)
@given(tiles=st.dictionaries(st.integers(0, 50), st.integers(1, 500), max_size=6), most=st.integers(1, 100))
def test_tasks_hold_every_tile_once_and_each_those_of_one_replicate(tiles, most):
    sizes = task_sizes(tiles, most)
    for replicate, amount in tiles.items():
        own = [size for number, size in sizes if number == replicate]
        assert sum(own) == amount
        assert len(own) == -(-amount // most)
        assert max(own) <= most
