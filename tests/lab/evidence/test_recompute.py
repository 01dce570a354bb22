"""What a line says follows from the stored results: nothing is forgotten, left out or put at another place."""

import pytest
from planted_effects import block, further, values

from axiom.lab.evidence.recompute import recomputed
from axiom.store.evidence import evidence


@pytest.fixture
def rounds(shifting):
    return shifting


def test_a_late_value_that_was_forgotten_is_found_although_the_line_fits_what_entered(rounds, monkeypatch):
    late = one_is_late(rounds, others=7)
    rounds.lab.report(late, values(rounds, 1.0)(late))
    rounds.lab.validate()
    monkeypatch.setattr(
        "axiom.lab.steps.evaluate._known", lambda version, found: (evidence.kept(version.db, found.number), ())
    )
    block(rounds)
    rounds.hold()
    assert recomputed(rounds.db) == ["finding 1, line 2 is not what its results say"]


def one_is_late(rounds, others: int):
    """A task is out for so long that its block was weighed without it."""
    rounds.lab.host("late")
    rounds.lab.deploy(workunits=1, max_failures=1)
    late = rounds.lab.order(2)
    rounds.lab.deploy(workunits=others)
    rounds.compute(others, by=values(rounds, 1.0))
    rounds.lab.later(hours=49)
    rounds.lab.sweep()
    rounds.hold()
    rounds.lab.later(hours=1)
    return late


def test_a_place_among_all_claims_is_that_of_what_the_line_says(rounds):
    """With its old e-value the finding would stand among all others; the value that has come late takes that away."""
    late = one_is_late(rounds, others=15)
    assert evidence.newest(rounds.db)[1].false_share == 0.01
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
