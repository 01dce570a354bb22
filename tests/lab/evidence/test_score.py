"""Predictions are scored when their registration has ended, each once, and never before."""

from dataclasses import replace

import pytest

from axiom.errors import Refused
from axiom.lab.evidence.score import misscored, score_predictions
from axiom.lab.experiments.recall import recall
from axiom.lab.experiments.withdraw import withdraw
from axiom.lab.registrations.predictions import foretell
from axiom.store.experiments import experiments
from axiom.store.registrations import scores

SAID = {"positive": 0.1, "negative": 0.8, "absent": 0.1, "interval": [-2.0, 0.0], "because": "a test"}


@pytest.fixture
def rounds(rounds):
    """Ada predicted the finding of tiny_sum; sessions order nothing by themselves."""
    rounds.policy = replace(rounds.policy, per_core=0)
    foretell(rounds.db, 1, SAID, "Ada", rounds.lab.now)
    return rounds


def said(rounds) -> dict:
    rows = scores.everything(rounds.db)
    return {row["forecaster"]: (row["verdict"], row["brier"], row["is_covered"]) for row in rows}


@pytest.mark.parametrize("brings_something", [False, True])
def test_a_task_that_failed_tells_nothing_unless_it_brought_an_output(rounds, brings_something):
    lab = rounds.lab
    lab.deploy()
    order = lab.order(1)
    lab.report(order, lab.output(order)[:-9] if brings_something else None, exit_status=0 if brings_something else 10)
    lab.validate()
    lab.later(seconds=1)
    if brings_something:
        with pytest.raises(Refused):
            foretell(rounds.db, 1, SAID, "Bob", lab.now)
    else:
        foretell(rounds.db, 1, SAID, "Bob", lab.now)
    assert rounds.broken() == {}


def test_a_settled_registration_is_scored_in_the_session_that_weighs_it_and_not_before(rounds):
    rounds.fill_block()
    rounds.hold()
    assert said(rounds) == dict.fromkeys(("Ada", "autopilot", "catalogue, informed"), (None, None, None))
    for _ in range(3):
        rounds.fill_block()
    rounds.hold()
    assert said(rounds) == {
        "Ada": ("effect −", pytest.approx(0.06), 1),
        "autopilot": ("effect −", pytest.approx(0.5**2 + 0.8**2 + 0.3**2), 0),
        "catalogue, informed": ("effect −", pytest.approx(0.8**2 + 0.9**2 + 0.1**2), 0),
    }
    assert rounds.kinds().count("prediction.scored") == 3
    before = rounds.stored("score")
    rounds.lab.later(seconds=1)
    rounds.hold()
    assert rounds.stored("score") == before
    assert "prediction.scored" not in rounds.kinds()
    assert rounds.broken() == {}


def test_a_retired_version_is_scored_and_a_recalled_one_is_not(rounds, taken_back):
    rounds.fill_block()
    rounds.hold()
    with taken_back(rounds.db):
        recall(rounds.db, experiments.by_id(rounds.db, 1), "a test", rounds.lab.now)
        assert (score_predictions(rounds.db, rounds.lab.now), said(rounds)) == ([], {})
    with rounds.db.transaction():
        withdraw(rounds.db, 1, "a test", rounds.lab.now)
    assert len(score_predictions(rounds.db, rounds.lab.now)) == 3
    assert "retired" in scores.everything(rounds.db)[0]["reason"]
    assert misscored(rounds.db) == []
    rounds.db.execute("UPDATE score SET brier = 0.0 WHERE prediction_id = 2")
    (problem,) = misscored(rounds.db)
    assert "prediction 2" in problem
