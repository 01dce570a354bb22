"""What a session orders, once: pilots first, then the cheapest block, nothing of what is finished, failed or mute."""

import contextlib
import json
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import stored_work
from hypothesis import given, settings
from hypothesis import strategies as st
from simulation.fleet import BUILDS

from axiom.domain.rounds import Step
from axiom.domain.work import TaskState
from axiom.errors import NotFound, Refused, Withdrawn, WrongUse
from axiom.laboratory.experiments.retire import retire_version
from axiom.laboratory.planning import plan as planning
from axiom.laboratory.planning.fleet_file import read_fleet
from axiom.laboratory.planning.plan import plan_from_data
from axiom.laboratory.planning.present_hosts import list_supplies
from axiom.laboratory.planning.preview import preview_plan
from axiom.laboratory.policy import Policy
from axiom.laboratory.registrations.register import register_goal
from axiom.limits import hosts as limits
from axiom.store.experiments import experiments
from axiom.store.findings import evidence
from axiom.store.hosts import clusters, hosts
from axiom.store.registrations import registrations
from axiom.store.rounds import rounds as sessions
from axiom.store.tasks import tasks, workunits


@pytest.fixture
def catalogue(rounds, variant):
    """Three open experiments: dear, cheap (tiny_sum), and one without estimands."""
    rounds.lab.lets_out = False  # what is published begins with its pilot
    rounds.db.execute("UPDATE experiment SET retired_at = 1")
    for prepared in (variant("dear_sum", seconds=50.0), variant("cheap_sum"), variant("deploy_sum", asks=False)):
        rounds.lab.publish(prepared)
    return rounds


def ordered(rounds) -> list[tuple[str, int, int]]:
    """What would be ordered now: of what, how many workunits, of how many replicates each."""
    names = {one.id: one.name for one in experiments.list_experiment_versions(rounds.db)}
    planned = planning.decide_plan(rounds.db, rounds.policy, rounds.lab.now)
    return [(names[one.experiment_id], one.workunits, one.replicates_each) for one in planned.allotments]


def left(rounds) -> dict[str, str]:
    planned = planning.decide_plan(rounds.db, rounds.policy, rounds.lab.now)
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
    retire_version(catalogue.db, 2, "a test", catalogue.lab.now)
    assert "dear_sum" not in left(catalogue).keys() | {name for name, _, _ in ordered(catalogue)}
    assert catalogue.broken() == {}


def test_only_hosts_that_were_heard_from_lately_are_counted_on(rounds):
    rounds.lab.host("second", cores=5)
    assert planning.count_fleet_cores(rounds.db, rounds.lab.now) == 7
    rounds.lab.later(minutes=59)
    rounds.lab.ask(1, wanted=0)
    rounds.lab.later(minutes=1)
    assert planning.count_fleet_cores(rounds.db, rounds.lab.now) == 2
    rounds.lab.later(hours=1)
    assert ordered(rounds) == []
    assert left(rounds).keys() == {"tiny_sum"}


def test_a_settled_finding_is_left_alone(rounds):
    rounds.lab.deploy(workunits=32)
    rounds.compute(32)
    rounds.hold()
    assert "32 seeds" in left(rounds)["tiny_sum"]
    assert ordered(rounds) == []


def test_a_hundred_seeds_that_a_person_asks_for_come_first_also_of_what_is_settled(rounds, variant):
    rounds.lab.deploy(workunits=32)
    rounds.compute(32)
    rounds.hold()
    rounds.lab.publish(variant("cheap_sum", seconds=0.01))
    settled = experiments.find_experiment_by_name(rounds.db, "tiny_sum")
    made = register_goal(rounds.db, settled, replicates=100, why="a test", now=rounds.lab.now)
    assert registrations.list_claim_numbers(rounds.db, made) == {"grows": 1}
    seen = preview_plan(rounds.db, rounds.policy, rounds.lab.now)
    (goal,) = seen.goals
    assert (goal.registration_id, goal.ordered, goal.replicates) == (made.id, 0, 100)
    first = next(order for order in seen.plan.allotments if order.purpose != "pilots")
    assert (first.registration_id, "a person asked for" in first.reason) == (made.id, True)
    for _ in range(40):
        rounds.hold()
        rounds.compute(planning.count_waiting_tasks(rounds.db))
        if not (goals := preview_plan(rounds.db, rounds.policy, rounds.lab.now).goals):
            break
        assert goals[0].ordered < 100
    assert 100 <= experiments.count_issued_replicates(rounds.db, settled.id)[made.id] < 100 + 8
    rounds.hold()
    assert evidence.list_newest_evidence(rounds.db)[1].seeds >= 32 + 100
    registrations.set_finding_status(rounds.db, 1, "retired", "a test")
    with pytest.raises(Refused):
        register_goal(rounds.db, settled, replicates=8, why="a test", now=rounds.lab.now)
    assert rounds.broken() == {}


