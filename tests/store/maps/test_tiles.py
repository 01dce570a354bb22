"""Which tiles of a map are open, ordered and drawn, and what of a replicate is charted."""

import hashlib
from dataclasses import replace

import apsw
import disc_map
import pytest
from map_lab import drawn, levels_of, map_lab, result

from axiom.domain.experiments import seed_of
from axiom.domain.maps import ROOT, Tile, borders, place_of
from axiom.domain.work import TaskState
from axiom.errors import StoreError
from axiom.store.maps import tiles
from axiom.store.maps.tiles import Charted, OpenTile
from axiom.store.tasks import results, workunits

EVERY = bytes(64)  # all inside: no border passes
MIXED = bytes([0, 2] * 32)  # a border everywhere
LOWER_LEFT = bytes([2, *bytes(63)])


@pytest.fixture
def lab(small_lab):
    """Eight replicates are ordered, and nothing of them is back."""
    return map_lab(small_lab, replicates=8)


def keep(lab, *found) -> None:
    with lab.db.transaction():
        tiles.draw(lab.db, disc_map.MAP, found, lab.now)


def opened(lab, level: int = 1, arm: int = 0, limit: int = 100) -> list[OpenTile]:
    return tiles.next_open(lab.db, 1, arm, level, limit)


def test_a_drawn_tile_is_read_as_it_was_drawn(lab):
    keep(lab, result(pixels=LOWER_LEFT))
    read = tiles.one(lab.db, 1, 0, 0)
    assert (read.pixels, read.shares, read.tile, read.task_id) == (LOWER_LEFT, (63 / 64, 1 / 64), ROOT, 1)
    assert read.drawn_at == lab.now
    assert tiles.at_place(lab.db, 1, 0, 9) == [read]
    assert tiles.one(lab.db, 1, 0, 1) is None
    assert tiles.one(lab.db, 1, 1, 0) is None


def test_each_quarter_through_which_a_border_passes_is_open_next(lab):
    keep(lab, result(pixels=LOWER_LEFT))
    assert opened(lab) == [OpenTile(replicate=0, place=place_of(ROOT.children[0], 0))]
    assert opened(lab, arm=1) == []
    keep(lab, result(arm=1, pixels=MIXED))
    assert [one.place for one in opened(lab, arm=1)] == [place_of(each, 1) for each in ROOT.children]
    assert tiles.open_levels(lab.db, 1, 1, 100) == [(1, 4)]
    assert tiles.open_levels(lab.db, 1, 1, 3) == [(1, 3)]
    assert tiles.open_levels(lab.db, 1, 2, 3) == []
    keep(lab, result(arm=1, tile=ROOT.children[2], pixels=MIXED))
    assert tiles.open_levels(lab.db, 1, 1, 100) == [(1, 3), (2, 4)]
    assert tiles.open_levels(lab.db, 1, 1, 5) == [(1, 3), (2, 2)]


def test_a_tile_without_a_border_opens_nothing(lab):
    keep(lab, result(pixels=EVERY))
    assert tiles.open_levels(lab.db, 1, 0, 9) == []
    assert lab.levels("drawn") == {0: 1}


def test_nothing_is_opened_below_the_deepest_level(lab):
    deep = Tile(level=disc_map.MAP.deepest, column=3, row=1)
    keep(lab, result(tile=deep, pixels=MIXED))
    assert lab.levels("open") == {}
    keep(lab, result(tile=deep.parent, pixels=MIXED))
    assert lab.levels("open") == {disc_map.MAP.deepest: 3}  # one of the four was drawn before


def test_the_tiles_with_most_border_come_first_and_then_those_of_earlier_replicates(lab):
    full, little = bytes([0, 2] * 32), LOWER_LEFT
    keep(lab, result(replicate=3, pixels=little), result(replicate=5, pixels=full), result(replicate=4, pixels=full))
    found = opened(lab)
    assert [one.replicate for one in found] == [4] * 4 + [5] * 4 + [3]
    assert opened(lab, limit=2) == found[:2]


def test_tiles_that_end_otherwise_in_another_replicate_come_first(lab):
    keep(lab, result(replicate=3, pixels=MIXED))
    keep(lab, result(replicate=4, pixels=MIXED))
    keep(lab, result(replicate=5, pixels=bytes([2, 0] * 32)))
    assert [one.replicate for one in opened(lab)] == [5] * 4 + [3] * 4 + [4] * 4


def test_where_somebody_looks_is_computed_sooner(lab):
    keep(lab, *(result(replicate=number, pixels=MIXED) for number in (3, 4)))
    keep(lab, result(replicate=3, tile=ROOT.children[1], pixels=LOWER_LEFT))
    (deep,) = opened(lab, level=2)
    first = opened(lab)[0]
    tiles.raise_worth(lab.db, [(1, place_of(ROOT, 0))], 32)
    assert opened(lab)[0] == first  # all four quarters of both are worth more
    tiles.raise_worth(lab.db, [(1, place_of(ROOT.children[1], 0))], 32)
    assert lab.db.one("SELECT worth FROM tile WHERE level = 2")["worth"] >= 32
    assert opened(lab, level=2) == [deep]
    tiles.raise_worth(lab.db, [(1, place_of(Tile(level=22), 0))], 32)  # nothing is finer


def test_what_is_ordered_is_not_ordered_again(lab):
    keep(lab, result(pixels=MIXED))
    chosen = opened(lab, limit=3)
    tiles.order(lab.db, 1, chosen)
    assert len(opened(lab)) == 1
    assert lab.levels("ordered") == {1: 3}
    tiles.order(lab.db, 1, chosen)
    assert lab.levels("ordered") == {1: 3}


