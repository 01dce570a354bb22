"""Many tasks at once come back, move and close, and the counters follow."""

from dataclasses import replace
from datetime import timedelta

import pytest

from axiom.domain.fleet import Capacity, Platform
from axiom.domain.preflights import GATES, OWN_GATES, Preflight
from axiom.domain.work import Agreement, Report, TaskState, WorkunitState
from axiom.store.accounts import accounts
from axiom.store.engine import counters
from axiom.store.experiments import experiments, preflights
from axiom.store.hosts import hosts
from axiom.store.registrations import registrations
from axiom.store.tasks import tasks as task_store
from axiom.store.tasks import workunits
from axiom.store.tasks.tasks import Reported
from axiom.store.tasks.workunits import OrderedTask

HOSTILE = "\x1b[2J" + "no\n" * 1_000


@pytest.fixture
def out(database, now, join):
    """Workunits 1 to 3 with tasks 1 to 3, all out to host 1 of volunteer 1."""
    experiments.add(database, name="tiny_sum", version=1, manifest="{}", now=now)
    registrations.register(database, experiment_id=1, cohort="", body="{}", predictions=[], now=now)
    experiments.add_bundle(
        database, experiment_id=1, serial=1, digest="ab", seal="", manifest="", expires_at=now, now=now
    )
    read = Preflight(
        bundle="ab", gates=OWN_GATES, passed=True, reason="", platform="", report="", at=now, ours_only=True
    )
    preflights.record(database, read)
    platform, capacity = (
        Platform(system="linux", processor="x86_64", instructions="avx2"),
        Capacity(cores=4, memory_mb=1),
    )
    for owner in (accounts.ourselves(database, now), join(database, "Bob", now)):
        hosts.meet(database, volunteer_id=owner, name="pc", platform=platform, capacity=capacity, now=now)
    workunits.order_many(
        database,
        experiment_id=1,
        registration_id=1,
        replicates=[[0], [1], [2]],
        configs=[0, 1],
        max_failures=3,
        now=now,
    )
    claims = [
        OrderedTask(
            task_id=number, experiment_id=1, bundle_digest="ab", ticket="signed", deadline=now + timedelta(hours=48)
        )
        for number in (1, 2, 3)
    ]
    workunits.send(database, claims, host_id=1, now=now)
    return database


def report(task: int, **changes) -> Report:
    said = Report(
        task_id=task, host_id=1, exit_status=0, output_digest="cd", cpu_seconds=1.5, elapsed_seconds=2.5, message="well"
    )
    return replace(said, **changes)


def amounts(db) -> dict[tuple[str, str], int]:
    """How many of each state there are, where there are any."""
    nouns = {"task", "workunit", "cause"}
    return {(noun, state): amount for (noun, _, state), amount in counters.read(db).items() if amount and noun in nouns}


def test_what_is_known_of_tasks_says_whose_they_are_and_leaves_out_what_is_not_there(out):
    found = task_store.known(out, [3, 1, 99])
    assert set(found) == {1, 3}
    assert (found[3].task.state, found[3].task.host_id, found[3].volunteer_id) == (TaskState.SENT, 1, 1)
    assert task_store.volunteers_of(out, [2, 1, 7]) == {1: 1, 2: 2}


def test_reports_are_written_down_with_all_that_they_say(out, now):
    later = now + timedelta(hours=1)
    said = report(1, message="x" * 2_000, boinc_state=5, peak_memory_mb=1.25, peak_disk_mb=7.0)
    failed = report(2, exit_status=197, output_digest=None, message=HOSTILE)
    tasks = {number: found.task for number, found in task_store.known(out, [1, 2]).items()}
    taken = [
        Reported(task=tasks[1], report=said, state=TaskState.RETURNED, reason="returned", cause="success"),
        Reported(task=tasks[2], report=failed, state=TaskState.FAILED, reason=HOSTILE, cause="time-limit"),
    ]
    task_store.record(out, taken, later)
    first, second = out.select("SELECT * FROM task WHERE id < 3 ORDER BY id")
    names = ("state", "exit_status", "output_digest", "cpu_seconds", "elapsed_seconds", "boinc_state", "cause")
    assert [first[name] for name in names] == ["returned", 0, "cd", 1.5, 2.5, 5, "success"]
    assert (first["peak_memory_mb"], first["peak_disk_mb"], first["closed_at"]) == (1.25, 7.0, None)
    assert (first["message"], workunits.task(out, 1).returned_at) == ("x" * 1_000, later)
    assert (second["state"], second["cause"], second["exit_status"]) == ("failed", "time-limit", 197)
    assert second["closed_at"] is not None
    assert (len(second["message"]), len(second["reason"])) == (1_000, 500)
    assert (second["message"] + second["reason"]).isprintable()
    assert amounts(out) == {
        ("task", "sent"): 1,
        ("task", "returned"): 1,
        ("task", "failed"): 1,
        ("workunit", "open"): 3,
        ("cause", "success"): 1,
        ("cause", "time-limit"): 1,
    }
    assert counters.problems(out) == []
    (waiting,) = task_store.returned(out, 5)
    assert waiting.task.ticket == "signed"
    assert (waiting.volunteer_id, waiting.registration_id, waiting.checks_task_id, waiting.is_targeted) == (
        1,
        1,
        None,
        False,
    )