def test_what_the_plans_of_the_last_day_ordered_is_remembered_and_nothing_older(rounds):
    rounds.up_to(Step.DEPLOY)
    (kept,) = sessions.list_ordering_plans(rounds.db, rounds.lab.now, 200)
    remembered = planning.list_recent_allotments(rounds.db, rounds.lab.now)
    assert tuple(remembered) == plan_from_data(json.loads(kept)).allotments != ()
    assert {one.purpose for one in remembered} == {"new"}
    assert all(one.core_seconds > 0 for one in remembered)
    assert planning.list_recent_allotments(rounds.db, rounds.lab.now + timedelta(days=1)) == remembered
    assert planning.list_recent_allotments(rounds.db, rounds.lab.now + timedelta(days=1, seconds=1)) == []


def test_a_wish_that_cannot_be_heeded_holds_up_no_session_and_is_told(rounds):
    rounds.policy = replace(rounds.policy, priority="misspelt")
    assert preview_plan(rounds.db, rounds.policy, rounds.lab.now).plan.allotments
    (note,) = planning.tell_unheeded_wishes(rounds.db, rounds.policy)
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
    assert planning.tell_unheeded_wishes(rounds.db, rounds.policy) == []
    assert ordered(rounds)[0][0] == "third_sum"
    assert preview_plan(rounds.db, rounds.policy, rounds.lab.now).plan.allotments


def test_a_large_fleet_is_planned_by_what_is_usual_in_it(rounds, monkeypatch):
    monkeypatch.setattr("axiom.limits.planning.HOSTS", 2)
    for number in range(3):
        rounds.lab.host(f"host {number}", cores=64, volunteer=f"volunteer {number}")
    plan = planning.decide_plan(rounds.db, rounds.policy, rounds.lab.now)
    assert min(allotment.replicates_each for allotment in plan.allotments) > 1
    there = len(list_supplies(rounds.db, rounds.policy, rounds.lab.now))
    seen = preview_plan(rounds.db, rounds.policy, rounds.lab.now)  # for a part of it, and it says so
    assert there > 2
    assert len(seen.placements) == 2
    assert f"2 of the {there} hosts" in seen.plan.reason


def test_a_host_of_a_cluster_computes_each_task_on_one_core(rounds):
    now, theirs = rounds.lab.now, rounds.lab.host("theirs", cores=2, volunteer="Bo")
    made = clusters.add_cluster(
        rounds.db, name="alpha", key_digest="d" * 64, expires_at=now + timedelta(days=1), now=now
    )
    pilot = rounds.lab.host("pilot", cores=2, volunteer="Cy")
    rounds.db.change("host", pilot, volunteer_id=made.volunteer_id)
    found = {supply.host_id: supply.on_one_core for supply in list_supplies(rounds.db, rounds.policy, now)}
    assert found == {1: True, theirs: False, pilot: True}


def test_what_one_host_alone_can_take_now_waits_for_whoever_can_take_it_later(rounds):
    rounds.db.execute("UPDATE host SET memory_mb = 1")
    assert ordered(rounds) == []
    assert left(rounds)["tiny_sum"].startswith("no host can take")
    rounds.lab.host("large", cores=1, memory_mb=64_000, volunteer="Bo")
    rounds.up_to(Step.DEPLOY)
    assert rounds.db.select("SELECT DISTINCT target_host_id FROM workunit") == [{"target_host_id": None}]


