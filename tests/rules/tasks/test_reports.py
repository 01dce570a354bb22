"""What a report does to its task."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from axiom.domain.failure_causes import Cause
from axiom.domain.work import BriefTask, Exit, Report, TaskState, WorkunitState
from axiom.rules.tasks.reports import bound_cpu_seconds, judge_report

NOW = datetime(2026, 3, 2, 14, 5, tzinfo=UTC)


def task_in(state: TaskState) -> BriefTask:
    moments = dict.fromkeys(("sent_at", "deadline", "returned_at"))
    words = dict.fromkeys(("reason", "cause", "agreement"), "")
    return BriefTask(id=5, workunit_id=1, experiment_id=1, ordinal=0, state=state, host_id=7, **moments, **words)


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


@pytest.mark.parametrize(
    ("reported", "out", "cores", "counted"),
    [(30.0, 600.0, 1, 30.0), (1e12, 600.0, 1, 660.0), (1_300.0, 600.0, 2, 1_300.0), (1e12, -5.0, 4, 240.0)],
)
def test_no_more_cpu_time_counts_than_the_cores_had(reported, out, cores, counted):
    bounded = bound_cpu_seconds(reported, out, cores)
    assert bounded.seconds == counted
    assert bool(bounded.reason) == (counted != reported)


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
