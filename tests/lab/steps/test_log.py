"""The log's research direction: what follows from what, what is watched for, and where to go on."""

import pytest

from axiom.domain.failures import Comparison
from axiom.domain.links import LinkKind, Node, Noun
from axiom.lab.registrations.links import link
from axiom.store.upkeep import watches


@pytest.fixture
def told(rounds):
    """A session with one finding that was never weighed; a day later another is due."""
    rounds.hold()
    rounds.lab.later(days=1)
    return rounds


def test_a_laboratory_whose_findings_stand_alone_says_so_and_where_its_finding_goes_on(told):
    assert told.said("direction.none") == ["No finding is linked to another yet."]
    assert "Next, medium: compute 16 cells more for finding 1 (tiny_sum@1) (1)." in told.said("log.next")


def test_what_is_watched_for_is_told_until_it_is_met(told):
    db, now = told.db, told.lab.now
    with db.transaction():
        watches.register(
            db,
            experiment_id=1,
            sentence="If any total exceeds 50, look at it.",
            measure="total",
            comparison=Comparison.ABOVE,
            threshold=50.0,
            now=now,
        )
    told.hold()
    assert told.said("direction.watch") == ["Watched for in tiny_sum@1: If any total exceeds 50, look at it."]


def test_an_inference_names_both_and_why_and_makes_its_finding_urgent(told):
    db, now = told.db, told.lab.now
    first = Node(noun=Noun.FINDING, id=1)
    with db.transaction():
        claim = db.insert(
            "INSERT INTO old_claim (name, claim, experiment, figure, rests_on, status, source, scripts, created_at) "
            "VALUES ('old', 'larger is more', 'tiny', '', '', '', '', '[]', 0)"
        )
        link(db, LinkKind.EXPLAINS, first, Node(noun=Noun.OLD_CLAIM, id=claim), why="a sum grows", by="a test", now=now)
    told.hold()
    (said,) = told.said("direction.link")
    assert said == "Finding 1 explains old claim 1: a sum grows"
    steps = told.said("log.next")
    assert any(step.startswith("Next, low: test 1 claim of the old laboratory") for step in steps)
