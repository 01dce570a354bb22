"""What a host gets in an hour falls with each failure, never below one, and comes back with valid tasks."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from axiom.domain.failure_causes import Blame, Cause
from axiom.domain.fleet import Standing
from axiom.domain.work import TaskState
from axiom.limits import hosts as limits
from axiom.rules.hosts import outvoted_hosts, reliability

VALID = reliability.PastTask(state=TaskState.VALID, turnaround_seconds=100.0)
FAILED = reliability.PastTask(state=TaskState.FAILED)


def out_of_time(state: TaskState, hours: float) -> reliability.PastTask:
    return reliability.PastTask(state=state, cause=Cause.TIME_LIMIT, turnaround_seconds=hours * 3_600)


UNUSABLE = reliability.PastTask(state=TaskState.FAILED, cause=Cause.GPU_UNUSABLE)


@pytest.mark.parametrize(
    ("ended", "hours", "rests"),
    [
        ([UNUSABLE], 1, True),
        ([UNUSABLE, VALID], 1, True),
        ([VALID, UNUSABLE], 1, False),
        ([FAILED], 1, False),
        ([FAILED, FAILED], 1, True),
        ([FAILED, FAILED], 24, False),
    ],
)
def test_a_gpu_on_which_nothing_works_is_left_alone_for_a_day(ended, hours, rests):
    assert bool(reliability.why_gpu_rests(ended, timedelta(hours=hours))) is rests


def stands(*ended: reliability.PastTask, since: Standing | None = None) -> Standing:
    standing = since or Standing()
    for one in ended:
        decided = reliability.update_reliability(standing, one)
        assert decided.reason
        standing = decided.standing
    return standing


@pytest.mark.parametrize(
    ("ended", "quota", "in_row"),
    [
        (reliability.PastTask(state=TaskState.VALID), None, 4),
        (reliability.PastTask(state=TaskState.INVALID), 16, 0),
        (reliability.PastTask(state=TaskState.EXPIRED), None, 0),
        (reliability.PastTask(state=TaskState.FAILED), 16, 0),
        (reliability.PastTask(state=TaskState.FAILED, cause=Cause.NO_ROOM), 16, 0),
        (reliability.PastTask(state=TaskState.FAILED, cause=Cause.CELL_FAILED), None, 3),
        (reliability.PastTask(state=TaskState.ABORTED, cause=Cause.ABORTED_BY_VOLUNTEER), 16, 3),
        (reliability.PastTask(state=TaskState.ABORTED, cause=Cause.ABORTED_BY_LABORATORY), None, 3),
        (reliability.PastTask(state=TaskState.ABORTED), None, 3),
        (out_of_time(TaskState.ABORTED, hours=24), None, 3),
        (out_of_time(TaskState.FAILED, hours=24), None, 3),
        (out_of_time(TaskState.ABORTED, hours=0.01), 16, 0),  # BOINC was told to wait for many hours
    ],
)
def test_only_what_is_the_host_s_doing_is_held_against_it(ended, quota, in_row):
    standing = reliability.update_reliability(Standing(valid_in_row=3), ended).standing
    assert (standing.quota, standing.valid_in_row) == (quota, in_row)


def test_a_failure_counts_by_whose_doing_it_is():
    for cause in set(Cause) - {Cause.TIME_LIMIT, Cause.NOT_STARTED_IN_TIME}:
        standing = reliability.update_reliability(
            Standing(), reliability.PastTask(state=TaskState.FAILED, cause=cause)
        ).standing
        assert (standing.quota is not None) == (cause.blame in {Blame.HOST, Blame.UNCLEAR})


def test_failures_halve_the_quota_and_valid_tasks_double_it_up_to_the_most():
    assert [stands(*[FAILED] * amount).quota for amount in range(1, 9)] == [16, 8, 4, 2, 1, 1, 1, 1]
    fallen = stands(*[FAILED] * 9)
    assert [stands(*[VALID] * amount, since=fallen).quota for amount in range(1, 6)] == [2, 4, 8, 16, None]


def test_the_turnaround_is_an_average_in_which_silence_counts():
    assert stands(VALID).turnaround_seconds == 100.0
    late = reliability.PastTask(state=TaskState.EXPIRED, turnaround_seconds=1_100.0)
    assert stands(VALID, late).turnaround_seconds == pytest.approx(300.0)
    assert stands(VALID, FAILED).turnaround_seconds == 100.0
    assert stands(reliability.PastTask(state=TaskState.VALID, turnaround_seconds=-3.0)).turnaround_seconds == 0.0
    standing = Standing(valid_in_row=9, quota=7, quota_day=3, sent_that_day=2, turnaround_seconds=5.0)
    assert outvoted_hosts.standing_after_doubt(standing) == Standing(
        quota=7, quota_day=3, sent_that_day=2, turnaround_seconds=5.0
    )


ENDINGS = st.builds(
    reliability.PastTask,
    state=st.sampled_from([state for state in TaskState if not state.is_alive]),
    cause=st.sampled_from(["", *Cause]),
    turnaround_seconds=st.none() | st.floats(-10, 1e7),
)


@settings(max_examples=40)
@given(st.lists(ENDINGS, max_size=30))
def test_whatever_happens_a_host_keeps_a_task_an_hour_and_recovers(endings):
    standing = stands(*endings)
    assert standing.quota is None or 1 <= standing.quota < limits.TASKS_AN_HOUR_AND_CORE
    assert standing.valid_in_row >= 0
    recovered = stands(*[VALID] * 7, since=standing)
    assert recovered.quota is None
    assert recovered.valid_in_row >= 7
