"""Which tiles of a map are open, ordered and drawn, and what of a replicate is charted."""

import hashlib
from dataclasses import replace

import apsw
import disc_map
import pytest
from map_lab import drawn, map_lab, result

from axiom.domain.maps import ROOT, Tile, place_of
from axiom.domain.work import TaskState
from axiom.errors import StoreError
from axiom.rules.planning.map_borders import measure_borders
from axiom.server.returns.draw_tiles import draw_tiles
from axiom.store.experiments import experiments
from axiom.store.maps import tiles
from axiom.store.maps.tiles import ChartProgress, OpenTile
from axiom.store.tasks import results, tasks

EVERY = bytes(64)  # all inside: no border passes
MIXED = bytes([0, 2] * 32)  # a border everywhere
LOWER_LEFT = bytes([2, *bytes(63)])


@pytest.fixture
def lab(small_lab):
    """Eight replicates are ordered, and nothing of them is back."""
    return map_lab(small_lab, replicates=8)


def keep(lab, *seen) -> None:
    with lab.db.transaction():
        draw_tiles(lab.db, disc_map.MAP, seen, lab.now)


def opened(lab, level: int = 1, arm: int = 0, limit: int = 100) -> list[OpenTile]:
    return tiles.list_next_open_tiles(lab.db, 1, arm, level, limit)


def test_a_drawn_tile_is_read_as_it_was_drawn_and_is_drawn_once(lab):
    keep(lab, result(pixels=LOWER_LEFT))
    read = tiles.find_drawn_tile(lab.db, 1, 0, 0)
    assert read.pixels == LOWER_LEFT
    assert read.shares == (63 / 64, 1 / 64)
    assert read.tile == ROOT
    assert read.task_id == 1
    assert read.drawn_at == lab.now
    assert tiles.find_drawn_tile(lab.db, 1, 0, 1) is tiles.find_drawn_tile(lab.db, 1, 1, 0) is None
    lab.later(hours=1)
    keep(lab, result(pixels=MIXED, task=2))  # somebody brings it again
    assert tiles.find_drawn_tile(lab.db, 1, 0, 0) == read
    assert lab.levels("open") == {1: 1}  # what the second one saw opens nothing
    keep(lab, result(replicate=1, pixels=EVERY))
    assert (lab.levels("open"), lab.levels("drawn")) == ({1: 1}, {0: 2})
    deep = Tile(level=disc_map.MAP.deepest, column=3, row=1)
    keep(lab, result(replicate=2, tile=deep, pixels=MIXED))
    assert lab.levels("open") == {1: 1}  # nothing is opened below the deepest level
    keep(lab, result(replicate=2, tile=deep.parent, pixels=MIXED))
    assert lab.levels("open") == {1: 1, disc_map.MAP.deepest: 3}  # one of the four was drawn before


def test_each_quarter_through_which_a_border_passes_is_open_until_it_is_ordered(lab):
    keep(lab, result(pixels=LOWER_LEFT))
    assert opened(lab) == [OpenTile(replicate=0, place=place_of(ROOT.children[0], 0))]
    assert opened(lab, arm=1) == []
    keep(lab, result(arm=1, pixels=MIXED))
    assert [tile.place for tile in opened(lab, arm=1)] == [place_of(child, 1) for child in ROOT.children]
    assert [tiles.list_open_levels(lab.db, 1, 1, limit) for limit in (100, 3)] == [[(1, 4)], [(1, 3)]]
    assert tiles.list_open_levels(lab.db, 1, 2, 3) == []
    keep(lab, result(arm=1, tile=ROOT.children[2], pixels=MIXED))
    assert [tiles.list_open_levels(lab.db, 1, 1, limit) for limit in (100, 5)] == [[(1, 3), (2, 4)], [(1, 3), (2, 2)]]
    chosen = opened(lab, arm=1, limit=2)
    for _ in range(2):
        tiles.mark_tiles_ordered(lab.db, 1, chosen)
        assert (len(opened(lab, arm=1)), lab.levels("ordered")) == (1, {1: 2})


def test_the_tiles_with_most_border_come_first_and_sooner_where_somebody_looks(lab):
    keep(lab, result(replicate=3, pixels=LOWER_LEFT), *(result(replicate=at, pixels=MIXED) for at in (5, 4)))
    before = opened(lab)
    assert [tile.replicate for tile in before] == [4] * 4 + [5] * 4 + [3]
    assert opened(lab, limit=2) == before[:2]
    keep(lab, result(replicate=6, pixels=bytes([2, 0] * 32)))  # which ends otherwise than in others
    assert [tile.replicate for tile in opened(lab)] == [6] * 4 + [4] * 4 + [5] * 4 + [3]
    keep(lab, result(replicate=4, tile=ROOT.children[1], pixels=LOWER_LEFT))
    (deep,), before = opened(lab, level=2), opened(lab)
    tiles.raise_tile_worth(lab.db, [(1, place_of(quarter, 0)) for quarter in ROOT.children], 32)
    assert opened(lab) == before  # all quarters of all are worth more
    tiles.raise_tile_worth(lab.db, [(1, place_of(quarter, 0)) for quarter in ROOT.children[1].children], 32)
    assert lab.db.row("SELECT worth FROM tile WHERE level = 2")["worth"] >= 32
    assert opened(lab, level=2) == [deep]


