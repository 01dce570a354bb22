"""Workunits and tasks: every change of state is conditional and keeps its counter."""

from datetime import timedelta

import pytest

from axiom.domain.work import TaskState, WorkunitState
from axiom.store.engine import counters
from axiom.store.tasks import tasks, waiting_tasks, workunits
from axiom.store.tasks.tasks import TaskClaim
from axiom.store.upkeep import audit, jobs
from axiom.store.upkeep.audit import AuditEntry


def order(db, now, target: int | None = None) -> int:
    about = {"experiment_id": 1, "registration_id": 1, "configs": [0, 1], "max_failures": 3, "target_host_id": target}
    (made,) = workunits.add_workunits(db, replicates=[[3, 4]], **about, now=now)
    return made


def send(db, now, *, host: int = 1, task: int = 1) -> None:
    facts = {"experiment_id": 1, "bundle_digest": "ab", "ticket": "signed", "deadline": now + timedelta(hours=48)}
    tasks.send_tasks(db, [TaskClaim(task_id=task, **facts)], host_id=host, now=now)


def amounts(db) -> dict[tuple[str, str], int]:
    """How many workunits and tasks there are of each state."""
    counted = counters.read_counters(db).items()
    return {(noun, state): amount for (noun, _, state), amount in counted if amount and noun in {"workunit", "task"}}


def test_a_workunit_is_read_as_it_was_ordered_and_open_ones_in_order(ordered, now):
    found = workunits.find_workunit(ordered, 1)
    assert found.replicates == (3, 4)
    assert found.configs == (0, 1)
    assert found.quorum == 1
    assert found.max_failures == 3
    assert (found.state, found.created_at, found.abort_requested) == (WorkunitState.OPEN, now, False)
    assert workunits.find_workunit(ordered, 9) is tasks.find_task(ordered, 9) is None
    second = order(ordered, now)
    workunits.close_workunits(ordered, [(workunits.find_workunit(ordered, second), WorkunitState.DONE, "")], now)
    send(ordered, now)
    for _ in range(3):
        order(ordered, now)
    assert workunits.list_open_workunits(ordered, 1, after=0, limit=3) == [1, 3, 4]
    assert workunits.list_open_workunits(ordered, 1, after=4, limit=3) == [5]
    assert workunits.list_open_workunits(ordered, 2, after=0, limit=3) == []


def test_a_workunit_closes_once_for_good(ordered, now):
    hostile = "\x1b[2J" + "no\n" * 1_000
    assert workunits.request_abort(ordered, 1, hostile)
    wanted = workunits.find_workunit(ordered, 1)
    assert wanted.state == WorkunitState.OPEN
    assert wanted.abort_requested
    assert len(wanted.reason) == 500
    assert wanted.reason.isprintable()
    workunits.close_workunits(ordered, [(wanted, WorkunitState.DONE, "quorum met")], now)
    assert not workunits.request_abort(ordered, 1, "too late")
    found = workunits.find_workunit(ordered, 1)
    assert (found.state, found.reason) == (WorkunitState.DONE, "quorum met")
    assert amounts(ordered) == {("workunit", "done"): 1, ("task", "unsent"): 1}
    workunits.add_task_copies(ordered, [(wanted, 1)], now)
    assert [task.ordinal for task in tasks.list_workunit_tasks(ordered, 1)] == [0, 1]
    with pytest.raises(Exception, match="UNIQUE"):
        workunits.add_task_copies(ordered, [(wanted, 1)], now)
    tasks.set_task_states(ordered, [(tasks.find_task(ordered, 1), TaskState.INVALID, hostile)], now)
    workunits.close_workunits(
        ordered, [(workunits.find_workunit(ordered, order(ordered, now)), WorkunitState.CANCELLED, hostile)], now
    )
    for reason in (tasks.find_task(ordered, 1).reason, workunits.find_workunit(ordered, 2).reason):
        assert len(reason) == 500
        assert reason.isprintable()


def test_a_task_is_given_to_one_host_alone(ordered, now):
    send(ordered, now)
    with pytest.raises(LookupError, match=r"host 2.* it is sent"):
        send(ordered, now, host=2)
    sent = tasks.find_task(ordered, 1)
    assert sent.state == TaskState.SENT
    assert sent.host_id == 1
    assert sent.ticket == "signed"
    assert sent.bundle_digest == "ab"
    assert (sent.sent_at, sent.deadline) == (now, now + timedelta(hours=48))
    assert (tasks.list_tasks_at_host(ordered, 1), tasks.list_tasks_at_host(ordered, 2)) == ([sent], [])
    assert amounts(ordered) == {("workunit", "open"): 1, ("task", "sent"): 1}
    tasks.set_task_states(ordered, [(sent, TaskState.EXPIRED, "its deadline passed")], now)
    assert tasks.find_task(ordered, 1).reason == "its deadline passed"
    assert ordered.row("SELECT closed_at FROM task")["closed_at"] is not None
    assert amounts(ordered)["task", "expired"] == 1
    assert counters.list_counter_problems(ordered) == []


