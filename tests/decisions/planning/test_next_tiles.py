"""Coarse before fine, what a registered number needs before all else, and no more than should wait."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axiom.decisions.planning.next_tiles import SHARE, Frontier, next_tiles, tiles_a_task

NEEDED = Frontier(experiment_id=1, arm=0, level=1, tiles=100, seconds=10.0, is_needed=True)


def ordered(*frontiers: Frontier, wanted: float = 1_000.0, out: float = 0.0, is_idle: bool = True) -> list:
    orders = next_tiles(frontiers, wanted=wanted, out=out, is_idle=is_idle)
    return [(one.frontier.arm, one.frontier.level, one.tiles) for one in orders]


@pytest.mark.parametrize(
    ("frontiers", "asked", "orders"),
    [
        ([], {}, []),
        ([NEEDED], {}, [(0, 1, 100)]),
        ([NEEDED], {"wanted": 300.0}, [(0, 1, 30)]),
        ([NEEDED], {"out": 900.0}, [(0, 1, 10)]),
        ([NEEDED], {"out": 1_000.0}, []),
        ([NEEDED], {"out": 5_000.0}, []),
        ([NEEDED], {"wanted": 4.0}, [(0, 1, 1)]),  # shorter than a tile: one at least
        ([NEEDED], {"is_idle": False}, [(0, 1, int(SHARE * 100))]),
        ([NEEDED], {"is_idle": False, "out": 250.0}, []),
        ([replace(NEEDED, is_needed=False)], {"is_idle": False}, []),  # to look at, only where nobody else asks
        ([replace(NEEDED, is_needed=False)], {}, [(0, 1, 100)]),
        # what is needed comes before what shows more
        ([replace(NEEDED, arm=1, is_needed=False, level=0), NEEDED], {"wanted": 1_200.0}, [(0, 1, 100), (1, 0, 20)]),
        # coarse before fine
        ([replace(NEEDED, arm=1, level=2), NEEDED], {"wanted": 1_200.0}, [(0, 1, 100), (1, 2, 20)]),
        # a cheap arm runs a level ahead of one that is more than four times as dear
        ([NEEDED, replace(NEEDED, arm=1, level=2, seconds=2.4)], {"wanted": 340.0}, [(1, 2, 100), (0, 1, 10)]),
        ([NEEDED, replace(NEEDED, arm=1, level=2, seconds=2.6)], {}, [(0, 1, 100)]),
    ],
)
def test_so_many_tiles_of_these_frontiers_are_ordered(frontiers, asked, orders):
    assert ordered(*frontiers, **asked) == orders


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


@given(frontiers=FRONTIERS, wanted=st.floats(0.0, 1e7), out=st.floats(0.0, 1e7), is_idle=st.booleans())
def test_no_more_is_ordered_than_there_is_and_than_should_wait(frontiers, wanted, out, is_idle):
    orders = next_tiles(frontiers, wanted=wanted, out=out, is_idle=is_idle)
    room = (wanted if is_idle else SHARE * wanted) - out
    *before, _ = [*(one.tiles * one.frontier.seconds for one in orders), 0.0]
    assert all(1 <= one.tiles <= one.frontier.tiles for one in orders)
    assert max(Counter(id(one.frontier) for one in orders).values(), default=0) <= 1
    last = max((one.frontier.seconds for one in orders), default=0.0)
    assert sum(before) <= max(room, 0.0) + last  # one tile may go beyond, else a dear arm would never be computed
    assert orders == next_tiles(frontiers[::-1], wanted=wanted, out=out, is_idle=is_idle)  # however they are listed
    if is_idle and room > sum(one.tiles * one.seconds for one in frontiers):
        assert len(orders) == len(frontiers)


@pytest.mark.parametrize(
    ("seconds", "turn", "most", "tiles"),
    [
        (50.0, 1_200.0, 100, 24),
        (0.2, 1_200.0, 100, 100),
        (9_000.0, 1_200.0, 100, 1),
        (800.0, 1_200.0, 100, 2),
        (0.0, 1_200.0, 100, 100),
    ],
)
def test_a_task_holds_as_many_tiles_as_last_for_about_a_turn(seconds, turn, most, tiles):
    assert tiles_a_task(seconds, turn, most) == tiles
