"""Workunits and tasks: every change of state is conditional and keeps its counter."""

from datetime import timedelta

import pytest

from axiom.domain.fleet import Capacity, Platform
from axiom.domain.preflights import OWN_GATES, Preflight
from axiom.domain.work import TaskState, WorkunitState
from axiom.store.accounts import accounts
from axiom.store.engine import counters
from axiom.store.experiments import experiments, preflights
from axiom.store.hosts import hosts
from axiom.store.registrations import registrations
from axiom.store.tasks import tasks, workunits
from axiom.store.tasks import waiting as waiting_tasks
from axiom.store.tasks.workunits import OrderedTask
from axiom.store.upkeep import audit, jobs
from axiom.store.upkeep.audit import Audited


@pytest.fixture
def ordered(database, now):
    """Workunit 1 of experiment 1 with its unsent task 1; hosts 1 and 2; a bundle."""
    experiments.add(database, name="tiny_sum", version=1, manifest="{}", now=now)
    registrations.register(database, experiment_id=1, cohort="", body="{}", predictions=[], now=now)
    experiments.add_bundle(
        database, experiment_id=1, serial=1, digest="ab", seal="", manifest="", expires_at=now, now=now
    )
    read = Preflight(
        bundle="ab", gates=OWN_GATES, passed=True, reason="", platform="", report="", at=now, ours_only=True
    )
    preflights.record(database, read)
    for name in ("first", "second"):
        hosts.meet(
            database,
            volunteer_id=accounts.ourselves(database, now),
            name=name,
            platform=Platform(system="linux", processor="x86_64", instructions="avx2"),
            capacity=Capacity(cores=4, memory_mb=8_000),
            now=now,
        )
    order(database, now)
    return database


def order(db, now, target: int | None = None) -> int:
    (made,) = workunits.order_many(
        db,
        experiment_id=1,
        registration_id=1,
        replicates=[[3, 4]],
        configs=[0, 1],
        max_failures=3,
        now=now,
        target_host_id=target,
    )
    return made


def send(db, now, *, host: int = 1, task: int = 1) -> None:
    workunits.send(db, [claim(now, task)], host_id=host, now=now)


def claim(now, task: int = 1) -> OrderedTask:
    return OrderedTask(
        task_id=task, experiment_id=1, bundle_digest="ab", ticket="signed", deadline=now + timedelta(hours=48)
    )


def amounts(db) -> dict[tuple[str, str], int]:
    """How many workunits and tasks there are of each state."""
    counted = counters.read(db).items()
    return {(noun, state): amount for (noun, _, state), amount in counted if amount and noun in {"workunit", "task"}}


def test_a_workunit_is_read_as_it_was_ordered(ordered, now):
    found = workunits.workunit(ordered, 1)
    assert (found.replicates, found.configs, found.quorum, found.max_failures) == ((3, 4), (0, 1), 1, 3)
    assert (found.state, found.created_at, found.abort_requested) == (WorkunitState.OPEN, now, False)
    assert workunits.workunit(ordered, 9) is None
    assert workunits.task(ordered, 9) is None


def test_the_newest_come_first_and_of_one_state_if_asked(ordered, now):
    second = order(ordered, now)
    tasks.close(ordered, [(workunits.workunit(ordered, second), WorkunitState.DONE, "")], now)
    assert [found.id for found in workunits.workunits(ordered)] == [2, 1]
    assert [found.id for found in workunits.workunits(ordered, state="open")] == [1]
    assert [found.id for found in workunits.workunits(ordered, limit=1)] == [2]
    send(ordered, now)
    assert [found.id for found in workunits.tasks(ordered)] == [2, 1]
    assert [found.id for found in workunits.tasks(ordered, state="sent")] == [1]


def test_open_workunits_come_in_slices(ordered, now):
    for _ in range(3):
        order(ordered, now)
    assert workunits.open_workunits(ordered, 1, after=0, limit=3) == [1, 2, 3]
    assert workunits.open_workunits(ordered, 1, after=3, limit=3) == [4]
    assert workunits.open_workunits(ordered, 2, after=0, limit=3) == []


def test_a_workunit_closes_once_for_good(ordered, now):
    wanted = workunits.workunit(ordered, 1)
    tasks.close(ordered, [(wanted, WorkunitState.DONE, "quorum met")], now)
    assert not workunits.request_abort(ordered, 1, "too late")
    found = workunits.workunit(ordered, 1)
    assert (found.state, found.reason) == (WorkunitState.DONE, "quorum met")
    assert amounts(ordered) == {("workunit", "done"): 1, ("task", "unsent"): 1}


def test_an_abort_is_asked_for_with_its_reason(ordered):
    assert workunits.request_abort(ordered, 1, "not wanted")
    found = workunits.workunit(ordered, 1)
    assert (found.state, found.abort_requested, found.reason) == (WorkunitState.OPEN, True, "not wanted")


def test_a_task_is_given_to_one_host_alone(ordered, now):
    send(ordered, now)
    with pytest.raises(LookupError, match="task 1 was to be sent to host 2 and does not wait any more"):
        send(ordered, now, host=2)
    sent = workunits.task(ordered, 1)
    assert (sent.state, sent.host_id, sent.ticket, sent.bundle_digest) == (TaskState.SENT, 1, "signed", "ab")
    assert (sent.sent_at, sent.deadline) == (now, now + timedelta(hours=48))
    assert workunits.held(ordered, 1) == [sent]
    assert workunits.held(ordered, 2) == []
    assert amounts(ordered) == {("workunit", "open"): 1, ("task", "sent"): 1}


