"""What a line says follows from the stored results: nothing is forgotten, left out or put at another place."""

import pytest
from planted_effects import SAID, block, further, order_of, values

from axiom.domain.registrations import Stopping
from axiom.lab.evidence.recompute import recomputed
from axiom.lab.registrations.register import amend, register_cohort
from axiom.store.evidence import evidence


@pytest.fixture
def rounds(shifting):
    return shifting


def test_a_late_value_that_was_forgotten_is_found_although_the_line_fits_what_entered(rounds, monkeypatch):
    rounds.lab.host("late")
    rounds.lab.deploy(workunits=1, max_failures=1)
    late = rounds.lab.order(2)
    rounds.lab.deploy(workunits=7)
    rounds.compute(7, by=values(rounds, 1.0))
    rounds.lab.later(hours=49)
    rounds.lab.sweep()
    rounds.hold()
    rounds.lab.later(hours=1)
    rounds.lab.report(late, values(rounds, 1.0)(late))
    rounds.lab.validate()
    monkeypatch.setattr(
        "axiom.lab.steps.evaluate._known", lambda version, found: (evidence.kept(version.db, found.number), ())
    )
    block(rounds)
    rounds.hold()
    assert recomputed(rounds.db) == ["finding 1, line 2 is not what its results say"]


def test_a_place_among_all_claims_is_that_of_what_the_line_says(rounds):
    """With its old e-value the finding would stand among all others; the value that has come late takes that away."""
    rounds.lab.host("late")
    rounds.lab.deploy(workunits=1, max_failures=1)
    late = rounds.lab.order(2)
    rounds.lab.deploy(workunits=15)
    rounds.compute(15, by=values(rounds, 1.0))
    rounds.lab.later(hours=49)
    rounds.lab.sweep()
    rounds.hold()
    assert evidence.newest(rounds.db)[1].false_share == 0.01
    rounds.lab.later(hours=1)
    rounds.lab.report(late, values(rounds, -50.0)(late))
    rounds.lab.validate()
    rounds.lab.later(seconds=1)
    rounds.hold()
    assert (evidence.newest(rounds.db)[1].line, evidence.newest(rounds.db)[1].seeds) == (3, 16)
    assert recomputed(rounds.db) == []


def test_a_block_of_another_design_that_was_left_out_is_found(rounds, monkeypatch):
    """Which design's blocks count is no choice, however whole the others are."""
    second = further(rounds)
    block(rounds, second)
    monkeypatch.setattr("axiom.store.registrations.registrations.feeding", lambda *_: {1: (1,)})
    block(rounds)
    rounds.hold()
    assert recomputed(rounds.db) == []
    monkeypatch.undo()
    assert recomputed(rounds.db) == ["finding 1, line 1 is not what its results say"]


def test_the_short_last_block_of_what_was_amended_has_its_place_after_what_was_weighed_before(rounds):
    with rounds.db.transaction():
        register_cohort(rounds.db, 1, stopping=Stopping(), why="more of it", now=rounds.lab.now)
    order_of(rounds, 1, 3)
    rounds.compute(3, by=values(rounds, 1.0))
    block(rounds, 2)
    rounds.hold()
    rounds.lab.later(seconds=1)
    with rounds.db.transaction():
        amend(
            rounds.db, 1, {"smallest": 0.9}, prediction=SAID, forecaster="Ada", why="it looked so", now=rounds.lab.now
        )
    block(rounds, 2)
    rounds.hold()
    placed = {(one.block, one.observation.registration) for one in evidence.kept(rounds.db, 1).placed}
    assert placed == {(1, 2), (2, 1), (3, 2)}
    assert rounds.broken() == {}
