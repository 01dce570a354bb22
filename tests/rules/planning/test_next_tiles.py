"""Which tiles are computed next, in tasks of how many, and what the quarters of a drawn tile are worth."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from axiom.domain.maps import DEEPEST, ROOT, Tile, place_of
from axiom.limits import maps as map_limits
from axiom.rules.planning.map_borders import Borders
from axiom.rules.planning.next_tiles import (
    Frontier,
    cap_task_seconds,
    choose_tiles_to_chart,
    deep_tile_seconds,
    list_visited_quarters,
    measure_quarter_worth,
    next_tiles,
    task_length,
    task_sizes,
    tiles_per_task,
    wanted_tile_seconds,
)

FIRST, SECOND, THIRD, FOURTH = ROOT.children


@pytest.mark.parametrize(
    ("lengths", "passes", "differences", "worths"),
    [
        ((3, 0, 0, 9), (True, False, False, True), (0, 0, 0, 0), {FIRST: 3, FOURTH: 9}),
        ((3, 0, 0, 9), (True, False, False, True), (7, 5, 0, 0), {FIRST: 10, FOURTH: 9}),
        ((0, 0, 0, 0), (False, True, True, False), (0, 0, 2, 0), {SECOND: 0, THIRD: 2}),  # along its edge
        ((0, 0, 0, 0), (False,) * 4, (8, 8, 8, 8), {}),
    ],
)
def test_a_quarter_is_worth_its_border_and_what_ended_otherwise(lengths, passes, differences, worths):
    borders = Borders(shares=(0.5, 0.5), lengths=lengths, passes=passes)
    assert measure_quarter_worth(ROOT, borders, differences) == worths


def test_where_somebody_looks_the_quarters_are_worth_more():
    looked_at = [(1, place_of(FIRST, 3)), (2, place_of(Tile(level=DEEPEST), 0))]  # of the deepest nothing is finer
    assert list_visited_quarters(looked_at) == [(1, place_of(quarter, 3)) for quarter in FIRST.children]


def test_a_task_has_as_many_tiles_as_fill_it():
    tiles = {50.0: 24, 9_000.0: 1, 800.0: 2, 0.0: map_limits.TILES_OF_A_TASK}
    assert {seconds: tiles_per_task(seconds, 1_200.0) for seconds in tiles} == tiles


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
