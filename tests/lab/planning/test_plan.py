"""What a session orders, once: pilots first, then the cheapest block, nothing of what is finished, failed or mute."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from axiom.domain.sessions import Step
from axiom.domain.work import TaskState
from axiom.errors import NotFound, Withdrawn
from axiom.lab.experiments.withdraw import withdraw
from axiom.lab.planning import plan as planning
from axiom.lab.planning.capacity import supplies
from axiom.lab.planning.plan import from_data
from axiom.lab.planning.preview import preview
from axiom.store.experiments import experiments
from axiom.store.sessions import sessions
from axiom.store.tasks import workunits


@pytest.fixture
def catalogue(rounds, variant):
    """Three open experiments: dear, cheap (tiny_sum), and one without estimands."""
    rounds.lab.lets_out = False  # what is published begins with its pilot
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
    before = catalogue.stored()
    assert ordered(catalogue) == [("cheap_sum", 3, 1), ("dear_sum", 3, 1)]
    assert left(catalogue).keys() == {"deploy_sum"}
    assert catalogue.stored() == before
    catalogue.hold()
    assert ordered(catalogue) == []
    assert "0 of 3" in left(catalogue)["cheap_sum"]
    catalogue.compute(6)
    assert ordered(catalogue)[0] == ("cheap_sum", 2, 2)  # with one more, the five that block 0 lacks
    catalogue.hold()
    with catalogue.db.transaction():
        withdraw(catalogue.db, 2, "a test", catalogue.lab.now)
    assert "dear_sum" not in left(catalogue).keys() | {name for name, _, _ in ordered(catalogue)}
    assert catalogue.broken() == {}


def test_only_hosts_that_were_heard_from_lately_are_counted_on(rounds):
    rounds.lab.host("second", cores=5)
    assert planning.cores(rounds.db, rounds.lab.now) == 7
    rounds.lab.later(minutes=59)
    rounds.lab.ask(1, wanted=0)
    rounds.lab.later(minutes=1)
    assert planning.cores(rounds.db, rounds.lab.now) == 2
    rounds.lab.later(hours=1)
    assert ordered(rounds) == []
    assert left(rounds).keys() == {"tiny_sum"}


def test_a_settled_finding_is_left_alone(rounds):
    rounds.lab.deploy(workunits=32)
    rounds.compute(32)
    rounds.hold()
    assert "32 seeds" in left(rounds)["tiny_sum"]
    assert ordered(rounds) == []


def test_what_the_plans_of_the_last_day_ordered_is_remembered_and_nothing_older(rounds):
    rounds.up_to(Step.DEPLOY)
    (kept,) = sessions.plans_since(rounds.db, rounds.lab.now, 200)
    remembered = planning.given(rounds.db, rounds.lab.now)
    assert tuple(remembered) == from_data(json.loads(kept)).allotments != ()
    assert {one.purpose for one in remembered} == {"new"}
    assert all(one.core_seconds > 0 for one in remembered)
    assert planning.given(rounds.db, rounds.lab.now + timedelta(days=1)) == remembered
    assert planning.given(rounds.db, rounds.lab.now + timedelta(days=1, seconds=1)) == []


def test_a_wish_that_cannot_be_heeded_holds_up_no_session_and_is_told(rounds):
    rounds.policy = replace(rounds.policy, priority="misspelt")
    assert preview(rounds.db, rounds.policy, rounds.lab.now).plan.allotments
    (note,) = planning.unheeded(rounds.db, rounds.policy)
    assert "misspelt" in str(note.facts)
    rounds.policy = replace(rounds.policy, mix="new=90,fill=20")
    rounds.up_to(Step.PLAN)
    (told,) = rounds.said("plan.wishes")
    assert "100 %" in told
    assert rounds.kinds().count("plan.order") == len(ordered(rounds)) > 0


def test_a_wish_decides_what_is_ordered_first_and_outlives_its_experiment(rounds, variant):
    rounds.lab.publish(variant("dear_sum", seconds=5.0))
    rounds.fill_block()
    assert ordered(rounds)[0][0] == "tiny_sum", "it is cheaper"
    rounds.policy = replace(rounds.policy, priority="dear_sum")
    assert ordered(rounds)[0][0] == "dear_sum"
    rounds.lab.publish(variant("third_sum", seconds=2.0))
    rounds.policy = replace(rounds.policy, mix="dear_sum=30,new=50", priority="dear_sum,third_sum")
    rounds.db.execute("UPDATE experiment SET retired_at = 1 WHERE name = 'dear_sum'")
    assert planning.unheeded(rounds.db, rounds.policy) == []
    assert ordered(rounds)[0][0] == "third_sum"
    assert preview(rounds.db, rounds.policy, rounds.lab.now).plan.allotments


def test_a_large_fleet_is_planned_by_what_is_usual_in_it(rounds, monkeypatch):
    monkeypatch.setattr(planning, "MOST_HOSTS", 2)
    monkeypatch.setattr("axiom.lab.planning.preview.MOST_HOSTS", 2)
    for number in range(3):
        rounds.lab.host(f"host {number}", cores=64, volunteer=f"volunteer {number}")
    plan = planning.decide(rounds.db, rounds.policy, rounds.lab.now)
    assert min(allotment.replicates_each for allotment in plan.allotments) > 1
    there = len(supplies(rounds.db, rounds.policy, rounds.lab.now))
    seen = preview(rounds.db, rounds.policy, rounds.lab.now)  # for a part of it, and it says so
    assert (there > 2, len(seen.placements)) == (True, 2)
    assert f"2 of the {there} hosts" in seen.plan.reason


def test_what_one_host_alone_can_take_now_waits_for_whoever_can_take_it_later(rounds):
    rounds.db.execute("UPDATE host SET memory_mb = 1")
    assert ordered(rounds) == []
    assert left(rounds)["tiny_sum"].startswith("no host can take")
    rounds.lab.host("large", cores=1, memory_mb=64_000, volunteer="Bo")
    rounds.up_to(Step.DEPLOY)
    assert rounds.db.select("SELECT DISTINCT target_host_id FROM workunit") == [{"target_host_id": None}]


def test_what_is_back_and_what_waits_of_a_version_is_counted(rounds):
    rounds.lab.deploy(workunits=8)
    rounds.compute(3)
    (one,) = planning.candidates(rounds.db, rounds.lab.now)
    (declared,) = rounds.db.select("SELECT manifest FROM experiment")
    manifest = json.loads(declared["manifest"])
    assert (one.issued, one.weighed, one.returned) == (8, 0, 3)
    assert one.waiting_seconds == pytest.approx(5 * sum(manifest["cell_seconds"]))
    assert (one.need.memory_mb, one.need.gpu, one.failure_share) == (manifest["memory_mb"], False, 0.0)
    rounds.compute(by=lambda _order: None)
    rounds.compute(5)
    rounds.hold()
    (one,) = planning.candidates(rounds.db, rounds.lab.now)
    assert (one.weighed, one.returned) == (8, 0)
    assert one.failure_share == pytest.approx(1 / (10 + 1 + 8))
    assert one.aims[0].seeds == 8
    assert one.aims[0].log_e > 0


def test_each_workunit_orders_replicates_of_its_own_over_the_whole_sweep(small_lab, prepared):
    small_lab.publish(prepared())
    assert small_lab.deploy(workunits=2, replicates_each=3, max_failures=5) == (1, 2)
    first, second = (workunits.workunit(small_lab.db, number) for number in (1, 2))
    assert (first.replicates, second.replicates) == ((0, 1, 2), (3, 4, 5))
    assert (first.configs, first.max_failures, first.registration_id) == ((0, 1), 5, 1)
    assert [task.state for task in workunits.tasks(small_lab.db)] == [TaskState.UNSENT] * 2
    assert small_lab.deploy() == (3,)
    assert workunits.workunit(small_lab.db, 3).replicates == (6,)
    assert small_lab.broken() == {}


@pytest.mark.parametrize(
    ("replicates_each", "singly", "ordered"),
    [
        (1, 1, [((0,), (0,)), ((0,), (1,)), ((1,), (0, 1))]),
        (1, 9, [((0,), (0,)), ((0,), (1,)), ((1,), (0, 1))]),
        (2, 1, [((0,), (0,)), ((0,), (1,)), ((1,), (0, 1)), ((2, 3), (0, 1))]),
    ],
)
def test_the_first_replicate_can_be_ordered_in_parts(replicates_each, singly, ordered, small_lab, prepared):
    small_lab.publish(prepared())
    made = small_lab.deploy(workunits=2, replicates_each=replicates_each, singly=singly)
    stored = [workunits.workunit(small_lab.db, number) for number in made]
    assert [(workunit.replicates, workunit.configs) for workunit in stored] == ordered
    assert len(workunits.tasks(small_lab.db)) == len(ordered)
    assert small_lab.broken() == {}


def test_nothing_is_ordered_before_it_is_registered(small_lab):
    with pytest.raises(NotFound):
        small_lab.deploy(9)
    experiments.add(small_lab.db, name="tiny_sum", version=1, manifest="{}", now=small_lab.now)
    with pytest.raises(Withdrawn):
        small_lab.deploy()


def test_a_retirement_cancels_any_number_of_workunits_and_sends_nothing_more(working_lab):
    working_lab.deploy(workunits=5)
    with working_lab.db.transaction():
        assert withdraw(working_lab.db, 1, "not wanted", working_lab.now) == 6
        assert withdraw(working_lab.db, 1, "not wanted", working_lab.now) == 0
    ended = {(workunit.state, workunit.reason) for workunit in workunits.workunits(working_lab.db)}
    assert ended == {("cancelled", "not wanted")}
    assert working_lab.ask(1).orders == ()
    with pytest.raises(Withdrawn):
        working_lab.deploy()
    assert working_lab.broken() == {}