def test_a_tile_is_drawn_once_whoever_brings_it_again(lab):
    keep(lab, result(pixels=LOWER_LEFT))
    lab.later(hours=1)
    keep(lab, result(pixels=MIXED, task=2))
    assert tiles.one(lab.db, 1, 0, 0).pixels == LOWER_LEFT
    assert tiles.one(lab.db, 1, 0, 0).task_id == 1
    assert lab.levels("open") == {1: 1}  # what the second one saw opens nothing


def test_a_result_without_pixels_leaves_a_void_that_is_settled(lab):
    keep(lab, result(pixels=MIXED))
    (first, *_) = opened(lab)
    tiles.order(lab.db, 1, [first])
    keep(lab, replace(result(tile=ROOT.children[0]), pixels=None))
    assert lab.levels("void") == {1: 1}
    assert tiles.one(lab.db, 1, first.place, 0) is None
    assert tiles.charted(lab.db, 1, first=0, deepest=2, arms={0})[0] == Charted(wanted=4, back=1)


def test_a_replicate_is_charted_once_all_that_is_known_to_be_needed_is_settled(lab):
    keep(lab, result(pixels=LOWER_LEFT), result(replicate=1, pixels=EVERY), result(replicate=2, arm=1, pixels=MIXED))
    asked = {"first": 0, "deepest": 2, "arms": {0}}
    assert tiles.charted(lab.db, 1, **asked) == {0: Charted(wanted=1, back=0)}
    keep(lab, result(tile=ROOT.children[0], pixels=LOWER_LEFT))
    assert tiles.charted(lab.db, 1, **asked) == {0: Charted(wanted=2, back=1)}
    keep(lab, result(tile=Tile(level=2), pixels=LOWER_LEFT))
    assert tiles.charted(lab.db, 1, **asked) == {0: Charted(wanted=2, back=2)}  # level 3 is none of it
    assert tiles.charted(lab.db, 1, first=0, deepest=3, arms={0}) == {0: Charted(wanted=3, back=2)}
    assert tiles.charted(lab.db, 1, first=1, deepest=3, arms={0, 1}) == {2: Charted(wanted=4, back=0)}


def test_a_whole_map_is_charted_down_to_its_deepest_level(lab):
    assert lab.compute() == 8
    assert lab.levels("drawn") == {0: 16}  # two arms of eight replicates
    while lab.chart():
        assert lab.levels("ordered")
        lab.compute()
    assert set(lab.levels("drawn")) == {0, 1, 2, 3}
    assert lab.levels("open") == lab.levels("ordered") == {}
    assert lab.broken() == {}


def test_only_quarters_with_a_border_were_drawn_and_all_of_those(lab):
    lab.compute()
    while lab.chart():
        lab.compute()
    for replicate in (0, 3):
        wanted, level = [ROOT], 0
        seed = seed_of("disc_map", 1, replicate)
        while wanted:
            next_ones = []
            for tile in wanted:
                pixels = drawn(disc_map.Config(**tile.factors), seed)[1]
                assert tiles.one(lab.db, 1, place_of(tile, 0), replicate).pixels == pixels
                if tile.level < disc_map.MAP.deepest:
                    seen = borders(pixels, disc_map.MAP)
                    next_ones += [c for c, passes in zip(tile.children, seen.passes, strict=True) if passes]
            counted = lab.db.one(
                "SELECT count(*) AS n FROM tile WHERE replicate = :replicate AND arm = 0 AND level = :level",
                replicate=replicate,
                level=level,
            )
            assert counted["n"] == len(wanted)
            wanted, level = next_ones, level + 1


def test_the_result_holds_the_sum_of_the_pixels_and_not_the_pixels(lab):
    lab.compute(1)
    (first, second) = results.of_task(lab.db, 1)
    pixels = tiles.one(lab.db, 1, 0, 0).pixels
    assert first.measures["inside"] == hashlib.sha256(pixels).hexdigest()
    assert first.measures["share"] == pytest.approx(pixels.count(0) / 64 + pixels.count(1) / 64)
    assert second.config == 1


def test_what_is_out_is_told_by_workunit(lab):
    assert tiles.out(lab.db, 1) == [(1, (0, 1))] * 8
    lab.compute()
    assert tiles.out(lab.db, 1) == []
    lab.chart()
    out = tiles.out(lab.db, 1)
    assert {times for times, _ in out} == {1}
    assert levels_of([place for _, places in out for place in places]) == {1}


@pytest.mark.parametrize("table", ["tile", "workunit", "counter"])
def test_a_tile_and_its_result_are_stored_together_or_not_at_all(lab, table):
    """Whatever fails after a result was recorded takes the result back, and the next attempt stores both."""
    order = lab.order(1)
    lab.report(order, lab.output(order))
    event = {"tile": "INSERT", "workunit": "UPDATE", "counter": "UPDATE"}[table]
    before = lab.db.one("SELECT amount FROM counter WHERE noun = 'result'")
    lab.db.execute(f"CREATE TRIGGER dies BEFORE {event} ON {table} BEGIN SELECT raise(ROLLBACK, 'killed'); END")
    with pytest.raises((StoreError, apsw.Error)):
        lab.validate()
    assert results.of_task(lab.db, order.task) == []
    assert lab.levels("drawn") == {}
    assert workunits.task(lab.db, order.task).state is TaskState.RETURNED
    assert lab.db.one("SELECT amount FROM counter WHERE noun = 'result'") == before
    lab.db.execute("DROP TRIGGER dies")
    lab.validate()
    assert len(results.of_task(lab.db, order.task)) == 2
    assert lab.levels("drawn") == {0: 2}
    assert lab.broken() == {}