def test_what_is_weighed_and_what_waits_of_a_version_is_counted(rounds):
    rounds.lab.deploy(workunits=8)
    rounds.compute(3)
    (candidate,) = planning.list_candidates(rounds.db, rounds.lab.now)
    (declared,) = rounds.db.select("SELECT manifest FROM experiment")
    manifest = json.loads(declared["manifest"])
    assert (candidate.issued, candidate.weighed) == (8, 0)
    assert candidate.waiting_seconds == pytest.approx(5 * sum(manifest["cell_seconds"]))
    need = candidate.need
    assert need.memory_mb == manifest["memory_mb"]
    assert need.gpu is False
    assert candidate.failure_share == 0.0
    rounds.compute(by=lambda _order: None)
    rounds.compute(5)
    rounds.hold()
    (candidate,) = planning.list_candidates(rounds.db, rounds.lab.now)
    assert candidate.weighed == 8
    assert candidate.failure_share == pytest.approx(1 / (10 + 1 + 8))
    assert candidate.aims[0].seeds == 8


def test_each_workunit_orders_own_replicates_over_the_whole_sweep_until_withdrawn(small_lab, prepared):
    small_lab.publish(prepared())
    assert small_lab.deploy(workunits=2, replicates_each=3, max_failures=5) == (1, 2)
    first, second = (workunits.find_workunit(small_lab.db, number) for number in (1, 2))
    assert (first.replicates, second.replicates) == ((0, 1, 2), (3, 4, 5))
    assert (first.configs, first.max_failures, first.registration_id) == ((0, 1), 5, 1)
    assert [task.state for task in stored_work.tasks(small_lab.db)] == [TaskState.UNSENT] * 2
    assert small_lab.deploy() == (3,)
    assert workunits.find_workunit(small_lab.db, 3).replicates == (6,)
    assert small_lab.broken() == {}
    assert retire_version(small_lab.db, 1, "not wanted", small_lab.now) == 3
    assert retire_version(small_lab.db, 1, "not wanted", small_lab.now) == 0
    assert {workunit.reason for workunit in stored_work.workunits(small_lab.db)} == {"not wanted"}
    with pytest.raises(Withdrawn):
        small_lab.deploy()
    with pytest.raises(NotFound):
        small_lab.deploy(9)
    experiments.add_experiment(small_lab.db, name="unregistered", version=1, manifest="{}", now=small_lab.now)
    with pytest.raises(Withdrawn):
        small_lab.deploy(2)


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
    stored = [workunits.find_workunit(small_lab.db, number) for number in made]
    assert [(workunit.replicates, workunit.configs) for workunit in stored] == ordered
    assert len(stored_work.tasks(small_lab.db)) == len(ordered)
    assert small_lab.broken() == {}


POLICY = Policy(per_core=3, task_seconds=8.0, max_failures=3, tasks_per_core=16, daily_per_core=None)


def of(lab, name, policy=POLICY):
    number = {"first": 1, "desk": 2, "boast": 3}[name]
    return next(one for one in list_supplies(lab.db, policy, lab.now) if one.host_id == number)


@pytest.fixture
def volunteers(working_lab):
    """Besides host 1, which is the laboratory's own, a volunteer's host with four cores."""
    working_lab.host("desk", cores=4, memory_mb=8_000, volunteer="Bo")
    return working_lab


def test_an_idle_host_has_all_it_reports_and_what_is_in_hand_is_counted(volunteers):
    # what a host is called stays its volunteer's business
    assert [supply.name for supply in list_supplies(volunteers.db, POLICY, volunteers.now)] == ["1", "2"]
    desk = of(volunteers, "desk")
    assert (desk.volunteer, desk.is_ours, desk.cores, desk.memory_mb) == ("Bo", False, 4, 8_000)
    assert desk.busy_cores == 0
    assert desk.used_memory_mb == 0
    assert desk.in_hand_seconds == 0.0
    assert desk.obstacle == ""
    assert desk.is_avx
    assert of(volunteers, "first").is_ours
    volunteers.deploy(workunits=1, replicates_each=3)
    while volunteers.ask(2, holding=tuple(task.id for task in tasks.list_tasks_at_host(volunteers.db, 2))):
        continue
    (declared,) = volunteers.db.select("SELECT manifest FROM experiment")
    manifest = json.loads(declared["manifest"])
    desk = of(volunteers, "desk")
    assert (desk.busy_cores, desk.used_memory_mb) == (2, 2 * manifest["memory_mb"])
    assert desk.in_hand_seconds == pytest.approx(4 * sum(manifest["cell_seconds"]))
    volunteers.deploy(workunits=6)
    volunteers.db.execute("UPDATE task SET state = 'sent', host_id = 2")
    desk = of(volunteers, "desk")  # no more run at once than there are cores
    assert (len(tasks.list_tasks_at_host(volunteers.db, 2)), desk.busy_cores) == (8, 4)
    assert (desk.used_memory_mb, desk.most_tasks) == (4 * manifest["memory_mb"], 0)


