"""Many tasks at once come back, move and close, the counters follow, and each cell has one result."""

import sqlite3
from dataclasses import replace
from datetime import timedelta

import pytest
import stored_work

from axiom.domain.preflights import GATES, Preflight
from axiom.domain.work import Agreement, Outcome, Report, Result, TaskState, WorkunitState
from axiom.store.engine import counters
from axiom.store.experiments import experiments, preflights
from axiom.store.hosts import hosts
from axiom.store.tasks import results, workunits
from axiom.store.tasks import tasks as task_store
from axiom.store.tasks.results import RecordedCells
from axiom.store.tasks.tasks import ReportedTask, TaskClaim

HOSTILE = "\x1b[2J" + "no\n" * 1_000


@pytest.fixture
def out(ordered, now):
    """Workunits 1 to 3 with tasks 1 to 3, all out to host 1 of volunteer 1; host 2 is volunteer 2's."""
    about = {"experiment_id": 1, "registration_id": 1, "configs": [0, 1], "max_failures": 3}
    workunits.add_workunits(ordered, replicates=[[1], [2]], **about, now=now)
    send(ordered, 1, 2, 3, host=1, now=now)
    return ordered


def send(db, *numbers, host, now) -> None:
    facts = {"experiment_id": 1, "bundle_digest": "ab", "ticket": "signed", "deadline": now + timedelta(hours=48)}
    task_store.send_tasks(db, [TaskClaim(task_id=number, **facts) for number in numbers], host_id=host, now=now)


def report(task: int, **changes) -> Report:
    facts = {"exit_status": 0, "output_digest": "cd", "cpu_seconds": 1.5, "elapsed_seconds": 2.5, "message": "well"}
    return Report(task_id=task, host_id=1, **facts | changes)


def amounts(db) -> dict[tuple[str, str], int]:
    """How many of each state there are, where there are any."""
    nouns = {"task", "workunit", "cause"}
    return {
        (noun, state): amount
        for (noun, _, state), amount in counters.read_counters(db).items()
        if amount and noun in nouns
    }


def test_reports_are_written_down_with_all_that_they_say(out, now):
    later = now + timedelta(hours=1)
    said = report(1, message="x" * 2_000, boinc_state=5, peak_memory_mb=1.25, peak_disk_mb=7.0)
    failed = report(2, exit_status=197, output_digest=None, message=HOSTILE)
    found = task_store.read_tasks_with_owners(out, [2, 1, 99])
    assert [found[number].volunteer_id for number in sorted(found)] == [1, 1]
    assert (found[2].task.state, found[2].task.host_id) == (TaskState.SENT, 1)
    assert hosts.map_hosts_to_volunteers(out, [2, 1, 7]) == {1: 1, 2: 2}
    tasks = {number: known.task for number, known in found.items()}
    taken = [
        ReportedTask(task=tasks[1], report=said, state=TaskState.RETURNED, reason="returned", cause="success"),
        ReportedTask(task=tasks[2], report=failed, state=TaskState.FAILED, reason=HOSTILE, cause="time-limit"),
    ]
    task_store.record_task_reports(out, taken, later)
    first, second = out.select("SELECT * FROM task WHERE id < 3 ORDER BY id")
    names = ("state", "exit_status", "output_digest", "cpu_seconds", "elapsed_seconds", "boinc_state", "cause")
    assert [first[name] for name in names] == ["returned", 0, "cd", 1.5, 2.5, 5, "success"]
    assert (first["peak_memory_mb"], first["peak_disk_mb"], first["closed_at"]) == (1.25, 7.0, None)
    assert (first["message"], task_store.find_task(out, 1).returned_at) == ("x" * 1_000, later)
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
    assert counters.list_counter_problems(out) == []
    (waiting,) = task_store.list_returned_tasks(out, 5)
    assert waiting.task.ticket == "signed"
    assert (waiting.volunteer_id, waiting.registration_id) == (1, 1)
    assert (waiting.checks_task_id, waiting.is_targeted) == (None, False)


def test_tasks_move_and_workunits_close_in_one_go(out, now):
    found = workunits.read_workunits_with_tasks(out, [3, 1, 2, 99])
    assert [(wanted.id, [task.id for task in tasks]) for wanted, tasks in found] == [(3, [3]), (1, [1]), (2, [2])]
    by_id = {wanted.id: (wanted, tasks) for wanted, tasks in found}
    moves = [(by_id[1][1][0], TaskState.VALID, "as ordered"), (by_id[2][1][0], TaskState.EXPIRED, "late")]
    task_store.set_task_states(out, moves, now)
    workunits.close_workunits(out, [(by_id[1][0], WorkunitState.DONE, "quorum met")], now)
    workunits.add_task_copies(out, [(by_id[2][0], 1)], now)
    assert amounts(out) == {
        **{("task", state): 1 for state in ("valid", "expired", "sent", "unsent")},
        ("workunit", "open"): 2,
        ("workunit", "done"): 1,
    }
    assert counters.list_counter_problems(out) == []
    assert [task.state for task in task_store.list_workunit_tasks(out, 2)] == [TaskState.EXPIRED, TaskState.UNSENT]
    assert task_store.count_recent_task_states(out, 1, 9) == {TaskState.VALID: 1, TaskState.EXPIRED: 1}
    assert (task_store.count_recent_task_states(out, 1, 1), task_store.count_recent_task_states(out, 2, 9)) == (
        {TaskState.EXPIRED: 1},
        {},
    )
    before = {task.id: task.deadline for task in stored_work.tasks(out)}
    assert task_store.postpone_deadlines(out, timedelta(hours=24)) == 1
    after = {task.id: task.deadline for task in stored_work.tasks(out)}
    assert after == before | {3: before[3] + timedelta(hours=24)}
    counted = out.select("SELECT * FROM counter")
    for change in (
        task_store.set_task_states,
        workunits.close_workunits,
        workunits.add_task_copies,
        task_store.record_task_reports,
    ):
        change(out, [], now)
    assert out.select("SELECT * FROM counter") == counted
    assert workunits.read_workunits_with_tasks(out, []) == []