def test_tasks_move_and_workunits_close_in_one_go(out, now):
    found = task_store.with_tasks(out, [3, 1, 2, 99])
    assert [(wanted.id, [task.id for task in tasks]) for wanted, tasks in found] == [(3, [3]), (1, [1]), (2, [2])]
    by_id = {wanted.id: (wanted, tasks) for wanted, tasks in found}
    moves = [(by_id[1][1][0], TaskState.VALID, "as ordered"), (by_id[2][1][0], TaskState.EXPIRED, "late")]
    task_store.move(out, moves, now)
    task_store.close(out, [(by_id[1][0], WorkunitState.DONE, "quorum met")], now)
    task_store.create(out, [(by_id[2][0], 1)], now)
    assert amounts(out) == {
        ("task", "valid"): 1,
        ("task", "expired"): 1,
        ("task", "sent"): 1,
        ("task", "unsent"): 1,
        ("workunit", "open"): 2,
        ("workunit", "done"): 1,
    }
    assert counters.problems(out) == []
    assert [task.state for task in workunits.tasks_of(out, 2)] == [TaskState.EXPIRED, TaskState.UNSENT]


def test_nothing_to_do_changes_nothing(out, now):
    before = out.select("SELECT * FROM counter")
    for change in (task_store.move, task_store.close, task_store.create, task_store.record):
        change(out, [], now)
    assert out.select("SELECT * FROM counter") == before
    assert task_store.with_tasks(out, []) == []


def test_a_check_orders_the_same_cells_and_is_no_supply_of_work(out, now):
    made = task_store.order_check(out, workunits.task(out, 2), now)
    ((check, tasks),) = task_store.with_tasks(out, [made])
    assert (check.replicates, check.configs, check.checks_task_id, check.quorum) == ((1,), (0, 1), 2, 1)
    assert tasks == []
    task_store.create(out, [(check, 0)], now)
    assert task_store.waiting_checks(out) == {1: 1}
    assert task_store.stale_checks(out, now, 9) == []
    assert task_store.stale_checks(out, now + timedelta(microseconds=1), 9) == [made]
    task_store.agree(out, {2: Agreement.WAITING, 3: Agreement.DIFFERS})
    assert task_store.awaiting(out, [1, 2, 3], Agreement.WAITING) == [2]
    passed = Preflight(bundle="ab", gates=GATES, passed=True, reason="", platform="", report="", at=now)
    preflights.record(out, passed)
    workunits.send(
        out,
        [OrderedTask(task_id=4, experiment_id=1, bundle_digest="ab", ticket="", deadline=now)],
        host_id=2,
        now=now,
    )
    assert task_store.waiting_checks(out) == {}
    assert task_store.stale_checks(out, now + timedelta(days=9), 9) == []
    task_store.move(out, [(workunits.task(out, 4), TaskState.VALID, "")], now)
    assert task_store.valid_checks(out, 2) == [(4, 2)]


def test_how_a_host_did_lately_counts_its_newest_closed_tasks(out, now):
    found = task_store.known(out, [1, 2, 3])
    moves = [(found[1].task, TaskState.INVALID, ""), (found[2].task, TaskState.VALID, "")]
    task_store.move(out, moves, now)
    assert task_store.lately(out, 1, 9) == {TaskState.INVALID: 1, TaskState.VALID: 1}
    assert task_store.lately(out, 1, 1) == {TaskState.VALID: 1}
    assert task_store.lately(out, 2, 9) == {}


def test_deadlines_of_what_is_out_move_and_of_nothing_else(out, now):
    before = {task.id: task.deadline for task in workunits.tasks(out)}
    task_store.move(out, [(workunits.task(out, 3), TaskState.EXPIRED, "")], now)
    assert task_store.postpone(out, timedelta(hours=24)) == 2
    after = {task.id: task.deadline for task in workunits.tasks(out)}
    assert after == {1: before[1] + timedelta(hours=24), 2: before[2] + timedelta(hours=24), 3: before[3]}


def test_what_was_forgotten_comes_back_under_its_own_number(out):
    ((wanted, _),) = task_store.with_tasks(out, [1])
    task_store.admit_workunit(out, replace(wanted, id=70))
    task_store.admit_task(out, 90, replace(wanted, id=70))
    task_store.admit_task(out, 91, replace(wanted, id=70))
    assert [(task.id, task.ordinal, task.state) for task in workunits.tasks_of(out, 70)] == [
        (90, 0, TaskState.UNSENT),
        (91, 1, TaskState.UNSENT),
    ]
    assert workunits.workunit(out, 70).replicates == (0,)
    assert counters.problems(out) == []
    with pytest.raises(Exception, match="UNIQUE"):
        task_store.admit_task(out, 90, replace(wanted, id=70))
