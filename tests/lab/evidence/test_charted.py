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
    """A dimension with the last tile that it needs; deeper ones change nothing of it."""
    lab.compute()
    weigh(lab)
    assert (lines(lab, ROOM), lines(lab, LINE)) == ([(1, 8, 0)], [])
    while lab.chart(is_idle=False):
        while lab.compute(1):
            open_before = unweighed(lab.db)
            if not open_before:
                weigh(lab)
                assert lines(lab, LINE) == []
    assert open_before == 1
    weigh(lab)
    assert (lines(lab, ROOM), lines(lab, LINE)) == ([(1, 8, 0)], [(1, 8, 0)])
    before = [observed.value for observed in evidence.observed(lab.db, LINE)]
    assert statistics.median(before) == pytest.approx(1.0, abs=0.3)  # the edge of a disc is a line
    while lab.chart(is_idle=True):
        lab.compute()
    assert 3 in lab.levels("drawn")
    assert unweighed(lab.db) == 0
    weigh(lab)
    assert lines(lab, LINE) == [(1, 8, 0)]
    assert [observed.value for observed in evidence.observed(lab.db, LINE)] == before
    lab.deploy(workunits=8, max_failures=1)
    lab.compute()
    weigh(lab)
    assert (lines(lab, ROOM)[-1], lines(lab, LINE)[-1]) == ((2, 16, 0), (1, 8, 0))
    charted(lab)
    weigh(lab)
    assert lines(lab, LINE)[-1] == (2, 16, 0)
    assert lab.broken() == {}


@pytest.mark.parametrize("has_failed", [True, False])
def test_a_tile_that_failed_or_left_the_numbers_leaves_its_replicate_without_a_dimension(lab, has_failed):
    lab.compute()
    lab.chart(is_idle=False)
    (order,) = lab.ask(1).orders
    lost = {"inside": None, "share": None, "border": None}
    output = None if has_failed else lab.output(order, outcome=Outcome.DIVERGED, measures=lost)
    lab.report(order, output, exit_status=10 if has_failed else 0)
    lab.validate()
    assert bool(lab.levels("void")) or has_failed
    charted(lab)
    weigh(lab)
    assert (lines(lab, ROOM), lines(lab, LINE)) == ([(1, 8, 0)], [(1, 7, 1)])
    (missing,) = [observed for observed in evidence.observed(lab.db, LINE) if observed.value is None]
    assert missing.why_missing
    assert missing.hosts == (1,) or not has_failed
    assert lab.broken() == {}


def test_only_the_arms_that_a_finding_speaks_of_keep_it_waiting(lab):
    """The dimension is of arm 0 alone: tiles of arm 1 may be away."""
    lab.compute()
    lab.db.execute("UPDATE tile SET state = 'ordered' WHERE arm = 1 AND state = 'open'")
    while lab.chart(is_idle=False):
        lab.compute()
    weigh(lab)
    assert lines(lab, LINE) == [(1, 8, 0)]


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