def test_the_quota_that_a_host_has_left_is_what_it_may_still_have_now(volunteers):
    assert of(volunteers, "first").most_tasks is None  # the laboratory's own: no quota
    assert of(volunteers, "desk").most_tasks == 8
    proven = replace(hosts.find_host(volunteers.db, 2).standing, valid_in_row=3)
    hosts.set_standing(volunteers.db, 2, proven)
    assert of(volunteers, "desk").most_tasks == 16 * 4
    assert of(volunteers, "desk", replace(POLICY, daily_per_core=5)).most_tasks == 20
    hosts.set_standing(volunteers.db, 2, replace(proven, quota=1))
    assert of(volunteers, "desk", replace(POLICY, daily_per_core=5)).most_tasks == 4
    volunteers.ask(2)
    assert of(volunteers, "desk").most_tasks == 3
    volunteers.db.execute("UPDATE task SET state = 'valid' WHERE host_id = 2")
    assert of(volunteers, "desk").most_tasks == 3  # that it is back opens no place within the hour
    volunteers.host("boast", cores=4_096, memory_mb=10**8, volunteer="Cy")
    assert (of(volunteers, "desk").cores, of(volunteers, "boast").cores) == (4, 8)  # and no more for its word
    volunteers.db.execute("UPDATE host SET valid_in_row = 1 WHERE id = 3")
    assert of(volunteers, "boast").cores == 1_000  # as many tasks as anybody has at once


def test_hosts_of_one_volunteer_with_nothing_to_show_share_what_is_planned(volunteers):
    volunteers.host("boast", cores=64, memory_mb=10**6, volunteer="Bo")
    assert of(volunteers, "desk").most_tasks == 8
    volunteers.deploy(workunits=limits.UNPROVEN_TOGETHER - 4)
    volunteers.db.execute("UPDATE task SET state = 'sent', host_id = 3")
    assert of(volunteers, "desk").most_tasks == 2  # half of what is left
    volunteers.db.execute("UPDATE host SET valid_in_row = 1 WHERE id = 3")
    assert of(volunteers, "desk").most_tasks == 8


def test_preferences_are_heeded_and_what_keeps_a_host_from_computing_is_said(volunteers):
    db = volunteers.db
    gpus = json.dumps([["NVIDIA", 2, 8_000, "A"]])
    db.execute("UPDATE host SET gpus = :gpus WHERE id = 2", gpus=gpus)
    assert sum(gpu.count for gpu in of(volunteers, "desk").gpus) == 2
    prefers(volunteers, on_gpus=False)
    assert of(volunteers, "desk").gpus == ()
    prefers(volunteers, on_cores=False)
    desk = of(volunteers, "desk")
    assert desk.cores == 0
    assert sum(gpu.count for gpu in desk.gpus) == 2
    assert desk.obstacle == ""
    prefers(volunteers, by_venue={"work": {"on_cores": False}, "home": {"on_gpus": False}})
    placed = []
    for usual, own in (("", ""), ("work", ""), ("work", "home"), ("home", "school")):
        db.execute("UPDATE volunteer SET venue = :venue WHERE name = 'Bo'", venue=usual)
        db.execute("UPDATE host SET venue = :venue WHERE id = 2", venue=own)
        desk = of(volunteers, "desk")
        placed.append((desk.cores > 0, bool(desk.gpus)))
    assert placed == [(True, True), (False, True), (True, False), (True, True)]
    prefers(volunteers, on_cores=False)
    db.execute("UPDATE host SET gpus = '[]' WHERE id = 2")
    assert of(volunteers, "desk").obstacle == "its volunteer lets only GPUs compute, and it has none"
    db.execute("UPDATE host SET processor = 'unknown', system = 'plan9' WHERE id = 2")
    assert of(volunteers, "desk").obstacle == "there is no program for computers of the kind plan9"
    db.execute("UPDATE host SET processor = 'x86_64', cores = 0 WHERE id = 2")
    assert of(volunteers, "desk").obstacle == "it reports no core"
    db.execute("UPDATE host SET cores = 4, instructions = 'none' WHERE id = 2")
    assert not of(volunteers, "desk").is_avx


