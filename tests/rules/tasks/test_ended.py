"""Which tasks a client is told to give up."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from axiom.domain.failure_causes import Cause
from axiom.domain.work import BriefTask, Exit, Report, TaskState, WorkunitState
from axiom.rules.tasks.backoff import ContactSituation, choose_contact_delay
from axiom.rules.tasks.reports import GiveUp, choose_give_up, judge_report
from axiom.rules.tasks.stuck_tasks import find_stuck_tasks
from axiom.rules.tasks.transition import measure_outage

OPEN, DONE, CANCELLED = WorkunitState.OPEN, WorkunitState.DONE, WorkunitState.CANCELLED


@pytest.mark.parametrize(
    ("is_ours", "state", "workunit", "told"),
    [
        (False, None, None, GiveUp.AT_ONCE),  # never made here
        (False, TaskState.SENT, OPEN, GiveUp.AT_ONCE),  # another host's
        (True, TaskState.SENT, OPEN, GiveUp.KEEP),
        (True, TaskState.SENT, CANCELLED, GiveUp.AT_ONCE),
        (True, TaskState.ABORTED, OPEN, GiveUp.AT_ONCE),
        (True, TaskState.SENT, DONE, GiveUp.IF_NOT_STARTED),
        (False, TaskState.UNSENT, OPEN, GiveUp.KEEP),  # it was sent in a time that is forgotten here
        (False, TaskState.UNSENT, DONE, GiveUp.AT_ONCE),
    ],
)
def test_what_is_told_about_a_task(is_ours, state, workunit, told):
    assert choose_give_up(is_ours=is_ours, state=state, workunit=workunit) is told
    assert (
        choose_give_up(is_ours=False, state=None, workunit=None, is_lost=True) is GiveUp.KEEP
    )  # it may be forgotten here


NOW = datetime(2026, 3, 2, 14, 5, tzinfo=UTC)


def test_deadlines_move_by_the_whole_time_when_it_was_more_than_ten_minutes():
    for away in (timedelta(seconds=-5), timedelta(minutes=10)):  # the clock was set back; just ten
        assert measure_outage(NOW - away, NOW).by == measure_outage(None, NOW).by == timedelta(0)
    longer = timedelta(minutes=10, microseconds=1)
    assert measure_outage(NOW - longer, NOW).by == longer
    assert "36.0 h" in measure_outage(NOW - timedelta(hours=36), NOW).reason


@pytest.mark.parametrize("situation", ContactSituation)
def test_contacts_of_one_kind_are_spread_and_every_host_comes_back_within_an_hour(situation):
    delays = [choose_contact_delay(situation, spread=part / 10).least for part in range(11)]
    assert delays == sorted(delays)
    assert delays[-1] - delays[0] >= 2
    assert (2 if situation is ContactSituation.COMPUTING else 7) <= delays[0] <= delays[-1] <= 4_200
    assert choose_contact_delay(situation, spread=0.0).most == 3_600
    assert choose_contact_delay(situation, spread=0.0, busy_for=10.0) == choose_contact_delay(situation, spread=0.0)
    if situation in (ContactSituation.BUSY, ContactSituation.DOWN):  # minutes, and not an hour
        assert 60 <= delays[5] <= 600


def test_who_was_served_comes_back_when_a_task_can_be_reported_or_in_minutes():
    """Computed and uploaded 12 seconds after the reply, as the stock client does."""
    assert choose_contact_delay(ContactSituation.SERVED, spread=0.0).least >= 12
    assert choose_contact_delay(ContactSituation.SERVED, spread=1.0).least <= 14
    # a proven host with work for minutes calls minutes apart
    assert choose_contact_delay(ContactSituation.SERVED, spread=0.0, busy_for=3_600.0).least == 180
    assert choose_contact_delay(ContactSituation.SERVED, spread=1.0, busy_for=3_600.0).least <= 300
    assert choose_contact_delay(ContactSituation.SERVED, spread=0.0, busy_for=60.0).least == 30
    assert choose_contact_delay(ContactSituation.EMPTY, spread=0.0, busy_for=3_600.0) == choose_contact_delay(
        ContactSituation.EMPTY, spread=0.0
    )


def task(hours: float | None, state: TaskState = TaskState.SENT, host: int | None = 7) -> BriefTask:
    sent = None if hours is None else NOW - timedelta(hours=hours)
    return replace(task_in(state), host_id=host, sent_at=sent)


def task_in(state: TaskState) -> BriefTask:
    moments = dict.fromkeys(("sent_at", "deadline", "returned_at"))
    words = dict.fromkeys(("reason", "cause", "agreement"), "")
    return BriefTask(id=5, workunit_id=1, experiment_id=1, ordinal=0, state=state, host_id=7, **moments, **words)


@pytest.mark.parametrize(
    ("out", "silent", "hours"),
    [
        (13, 7, "13 h 7 h"),
        (13, 6, ""),
        (12, 12, ""),
        (13, None, "13 h 13 h"),  # never seen since it took the task
        (48, 0, ""),
        (49, 0, "49 h 48 h"),
    ],
)
def test_a_task_is_stuck_when_it_is_out_for_long_and_its_host_silent(out, silent, hours):
    seen = {} if silent is None else {7: NOW - timedelta(hours=silent)}
    told = [" ".join(re.findall(r"\d+ h", one.reason)) for one in find_stuck_tasks([task(out)], seen, NOW)]
    assert told == ([hours] if hours else [])


def test_the_time_in_which_the_laboratory_could_hear_nobody_does_not_count():
    for out, silent, up, is_stuck in ((36, 30, 13, True), (36, 30, 12, False), (60, 0, 49, True)):  # hours
        seen = {7: NOW - timedelta(hours=silent)}
        assert bool(find_stuck_tasks([task(out)], seen, NOW, listening=NOW - timedelta(hours=up))) == is_stuck


def test_only_what_is_out_can_be_stuck():
    for state in set(TaskState) - {TaskState.SENT}:
        assert find_stuck_tasks([task(100, state)], {}, NOW) == ()

    assert find_stuck_tasks([task(None)], {}, NOW) == ()
    assert len(find_stuck_tasks([task(13, host=None)], {7: NOW}, NOW)) == 1


AWAITING = {TaskState.SENT, TaskState.EXPIRED}
AFTER = {
    Exit.DONE: TaskState.RETURNED,
    Exit.CELL_FAILED: TaskState.FAILED,
    Exit.ABORTED_BY_LAB: TaskState.ABORTED,
    Exit.ABORTED_BY_USER: TaskState.ABORTED,
    -1073741819: TaskState.FAILED,  # what a crash on Windows looks like
}


def report_of(exit_status: int = 0, *, host: int = 7, digest: str | None = "ab" * 32) -> Report:
    return Report(
        task_id=5, host_id=host, exit_status=exit_status, output_digest=digest, cpu_seconds=1.0, elapsed_seconds=1.0
    )


@pytest.mark.parametrize("exit_status", AFTER)
@pytest.mark.parametrize("state", TaskState)
def test_a_report_changes_only_a_task_that_awaits_one(state, exit_status):
    decided = judge_report(task_in(state), report_of(exit_status))
    assert decided.state == (AFTER[exit_status] if state in AWAITING else None)
    assert decided.reason


def test_a_report_of_a_host_that_does_not_have_the_task_changes_nothing():
    decided = judge_report(task_in(TaskState.SENT), report_of(host=8))
    assert decided.state is None
    assert "host 8" in decided.reason
    assert "no task 5" in judge_report(None, report_of()).reason
    assert judge_report(None, report_of()).state is None
    without_output = judge_report(task_in(TaskState.SENT), report_of(digest=None))
    assert without_output.state is TaskState.FAILED
    said = replace(report_of(11, digest=None), cause=Cause.SIGNAL)
    assert "status 11" in judge_report(task_in(TaskState.SENT), said).reason
    said = replace(said, in_words="the system killed it: signal 11 (SIGSEGV)")
    decided = judge_report(task_in(TaskState.SENT), said)
    assert (decided.reason, decided.cause) == ("the system killed it: signal 11 (SIGSEGV)", Cause.SIGNAL)


@pytest.mark.parametrize(("computed", "state"), [(0.5, TaskState.ABORTED), (0.0, TaskState.FAILED)])
def test_what_boinc_ended_for_time_while_it_computed_is_nobodys_fault(computed, state):
    said = replace(report_of(197, digest=None), cause=Cause.TIME_LIMIT, cpu_seconds=computed)
    assert judge_report(task_in(TaskState.SENT), said).state is state


@pytest.mark.parametrize("exit_status", AFTER)
@pytest.mark.parametrize("state", AWAITING)
def test_another_host_of_the_volunteer_may_bring_a_result_and_end_nothing(state, exit_status):
    decided = judge_report(task_in(state), report_of(exit_status, host=8), is_akin=True)
    assert decided.state == (TaskState.RETURNED if exit_status == Exit.DONE else None)
    without = judge_report(task_in(state), report_of(exit_status, host=8, digest=None), is_akin=True)
    assert without.state is None


@pytest.mark.parametrize("workunit", WorkunitState)
def test_that_the_laboratory_took_a_task_back_is_believed_where_its_books_say_so(workunit):
    decided = judge_report(task_in(TaskState.SENT), report_of(Exit.ABORTED_BY_LAB, digest=None), workunit=workunit)
    is_open = workunit is WorkunitState.OPEN
    assert decided.state is TaskState.ABORTED
    assert decided.cause == (Cause.ABORTED_BY_VOLUNTEER if is_open else Cause.ABORTED_BY_LABORATORY)


@pytest.mark.parametrize("workunit", [WorkunitState.OPEN, WorkunitState.DONE])
@pytest.mark.parametrize("exit_status", AFTER)
def test_of_a_task_that_an_operator_aborted_one_report_more_is_taken(exit_status, workunit):
    aborted = replace(task_in(TaskState.ABORTED), cause=Cause.TAKEN_BACK, reason="it hangs")
    decided = judge_report(aborted, report_of(exit_status), workunit=workunit)
    assert decided.state == AFTER[exit_status]
    if exit_status == Exit.ABORTED_BY_LAB:
        assert (decided.cause, decided.reason) == (Cause.TAKEN_BACK, "it hangs")
    assert judge_report(replace(aborted, returned_at=NOW), report_of(exit_status), workunit=workunit).state is None