def test_a_check_orders_the_same_cells_and_is_no_supply_of_work(out, now):
    made = workunits.order_check(out, task_store.find_task(out, 2), now)
    ((check, tasks),) = workunits.read_workunits_with_tasks(out, [made])
    assert check.replicates == (1,)
    assert check.configs == (0, 1)
    assert check.checks_task_id == 2
    assert check.quorum == 1
    assert tasks == []
    workunits.add_task_copies(out, [(check, 0)], now)
    assert workunits.count_waiting_checks(out) == {1: 1}
    assert workunits.list_stale_checks(out, now, 9) == []
    assert workunits.list_stale_checks(out, now + timedelta(microseconds=1), 9) == [made]
    task_store.set_task_agreements(out, {2: Agreement.WAITING, 3: Agreement.DIFFERS})
    assert task_store.list_tasks_by_agreement(out, [1, 2, 3], Agreement.WAITING) == [2]
    passed = Preflight(bundle="ab", gates=GATES, passed=True, reason="", platform="", report="", at=now)
    preflights.record_preflight(out, passed)
    send(out, 4, host=2, now=now)
    assert workunits.count_waiting_checks(out) == {}
    assert workunits.list_stale_checks(out, now + timedelta(days=9), 9) == []
    task_store.set_task_states(out, [(task_store.find_task(out, 4), TaskState.VALID, "")], now)
    assert task_store.list_valid_checks(out, 2) == [(4, 2)]


def test_what_was_forgotten_comes_back_under_its_own_number(out):
    ((wanted, _),) = workunits.read_workunits_with_tasks(out, [1])
    workunits.admit_workunit(out, replace(wanted, id=70))
    workunits.admit_task(out, 90, replace(wanted, id=70))
    workunits.admit_task(out, 91, replace(wanted, id=70))
    made = [(task.id, task.ordinal, task.state) for task in task_store.list_workunit_tasks(out, 70)]
    assert made == [(90, 0, TaskState.UNSENT), (91, 1, TaskState.UNSENT)]
    assert workunits.find_workunit(out, 70).replicates == (3, 4)
    assert counters.list_counter_problems(out) == []
    with pytest.raises(Exception, match="UNIQUE"):
        workunits.admit_task(out, 90, replace(wanted, id=70))


IDS = {"task_id": 1, "experiment_id": 1, "replicate": 0, "config": 0, "seed": 5}
MEASURES = {"total": 0.1, "count": None, "curve": [1, 2.5]}
CELL = Result(**IDS, outcome=Outcome.OK, measures=MEASURES, early=(1.0, 0.5), cpu_seconds=0.25)


def test_a_result_is_read_as_it_was_recorded_and_the_same_cell_again_is_a_duplicate(ordered, now):
    experiments.issue_replicates(ordered, experiments.find_experiment(ordered, 1), 1, 2, now)
    workunits.add_task_copies(ordered, [(workunits.find_workunit(ordered, 1), 1)], now)
    late = replace(CELL, config=1, outcome=Outcome.LATE, measures=None, early=())
    assert results.record_results(ordered, [CELL, late], now) == RecordedCells(results=2, duplicates=0)
    assert results.list_task_results(ordered, 2) == []
    again = replace(CELL, task_id=2, measures={"total": 0.2})
    assert results.record_results(ordered, [again], now) == RecordedCells(results=0, duplicates=1, tasks=frozenset({2}))
    assert results.list_task_results(ordered, 1) == [CELL, late]
    duplicate = {"result_id": 1, "task_id": 2, "measures": '{"total": 0.2}'}
    assert ordered.row("SELECT result_id, task_id, measures FROM duplicate") == duplicate
    assert [counters.read_counters(ordered)["result", 1, outcome] for outcome in ("ok", "late")] == [1, 1]
    for impossible in (again, replace(CELL, replicate=7)):  # a task brings it once, and it was issued
        with pytest.raises(sqlite3.IntegrityError):
            results.record_results(ordered, [impossible], now)
    for none in ({"measures": {"total": float("nan")}}, {"early": (float("inf"),)}):
        with pytest.raises(ValueError, match="JSON"):
            results.record_results(ordered, [replace(CELL, **none)], now)
