"""Coarse before fine, what a registered number needs before all else, and no more than should wait."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from axiom.decisions.planning.next_tiles import (
    MOST_OF_TASK,
    SHARE,
    SHORT,
    Frontier,
    counted,
    deep_for,
    next_tiles,
    task_length,
    task_sizes,
    tiles_a_task,
    to_chart,
    wanted_for,
)

NEEDED = Frontier(experiment_id=1, arm=0, level=1, tiles=100, seconds=10.0, is_needed=True)


def ordered(
    *frontiers: Frontier,
    wanted: float = 1_000.0,
    deep: float = 1e9,
    out: float = 0.0,
    is_idle: bool = True,
    turn: float = 20.0,
) -> list:
    orders = next_tiles(frontiers, wanted=wanted, deep=deep, out=out, is_idle=is_idle, turn=turn)
    return [(one.frontier.arm, one.frontier.level, one.tiles) for one in orders]


@pytest.mark.parametrize(
    ("frontiers", "asked", "orders"),
    [
        ([NEEDED], {"wanted": 300.0}, [(0, 1, 30)]),
        ([NEEDED], {"out": 900.0}, [(0, 1, 10)]),
        ([NEEDED], {"out": 1_000.0}, []),
        ([NEEDED], {"wanted": 4.0}, [(0, 1, 1)]),  # shorter than a tile: one at least
        ([NEEDED], {"is_idle": False}, [(0, 1, int(SHARE * 100))]),
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


@pytest.mark.parametrize(
    ("most", "orders"),
    [
        (1, [(1, 20)]),  # twenty tiles of a second are a task
        (6, [(1, 100), (0, 2)]),  # the cheapest arm first, and then what there is room for
    ],
)
def test_who_waits_has_one_arm_charted_after_another_the_cheapest_first(most, orders):
    frontiers = [NEEDED, replace(NEEDED, arm=1, level=4, seconds=1.0)]
    assert [(one.frontier.arm, one.tiles) for one in to_chart(frontiers, most=most, turn=20.0)] == orders


@pytest.mark.parametrize(
    ("tiles", "lacking", "turn", "length"),
    [
        (100_000, 100, 1_200.0, 1_200.0),  # plenty for everybody
        (1_000, 100, 1_200.0, 100.0),  # a task for each core
        (100, 100, 1_200.0, SHORT),  # shorter ones would hardly be worth fetching
        (1, 100, 8.0, 8.0),  # on the laboratory's own cores
    ],
)
def test_tasks_are_shorter_where_few_tiles_are_there_for_many_cores(tiles, lacking, turn, length):
    orders = next_tiles([replace(NEEDED, tiles=tiles)], wanted=1e9, deep=1e9, out=0.0, is_idle=True, turn=turn)
    assert task_length(orders, lacking, turn) == length


def test_a_laboratory_alone_has_tiles_until_the_next_order_where_nothing_else_waits():
    assert [wanted_for(2, 3, 8.0, is_idle=is_idle) for is_idle in (True, False)] == [1_200.0, 48.0]
    assert [wanted_for(2, 3, 1_200.0, is_idle=is_idle) for is_idle in (True, False)] == [7_200.0] * 2
    assert [deep_for(2, turn) for turn in (8.0, 1_200.0)] == [1_200.0, 4_800.0]


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
    room = (wanted if is_idle else SHARE * wanted) - out
    *before, _ = [*(one.tiles * counted(one.frontier.seconds, turn) for one in orders), 0.0]
    assert all(1 <= one.tiles <= one.frontier.tiles for one in orders)
    assert max(Counter(id(one.frontier) for one in orders).values(), default=0) <= 1
    last = max((counted(one.frontier.seconds, turn) for one in orders), default=0.0)
    assert sum(before) <= max(room, 0.0) + last  # one tile may go beyond, else a dear arm would never be computed
    assert orders == next_tiles(frontiers[::-1], **asked)  # however they are listed
    assert all(one.frontier.is_needed for one in orders) or out < deep
    if is_idle and min(room, deep - out) > sum(one.tiles * one.seconds for one in frontiers):
        assert len(orders) == len(frontiers)


def test_enough_tasks_wait_for_all_cores_however_long_they_take():
    turn, cores = 1_200.0, 100
    hours = replace(NEEDED, tiles=5_000, seconds=7_200.0)
    assert ordered(hours, wanted=3 * cores * turn, turn=turn) == [(0, 1, 3 * cores)]
    assert ordered(hours, wanted=3 * cores * turn, turn=turn, out=counted(7_200.0, turn) * 250) == [(0, 1, 50)]
    assert counted(600.0, turn) == 600.0


def test_a_tile_is_never_cheaper_than_its_share_of_a_task():
    """Else tiles of milliseconds would run many levels ahead, and nearly all tasks would be theirs."""
    turn = 1_200.0
    usual = replace(NEEDED, seconds=turn / MOST_OF_TASK)
    cheap = replace(NEEDED, arm=1, seconds=0.01)
    assert cheap.worth(turn) == usual.worth(turn)
    assert replace(cheap, level=2).worth(turn) < usual.worth(turn)
    assert ordered(replace(cheap, level=2), usual, wanted=96.0, turn=turn) == [(0, 1, 8)]


@pytest.mark.parametrize(
    ("seconds", "turn", "tiles"),
    [(50.0, 1_200.0, 24), (9_000.0, 1_200.0, 1), (800.0, 1_200.0, 2), (0.0, 1_200.0, MOST_OF_TASK)],
)
def test_a_task_holds_as_many_tiles_as_last_for_about_a_turn(seconds, turn, tiles):
    assert tiles_a_task(seconds, turn) == tiles


@settings(max_examples=30)
@given(tiles=st.dictionaries(st.integers(0, 50), st.integers(1, 500), max_size=6), each=st.integers(1, 100))
def test_tasks_hold_every_tile_once_and_each_those_of_one_replicate(tiles, each):
    sizes = task_sizes(tiles, each)
    assert all(1 <= amount <= each for _, amount in sizes)
    for replicate, amount in tiles.items():
        own = [size for number, size in sizes if number == replicate]
        assert sum(own) == amount
        assert len(own) == -(-amount // each)
