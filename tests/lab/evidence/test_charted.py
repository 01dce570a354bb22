"""Findings of a map: a number of level 0 closes its block at once, a dimension once a replicate is charted."""

import statistics

import pytest
from map_lab import map_lab

from axiom.domain.work import Outcome
from axiom.lab.steps.evaluate import evaluate, unweighed
from axiom.store.evidence import evidence
from axiom.store.sessions import sessions

LINE, ROOM = 1, 2  # the findings, in the order in which the file asks them


@pytest.fixture
def lab(small_lab):
    """Eight replicates, a block, are ordered."""
    return map_lab(small_lab, replicates=8)


def weigh(lab) -> None:
    with lab.db.transaction():
        session = sessions.opened(lab.db) or sessions.begin(lab.db, pi="autopilot", reason="a test", now=lab.now)
        evaluate(lab.db, session, lab.now)


def lines(lab, number: int) -> list[tuple[int, int, int]]:
    """Blocks, seeds and missing values of each line of a finding."""
    rows = lab.db.select(
        "SELECT blocks, seeds, missing FROM evidence WHERE finding_number = :number ORDER BY blocks", number=number
    )
    return [(row["blocks"], row["seeds"], row["missing"]) for row in rows]


def charted(lab) -> None:
    """Everything that a registered number needs is drawn."""
    while lab.chart(is_idle=False):
        lab.compute()
    assert lab.levels("open").keys() <= {3}


def test_the_two_close_at_different_times(lab):
    lab.compute()
    weigh(lab)
    assert (lines(lab, ROOM), lines(lab, LINE)) == ([(1, 8, 0)], [])
    charted(lab)
    assert unweighed(lab.db) == 1
    weigh(lab)
    assert (lines(lab, ROOM), lines(lab, LINE)) == ([(1, 8, 0)], [(1, 8, 0)])
    found = [one.value for one in evidence.observed(lab.db, LINE)]
    assert statistics.median(found) == pytest.approx(1.0, abs=0.3)  # the edge of a disc is a line
    assert lab.broken() == {}


def test_deeper_tiles_than_a_number_needs_change_nothing_of_it(lab):
    lab.compute()
    charted(lab)
    weigh(lab)
    before = [one.value for one in evidence.observed(lab.db, LINE)]
    while lab.chart(is_idle=True):
        lab.compute()
    assert 3 in lab.levels("drawn")
    assert unweighed(lab.db) == 0
    weigh(lab)
    assert lines(lab, LINE) == [(1, 8, 0)]
    assert [one.value for one in evidence.observed(lab.db, LINE)] == before


def test_a_replicate_that_is_not_charted_keeps_its_block_open(lab):
    lab.compute()
    lab.chart(is_idle=False, cores=1_000)
    lab.compute()  # level 1
    lab.chart(is_idle=False, cores=1_000)
    waiting = len(lab.ask(1, wanted=100).orders)
    assert waiting > 1
    weigh(lab)
    assert lines(lab, LINE) == []
    assert lines(lab, ROOM) == [(1, 8, 0)]


def test_the_last_tile_of_a_block_closes_it(lab):
    lab.compute()
    while lab.chart(is_idle=False):
        while lab.compute(1):
            open_before = unweighed(lab.db)
    weigh(lab)
    assert lines(lab, LINE) == [(1, 8, 0)]
    assert open_before == 1


def test_a_tile_that_failed_for_good_leaves_its_replicate_without_a_dimension_and_ends_it(lab):
    lab.compute()
    lab.chart(is_idle=False)
    (lost,) = lab.ask(1).orders
    lab.report(lost, None, exit_status=10)
    lab.validate()
    charted(lab)
    weigh(lab)
    assert lines(lab, ROOM) == [(1, 8, 0)]
    assert lines(lab, LINE) == [(1, 7, 1)]
    (missing,) = [one for one in evidence.observed(lab.db, LINE) if one.value is None]
    assert "never drawn" in missing.why_missing
    assert missing.hosts == (1,)
    assert lab.broken() == {}


def test_a_tile_that_left_the_numbers_leaves_its_replicate_without_a_dimension(lab):
    lab.compute()
    lab.chart(is_idle=False)
    (order,) = lab.ask(1).orders
    lost = {"inside": None, "share": None, "border": None}
    lab.report(order, lab.output(order, outcome=Outcome.DIVERGED, measures=lost))
    lab.validate()
    assert lab.levels("void")
    charted(lab)
    weigh(lab)
    assert lines(lab, LINE) == [(1, 7, 1)]
    (missing,) = [one for one in evidence.observed(lab.db, LINE) if one.value is None]
    assert missing.why_missing


def test_only_the_arms_that_a_finding_speaks_of_keep_it_waiting(lab):
    """The dimension is of arm 0 alone: tiles of arm 1 may be away."""
    lab.compute()
    lab.db.execute("UPDATE tile SET state = 'ordered' WHERE arm = 1 AND state = 'open'")
    while lab.chart(is_idle=False):
        lab.compute()
    weigh(lab)
    assert lines(lab, LINE) == [(1, 8, 0)]


def test_more_replicates_make_a_second_block_of_each(lab):
    lab.compute()
    charted(lab)
    weigh(lab)
    lab.deploy(workunits=8, max_failures=1)
    lab.compute()
    weigh(lab)
    assert (lines(lab, ROOM)[-1], lines(lab, LINE)[-1]) == ((2, 16, 0), (1, 8, 0))
    charted(lab)
    weigh(lab)
    assert lines(lab, LINE)[-1] == (2, 16, 0)


def test_without_a_border_there_is_nothing_to_chart_and_no_dimension(small_lab):
    """Where no quarter is opened a replicate is charted at once, and says why it has no number."""
    lab = map_lab(small_lab, replicates=8)
    lab.db.execute(
        "CREATE TRIGGER calm AFTER INSERT ON tile WHEN new.state = 'open' BEGIN "
        "DELETE FROM tile WHERE experiment_id = new.experiment_id AND config = new.config "
        "AND replicate = new.replicate; END"
    )
    lab.compute()
    weigh(lab)
    assert lines(lab, LINE) == [(1, 0, 8)]
    assert {one.why_missing for one in evidence.observed(lab.db, LINE)} == {"no border passes at level 1 of size=1.0"}