def test_a_replicate_is_charted_once_all_that_is_known_to_be_needed_is_settled(lab):
    keep(lab, result(pixels=LOWER_LEFT), result(replicate=1, pixels=EVERY), result(replicate=2, arm=1, pixels=MIXED))

    def charted(first=0, deepest=2, arms=frozenset({0})) -> dict[int, ChartProgress]:
        return tiles.read_chart_progress(lab.db, 1, first=first, deepest=deepest, arms=arms)

    assert charted() == {0: ChartProgress(wanted=1, back=0)}
    keep(lab, result(tile=ROOT.children[0], pixels=LOWER_LEFT))
    assert charted() == {0: ChartProgress(wanted=2, back=1)}
    keep(lab, result(tile=Tile(level=2), pixels=LOWER_LEFT))
    assert charted() == {0: ChartProgress(wanted=2, back=2)}  # level 3 is none of it
    assert charted(deepest=3) == {0: ChartProgress(wanted=3, back=2)}
    assert charted(first=1, deepest=3, arms={0, 1}) == {2: ChartProgress(wanted=4, back=0)}
    (first, *_) = opened(lab, arm=1)
    tiles.mark_tiles_ordered(lab.db, 1, [first])
    keep(lab, replace(result(replicate=2, arm=1, tile=ROOT.children[0]), pixels=None))  # a void, which is settled
    assert lab.levels("void") == {1: 1}
    assert tiles.find_drawn_tile(lab.db, 1, first.place, 2) is None
    assert charted(arms={1})[2] == ChartProgress(wanted=4, back=1)


def test_a_whole_map_is_charted_where_there_is_a_border_and_nowhere_else(small_lab):
    lab = map_lab(small_lab, replicates=2)
    assert tiles.list_open_orders(lab.db, 1) == [(1, (0, 1))] * 2
    assert lab.compute(1) == 1
    (first, second) = results.list_task_results(lab.db, 1)
    pixels = tiles.find_drawn_tile(lab.db, 1, 0, 0).pixels  # the result holds their sum
    assert first.measures["inside"] == hashlib.sha256(pixels).hexdigest()
    assert first.measures["share"] == pytest.approx((pixels.count(0) + pixels.count(1)) / 64)
    assert second.config == 1
    assert lab.compute() == 1
    assert (tiles.list_open_orders(lab.db, 1), lab.levels("drawn")) == ([], {0: 4})
    while lab.chart():
        out = tiles.list_open_orders(lab.db, 1)
        assert {times for times, _ in out} == {1}
        assert sum(lab.levels("ordered").values()) == sum(len(places) for _, places in out)
        lab.compute()
    assert lab.levels("open") == lab.levels("ordered") == lab.broken() == {}
    wanted, level = [ROOT], 0
    (seed,) = experiments.read_seeds(lab.db, 1, [1])
    amount = "SELECT count(*) AS n FROM tile WHERE replicate = 1 AND arm = 0 AND level = :level"
    while wanted:
        assert lab.db.row(amount, level=level)["n"] == len(wanted)
        quarters = []
        for tile in wanted:
            pixels = drawn(disc_map.Config(**tile.factors), seed)[1]
            assert tiles.find_drawn_tile(lab.db, 1, place_of(tile, 0), 1).pixels == pixels
            passes = measure_borders(pixels, disc_map.MAP).passes if tile.level < disc_map.MAP.deepest else (False,) * 4
            quarters += [child for child, is_passed in zip(tile.children, passes, strict=True) if is_passed]
        wanted, level = quarters, level + 1
    assert level == disc_map.MAP.deepest + 1


@pytest.mark.parametrize("event", ["INSERT ON tile", "UPDATE ON workunit", "UPDATE ON counter"])
def test_a_tile_and_its_result_are_stored_together_or_not_at_all(lab, event):
    """Whatever fails after a result was recorded takes the result back, and the next attempt stores both."""
    order = lab.order(1)
    lab.report(order, lab.output(order))
    before = lab.db.row("SELECT amount FROM counter WHERE noun = 'result'")
    lab.db.execute(f"CREATE TRIGGER dies BEFORE {event} BEGIN SELECT raise(ROLLBACK, 'killed'); END")
    with pytest.raises((StoreError, apsw.Error)):
        lab.validate()
    assert (results.list_task_results(lab.db, order.task), lab.levels("drawn")) == ([], {})
    assert tasks.find_task(lab.db, order.task).state is TaskState.RETURNED
    assert lab.db.row("SELECT amount FROM counter WHERE noun = 'result'") == before
    lab.db.execute("DROP TRIGGER dies")
    lab.validate()
    assert (len(results.list_task_results(lab.db, order.task)), lab.levels("drawn")) == (2, {0: 2})
    assert lab.broken() == {}