def test_workunits_ordered_together_have_their_first_tasks(ordered, now):
    made = workunits.order_many(
        ordered,
        experiment_id=1,
        registration_id=1,
        replicates=[(5, 6), (7,), (8, 9)],
        configs=(0, 1),
        max_failures=4,
        now=now,
    )
    assert made == (2, 3, 4)
    found = [workunits.workunit(ordered, number) for number in made]
    assert [each.replicates for each in found] == [(5, 6), (7,), (8, 9)]
    assert {(each.configs, each.max_failures, each.quorum, each.state) for each in found} == {((0, 1), 4, 1, "open")}
    for number in made:
        (task,) = workunits.tasks_of(ordered, number)
        assert (task.ordinal, task.state, task.experiment_id, task.created_at) == (0, TaskState.UNSENT, 1, now)
    assert amounts(ordered)["task", "unsent"] == 4
    assert counters.problems(ordered) == []


def test_the_oldest_waiting_tasks_come_first_and_targeted_ones_apart(ordered, now):
    order(ordered, now)
    order(ordered, now, target=2)
    assert [each.task_id for each in waiting_tasks.candidates(ordered, 1, after=0, limit=9)] == [1, 2]
    assert [each.task_id for each in waiting_tasks.candidates(ordered, 1, after=1, limit=9)] == [2]
    assert [each.task_id for each in waiting_tasks.candidates(ordered, 1, after=0, limit=1)] == [1]
    assert [each.task_id for each in waiting_tasks.targeted(ordered, 1, 2, limit=9)] == [3]
    assert waiting_tasks.targeted(ordered, 1, 1, limit=9) == []
    assert waiting_tasks.candidates(ordered, 2, after=0, limit=9) == []
    (for_one,), (for_two,) = waiting_tasks.waiting(ordered, 1), waiting_tasks.waiting(ordered, 2)
    assert (for_one.unsent, for_one.is_meant, for_one.is_open) == (3, False, True)
    assert (for_two.is_meant, for_two.is_open) == (True, True)
    for task in (1, 2):
        send(ordered, now, task=task)
    (left,) = waiting_tasks.waiting(ordered, 1)
    assert (left.unsent, left.in_progress, left.is_open) == (1, 2, False)
    assert [(held.experiment_id, held.ids) for held in waiting_tasks.held(ordered, 1)] == [(1, {1, 2})]
    assert waiting_tasks.held(ordered, 2) == []


def test_a_task_moves_only_from_where_it_is_believed_to_be(ordered, now):
    waiting = workunits.task(ordered, 1)
    send(ordered, now)
    assert not workunits.move(ordered, waiting, TaskState.ABORTED, "no longer wanted", now)
    assert workunits.move(ordered, workunits.task(ordered, 1), TaskState.EXPIRED, "its deadline passed", now)
    assert workunits.task(ordered, 1).reason == "its deadline passed"
    assert ordered.one("SELECT closed_at FROM task")["closed_at"] is not None
    assert amounts(ordered)["task", "expired"] == 1


def test_what_is_late_and_what_nobody_attends_is_found(ordered, now):
    send(ordered, now)
    assert workunits.late(ordered, now + timedelta(hours=48), 9) == []
    assert workunits.late(ordered, now + timedelta(hours=49), 9) == [1]
    assert workunits.unattended(ordered, 9) == []
    workunits.move(ordered, workunits.task(ordered, 1), TaskState.FAILED, "", now)
    assert workunits.unattended(ordered, 9) == [1]
    tasks.close(ordered, [(workunits.workunit(ordered, 1), WorkunitState.FAILED, "")], now)
    assert workunits.unattended(ordered, 9) == []


def test_copies_of_a_workunit_are_told_apart_by_their_ordinal(ordered, now):
    wanted = workunits.workunit(ordered, 1)
    tasks.create(ordered, [(wanted, 1)], now)
    assert [task.ordinal for task in workunits.tasks_of(ordered, 1)] == [0, 1]
    with pytest.raises(Exception, match="UNIQUE"):
        tasks.create(ordered, [(wanted, 1)], now)


def test_the_newest_time_is_of_whatever_was_written_last(ordered, now):
    assert workunits.newest(ordered) == (now, "host 1")
    jobs.started(ordered, "publish", 60.0, now + timedelta(hours=1))
    assert workunits.newest(ordered) == (now + timedelta(hours=1), "the job publish")
    entry = Audited(caller="", command="", arguments="", dry_run=False, key=None, outcome="", answer="")
    audit.append(ordered, entry, now + timedelta(hours=2))
    assert workunits.newest(ordered) == (now + timedelta(hours=2), "the audit, entry 1")


def test_an_empty_laboratory_was_written_before_all_time(database):
    assert workunits.newest(database)[0].year == 1970


HOSTILE = "\x1b[2J" + "no\n" * 1_000


def test_words_that_may_come_from_a_host_are_kept_short_and_harmless(ordered, now):
    task, wanted = workunits.task(ordered, 1), workunits.workunit(ordered, 1)
    workunits.move(ordered, task, TaskState.INVALID, HOSTILE, now)
    workunits.request_abort(ordered, 1, HOSTILE)
    tasks.close(ordered, [(wanted, WorkunitState.CANCELLED, HOSTILE)], now)
    for reason in (workunits.task(ordered, 1).reason, workunits.workunit(ordered, 1).reason):
        assert len(reason) == 500
        assert reason.isprintable()


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("as it is", "as it is"),
        ("a\nb\tc\x1b[31m\x7f", "a b c [31m "),
        ("gr\u00fcn\u202e\n", "gr\u00fcn  "),
        ("x" * 501 + "\n", "x" * 500),
    ],
)
def test_a_host_s_words_are_kept_short_and_without_what_acts_on_a_reader(said, kept):
    assert workunits.told(said) == kept
