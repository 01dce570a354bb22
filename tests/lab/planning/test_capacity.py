"""What hosts can still take, counted from the records: their size, their work so far, and what they have in hand."""

import json
from dataclasses import replace

import pytest

from axiom.lab.planning.capacity import supplies
from axiom.lab.policy import Policy
from axiom.store.hosts import hosts
from axiom.store.tasks import workunits

POLICY = Policy(per_core=3, task_seconds=8.0, max_failures=3, tasks_per_core=16, daily_per_core=None)


def of(lab, name, policy=POLICY):
    number = {"first": 1, "desk": 2, "boast": 3}[name]
    return next(one for one in supplies(lab.db, policy, lab.now) if one.host_id == number)


@pytest.fixture
def volunteers(working_lab):
    """Besides host 1, which is the laboratory's own, a volunteer's host with four cores."""
    working_lab.host("desk", cores=4, memory_mb=8_000, volunteer="Bo")
    return working_lab


def test_an_idle_host_has_all_it_reports_and_what_is_in_hand_is_counted(volunteers):
    # what a host is called stays its volunteer's business
    assert [supply.name for supply in supplies(volunteers.db, POLICY, volunteers.now)] == ["1", "2"]
    desk = of(volunteers, "desk")
    assert (desk.volunteer, desk.is_ours, desk.cores, desk.memory_mb) == ("Bo", False, 4, 8_000)
    assert (desk.busy_cores, desk.used_memory_mb, desk.in_hand_seconds, desk.obstacle) == (0, 0, 0.0, "")
    assert desk.is_avx
    assert of(volunteers, "first").is_ours
    volunteers.deploy(workunits=1, replicates_each=3)
    while volunteers.ask(2, holding=tuple(task.id for task in held(volunteers, 2))).orders:
        continue
    (declared,) = volunteers.db.select("SELECT manifest FROM experiment")
    manifest = json.loads(declared["manifest"])
    desk = of(volunteers, "desk")
    assert (desk.busy_cores, desk.used_memory_mb) == (2, 2 * manifest["memory_mb"])
    assert desk.in_hand_seconds == pytest.approx(4 * sum(manifest["cell_seconds"]))
    volunteers.deploy(workunits=6)
    volunteers.db.execute("UPDATE task SET state = 'sent', host_id = 2")
    desk = of(volunteers, "desk")  # no more run at once than there are cores
    assert (len(held(volunteers, 2)), desk.busy_cores) == (8, 4)
    assert (desk.used_memory_mb, desk.most_tasks) == (4 * manifest["memory_mb"], 0)


def test_the_quota_that_a_host_has_left_is_what_it_may_still_have_today(volunteers):
    assert of(volunteers, "first").most_tasks is None  # the laboratory's own: no quota
    assert of(volunteers, "desk").most_tasks == 8
    proven = replace(hosts.host(volunteers.db, 2).standing, valid_in_row=3)
    hosts.set_standing(volunteers.db, 2, proven)
    assert of(volunteers, "desk").most_tasks == 16 * 4
    assert of(volunteers, "desk", replace(POLICY, daily_per_core=5)).most_tasks == 20
    hosts.set_standing(volunteers.db, 2, replace(proven, quota=1))
    assert of(volunteers, "desk", replace(POLICY, daily_per_core=5)).most_tasks == 4
    volunteers.ask(2)
    assert of(volunteers, "desk").most_tasks == 3


def test_a_host_that_boasts_counts_with_as_many_cores_as_it_may_have_tasks(volunteers):
    volunteers.host("boast", cores=4_096, memory_mb=10**8, volunteer="Cy")
    assert (of(volunteers, "desk").cores, of(volunteers, "boast").cores) == (4, 64)
    volunteers.db.execute("UPDATE host SET valid_in_row = 1 WHERE id = 3")
    assert of(volunteers, "boast").cores == 1_000  # as many tasks as anybody has at once


def test_preferences_are_heeded(volunteers):
    db = volunteers.db
    gpus = json.dumps([["NVIDIA", 2, 8_000, "A"]])
    db.execute("UPDATE host SET gpus = :gpus WHERE id = 2", gpus=gpus)
    assert sum(gpu.count for gpu in of(volunteers, "desk").gpus) == 2
    prefers(volunteers, on_gpus=False)
    assert of(volunteers, "desk").gpus == ()
    prefers(volunteers, on_cores=False)
    desk = of(volunteers, "desk")
    assert (desk.cores, sum(gpu.count for gpu in desk.gpus), desk.obstacle) == (0, 2, "")
    db.execute("UPDATE host SET gpus = '[]' WHERE id = 2")
    assert of(volunteers, "desk").obstacle == "its volunteer lets only GPUs compute, and it has none"


def test_who_is_silent_or_only_plays_a_part_is_not_there(volunteers):
    volunteers.later(minutes=59)
    assert [one.host_id for one in supplies(volunteers.db, POLICY, volunteers.now)] == [1, 2]
    volunteers.ask(2, wanted=0)
    volunteers.later(minutes=1)
    assert [one.host_id for one in supplies(volunteers.db, POLICY, volunteers.now)] == [2]
    volunteers.db.execute("UPDATE host SET is_simulated = 1 WHERE id = 2")
    assert supplies(volunteers.db, POLICY, volunteers.now) == []


def test_a_host_for_which_there_is_no_program_says_so(volunteers):
    volunteers.db.execute("UPDATE host SET processor = 'unknown', system = 'plan9' WHERE id = 2")
    assert of(volunteers, "desk").obstacle == "there is no program for computers of the kind plan9"
    volunteers.db.execute("UPDATE host SET processor = 'x86_64', cores = 0 WHERE id = 2")
    assert of(volunteers, "desk").obstacle == "it reports no core"
    volunteers.db.execute("UPDATE host SET cores = 4, instructions = 'none' WHERE id = 2")
    assert not of(volunteers, "desk").is_avx


def held(lab, host):
    return workunits.held(lab.db, host)


def prefers(lab, **choice):
    text = json.dumps(choice)
    lab.db.execute("UPDATE volunteer SET project_preferences = :text WHERE name = 'Bo'", text=text)