def test_who_is_silent_or_only_plays_a_part_is_not_there(volunteers):
    volunteers.later(minutes=59)
    assert [one.host_id for one in list_supplies(volunteers.db, POLICY, volunteers.now)] == [1, 2]
    volunteers.ask(2, wanted=0)
    volunteers.later(minutes=1)
    assert [one.host_id for one in list_supplies(volunteers.db, POLICY, volunteers.now)] == [2]
    volunteers.db.execute("UPDATE host SET is_simulated = 1 WHERE id = 2")
    assert list_supplies(volunteers.db, POLICY, volunteers.now) == []


def prefers(lab, **choice):
    text = json.dumps(choice)
    lab.db.execute("UPDATE volunteer SET project_preferences = :text WHERE name = 'Bo'", text=text)


FLEET = Path(__file__).parents[3] / "docs" / "howto" / "fleet-of-83.json"
NO_FLEETS = [b"", b"\xff\xfe", b"[]", b'{"hosts": {}}', b'{"hosts": [], "hosts": []}', b'{"host": []}', b"[" * 100_000]
NO_FLEETS += [b'{"hosts": [{"name": "a", "cores": 1, "ram_gb": NaN}]}']
WRITTEN = {"name": "desk", "cores": 8, "ram_gb": 16, "gpus": 1, "volunteer": "ada"}


def read(*hosts, **besides):
    return read_fleet(json.dumps({"hosts": list(hosts), **besides}).encode(), "f.json")


def test_hosts_are_read_as_written_and_as_in_the_how_to_and_what_is_no_fleet_refused():
    host, other = read(WRITTEN, WRITTEN | {"volunteer": "bo"})  # two volunteers may have hosts of one name
    assert host.host_id == 1
    assert host.name == "desk"
    assert host.volunteer == "ada"
    assert host.cores == 8
    assert host.memory_mb == 16_384
    assert [(gpu.kind, gpu.count) for gpu in host.gpus] == [("NVIDIA", 1)]
    assert (host.busy_cores, host.used_memory_mb, host.obstacle) == (0, 0, "")
    assert (other.host_id, other.volunteer) == (2, "bo")
    (bare,) = read({"name": "desk", "cores": 1, "ram_gb": 0.5})
    assert (bare.gpus, bare.volunteer, bare.memory_mb) == ((), "", 512)
    largest = {"name": "d", "cores": 4_096, "ram_gb": 65_536, "gpus": 64}
    assert len(read(largest)) == 1
    hosts = read_fleet(FLEET.read_bytes(), FLEET.name)
    counted = Counter((host.cores, sum(gpu.count for gpu in host.gpus), host.memory_mb // 1_024) for host in hosts)
    expected = Counter()
    for build in BUILDS:
        expected[build.cores, build.gpus, build.memory_mb // 1_000] += build.amount
    assert counted == expected
    assert len(hosts) == 83
    for raw in NO_FLEETS:
        with pytest.raises(WrongUse):
            read_fleet(raw, "f.json")


@pytest.mark.parametrize(
    ("hosts", "fact"),
    [
        ([], "no host"),
        ([WRITTEN | {"cores": 4_097}], "4,096"),
        ([WRITTEN | {"cores": 0}], "cores"),
        ([WRITTEN | {"cores": 2.5}], "cores"),
        ([WRITTEN | {"cores": True}], "cores"),
        ([WRITTEN | {"ram_gb": -0.001}], "ram_gb"),
        ([WRITTEN | {"ram_gb": 10**400}], "ram_gb"),
        ([WRITTEN | {"ram_gb": 65_537}], "65,536"),
        ([WRITTEN | {"gpus": 65}], "64"),
        ([WRITTEN | {"ram": 8}], "ram_gb"),
        ([{"name": "desk", "cores": 8}], "ram_gb"),
        ([WRITTEN, WRITTEN], "twice"),
        ([WRITTEN | {"name": ""}], "name"),
        ([WRITTEN | {"name": "a\nb"}], "name"),
        ([7], "object"),
    ],
)
def test_an_impossible_fleet_is_refused(hosts, fact):
    with pytest.raises(WrongUse, match=fact) as refused:
        read(*hosts)
    assert refused.value.exit_code == 2


@settings(max_examples=30)
@given(st.binary(max_size=200) | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(json.dumps))
def test_whatever_it_is_it_is_read_or_refused(raw):
    with contextlib.suppress(WrongUse):
        read_fleet(raw if isinstance(raw, bytes) else raw.encode(), "f.json")
