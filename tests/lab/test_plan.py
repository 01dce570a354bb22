"""What a session orders: pilots first, then the cheapest block, and nothing of what is finished, failed or mute."""

import json

import pytest

from axiom.domain.sessions import Allotment, Plan, Skipped
from axiom.lab import plan as planning
from axiom.lab.plan import as_data, from_data
from axiom.lab.withdraw import withdraw
from axiom.store import experiments
from axiom.store.findings import registered


@pytest.fixture
def catalogue(rounds, variant):
    """Three open experiments: dear, cheap (tiny_sum), and one without estimands."""
    with rounds.db.transaction():
        rounds.db.execute("UPDATE experiment SET retired_at = 1")
    for prepared in (variant("dear_sum", seconds=50.0), variant("cheap_sum"), variant("deploy_sum", asks=False)):
        rounds.lab.publish(prepared)
    return rounds


def ordered(rounds) -> list[tuple[str, int, int]]:
    """What would be ordered now: of what, how many workunits, of how many replicates each."""
    names = {one.id: one.name for one in experiments.everything(rounds.db)}
    planned = planning.decide(rounds.db, rounds.policy, rounds.lab.now)
    return [(names[one.experiment_id], one.workunits, one.replicates_each) for one in planned.allotments]


def left(rounds) -> dict[str, str]:
    planned = planning.decide(rounds.db, rounds.policy, rounds.lab.now)
    return {one.name: one.reason for one in planned.skipped}


def test_pilots_come_first_and_then_the_cheapest_block(catalogue):
    assert ordered(catalogue) == [("cheap_sum", 3, 1), ("dear_sum", 3, 1)]
    assert left(catalogue) == {"deploy_sum": "nothing is concluded from it"}
    catalogue.hold()
    assert ordered(catalogue) == []
    assert left(catalogue)["cheap_sum"] == "the pilot has 0 of 3 valid tasks, and 3 are not back"
    catalogue.compute(6)
    assert ordered(catalogue)[0] == ("cheap_sum", 2, 2)  # with one more, the five that block 0 lacks
    first = planning.decide(catalogue.db, catalogue.policy, catalogue.lab.now).allotments[0]
    assert first.reason == "the first block of all is that of cheap_sum, which costs least: something closes soon"
    catalogue.hold()
    assert catalogue.broken() == {}


def test_looking_at_the_plan_changes_nothing(catalogue):
    before = catalogue.stored()
    assert ordered(catalogue) == ordered(catalogue) != []
    assert catalogue.stored() == before


def test_a_pilot_that_fails_pauses_its_experiment_and_no_other(catalogue):
    catalogue.hold()
    catalogue.compute(by=lambda _order: None)
    catalogue.lab.later(seconds=1)
    (failed,) = catalogue.db.select("SELECT DISTINCT experiment_id FROM task WHERE state = 'failed'")
    name = experiments.by_id(catalogue.db, failed["experiment_id"]).name
    catalogue.hold()
    (said,) = [one for one in catalogue.said("plan.skip") if one.startswith(name)]
    assert said == (
        f"{name} is left alone: 1 tasks failed in the pilot, so nothing more goes out; 3 of its tasks may still "
        "become valid"
    )
    catalogue.compute(6)  # with the further copy of the one that failed, all are valid after all
    assert name in {one for one, _, _ in ordered(catalogue)}


def test_what_was_withdrawn_is_not_even_a_candidate(catalogue):
    with catalogue.db.transaction():
        withdraw(catalogue.db, 2, "a test", catalogue.lab.now)
    assert ordered(catalogue) == [("cheap_sum", 3, 1)]
    assert set(left(catalogue)) == {"deploy_sum"}


def test_only_hosts_that_were_heard_from_lately_are_counted_on(rounds):
    rounds.lab.host("second", cores=5)
    assert planning.cores(rounds.db, rounds.lab.now) == 7
    rounds.lab.later(minutes=59)
    rounds.lab.ask(1, wanted=0)
    rounds.lab.later(minutes=1)
    assert planning.cores(rounds.db, rounds.lab.now) == 2
    rounds.lab.later(hours=1)
    assert ordered(rounds) == []
    assert left(rounds) == {"tiny_sum": "no host has a core at the moment"}


def test_a_settled_finding_is_left_alone(rounds):
    rounds.lab.deploy(workunits=32)
    rounds.compute(32)
    rounds.hold()
    assert left(rounds) == {
        "tiny_sum": "all its findings are settled: decided and narrow enough after 32 seeds",
    }
    assert ordered(rounds) == []


def test_an_experiment_without_a_registration_has_no_block_of_its_own(rounds):
    rounds.db.execute("PRAGMA foreign_keys = OFF")
    for table in ("prediction", "finding", "registration"):
        rounds.db.execute(f"DELETE FROM {table}")  # noqa: S608  our own tables
    assert registered(rounds.db, 1) is None
    assert left(rounds) == {"tiny_sum": "nothing is concluded from it"}


def test_a_plan_is_kept_as_it_was_made():
    planned = Plan(
        allotments=(Allotment(experiment_id=1, workunits=2, replicates_each=3, reason="a test"),),
        skipped=(Skipped(experiment_id=2, name="other", reason="another test"),),
        idle_cores=4,
        reason="why",
    )
    assert from_data(json.loads(json.dumps(as_data(planned)))) == planned