def test_workunits_ordered_together_have_their_first_tasks(ordered, now):
    about = {"experiment_id": 1, "registration_id": 1, "configs": (0, 1), "max_failures": 4}
    made = workunits.add_workunits(ordered, replicates=[(5, 6), (7,), (8, 9)], **about, now=now)
    assert made == (2, 3, 4)
    found = [workunits.find_workunit(ordered, number) for number in made]
    assert [unit.replicates for unit in found] == [(5, 6), (7,), (8, 9)]
    assert {(unit.configs, unit.max_failures, unit.quorum, unit.state) for unit in found} == {((0, 1), 4, 1, "open")}
    for number in made:
        (task,) = tasks.list_workunit_tasks(ordered, number)
        assert task.ordinal == 0
        assert task.state == TaskState.UNSENT
        assert task.experiment_id == 1
        assert task.created_at == now
    assert amounts(ordered)["task", "unsent"] == 4
    assert counters.list_counter_problems(ordered) == []


def test_the_oldest_waiting_tasks_come_first_and_targeted_ones_apart(ordered, now):
    order(ordered, now)
    order(ordered, now, target=2)
    assert [task.task_id for task in waiting_tasks.list_candidate_tasks(ordered, 1, after=0, limit=9)] == [1, 2]
    assert [task.task_id for task in waiting_tasks.list_candidate_tasks(ordered, 1, after=1, limit=9)] == [2]
    assert [task.task_id for task in waiting_tasks.list_candidate_tasks(ordered, 1, after=0, limit=1)] == [1]
    assert [task.task_id for task in waiting_tasks.list_targeted_tasks(ordered, 1, 2, limit=9)] == [3]
    assert waiting_tasks.list_targeted_tasks(ordered, 1, 1, limit=9) == []
    assert waiting_tasks.list_candidate_tasks(ordered, 2, after=0, limit=9) == []
    (for_one,), (for_two,) = (
        waiting_tasks.list_waiting_experiments(ordered, 1),
        waiting_tasks.list_waiting_experiments(ordered, 2),
    )
    assert (for_one.unsent, for_one.is_meant) == (3, False)
    assert for_two.is_meant
    for task in (1, 2):
        send(ordered, now, task=task)
    (left,) = waiting_tasks.list_waiting_experiments(ordered, 1)
    assert (left.unsent, left.in_progress) == (1, 2)
    assert [(held.experiment_id, held.ids) for held in waiting_tasks.list_held_tasks(ordered, 1)] == [(1, {1, 2})]
    assert waiting_tasks.list_held_tasks(ordered, 2) == []


def test_what_is_late_unattended_or_newest_is_found_and_words_are_kept_short(ordered, now):
    send(ordered, now)
    assert workunits.list_late_workunits(ordered, now + timedelta(hours=48), 9) == []
    assert workunits.list_late_workunits(ordered, now + timedelta(hours=49), 9) == [1]
    assert workunits.list_unattended_workunits(ordered, 9) == []
    tasks.set_task_states(ordered, [(tasks.find_task(ordered, 1), TaskState.FAILED, "")], now)
    assert workunits.list_unattended_workunits(ordered, 9) == [1]
    workunits.close_workunits(ordered, [(workunits.find_workunit(ordered, 1), WorkunitState.FAILED, "")], now)
    assert workunits.list_unattended_workunits(ordered, 9) == []
    assert jobs.find_last_write(ordered)[0] == now
    jobs.record_job_start(ordered, "publish", 60.0, now + timedelta(hours=1))
    assert jobs.find_last_write(ordered) == (now + timedelta(hours=1), "the job publish")
    entry = AuditEntry(caller="", command="", arguments="", dry_run=False, key=None, outcome="", answer="")
    audit.append_audit_entry(ordered, entry, now + timedelta(hours=2))
    assert jobs.find_last_write(ordered) == (now + timedelta(hours=2), "the audit, entry 1")
    kept = {"as it is": "as it is", "a\nb\tc\x1b[31m\x7f": "a b c [31m ", "gr\u00fcn\u202e\n": "gr\u00fcn  "}
    assert {said: tasks.sanitize_text(said) for said in kept} == kept
    assert tasks.sanitize_text("x" * 501 + "\n") == "x" * 500
