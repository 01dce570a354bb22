"""What happens to a workunit now: every row of the table, and that asking twice changes nothing."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axiom.domain.work import Agreement, BriefTask, TaskState, Workunit, WorkunitState
from axiom.rules.tasks.transition import decide_transition

NOW = datetime(2026, 3, 2, 14, 5, tzinfo=UTC)
FACTS = {"id": 1, "experiment_id": 1, "registration_id": 1, "replicates": (0,), "configs": (0, 1), "created_at": NOW}
WORKUNIT = Workunit(state=WorkunitState.OPEN, quorum=1, max_failures=3, **FACTS)
UNTOLD = {"workunit_id": 1, "experiment_id": 1, "reason": "", "cause": ""} | dict.fromkeys(
    ("host_id", "sent_at", "returned_at")
)
LATE = "late"  # sent, and its deadline has passed
ODD = "odd"  # valid, and it differs from other copies


def tasks_in(*states: TaskState | str) -> list[BriefTask]:
    return [
        BriefTask(
            **UNTOLD,
            id=10 + ordinal,
            ordinal=ordinal,
            state={LATE: TaskState.SENT, ODD: TaskState.VALID}.get(state) or TaskState(state),
            agreement=Agreement.DIFFERS if state == ODD else "",
            deadline=None if state == "unsent" else NOW + timedelta(hours=-1 if state == LATE else 1),
        )
        for ordinal, state in enumerate(states)
    ]


@pytest.mark.parametrize(
    ("tasks", "state", "expire", "abort", "create"),
    [
        ([], "open", (), (), 1),
        (["unsent"], "open", (), (), 0),
        ([LATE], "open", (10,), (), 1),
        (["aborted"], "open", (), (), 1),
        (["expired", "failed"], "open", (), (), 1),
        (["expired", "failed", "invalid"], "failed", (), (), 0),
        (["expired", "failed", LATE], "failed", (12,), (), 0),
        (["aborted"] * 11, "open", (), (), 1),
        (["aborted"] * 12, "failed", (), (), 0),
        (["aborted"] * 10 + ["failed", LATE], "failed", (21,), (), 0),
        ([*(["aborted"] * 12), "valid"], "done", (), (), 0),
        (["valid", "unsent"], "done", (), (11,), 0),
        (["valid", "sent"], "done", (), (), 0),
        (["returned", "unsent"], "open", (), (11,), 0),  # a late report came back while a new copy waited
    ],
)
def test_a_workunit_moves_as_its_tasks_say(tasks, state, expire, abort, create):
    decided = decide_transition(WORKUNIT, tasks_in(*tasks), NOW)
    assert decided.state == state
    assert decided.expire == expire
    assert decided.abort == abort
    assert decided.create == create
    assert decided.reason


@pytest.mark.parametrize(
    ("quorum", "tasks", "state", "abort", "create"),
    [
        (3, [], "open", (), 3),
        (2, ["valid", "unsent", "returned", "unsent"], "open", (11, 13), 0),
        (2, [ODD, ODD], "open", (), 1),  # either may be right, so one more decides
        (2, [ODD, "valid", "valid"], "done", (), 0),
        (2, [ODD, ODD, ODD, ODD], "failed", (), 0),  # three in vain
        (3, ["valid", "valid", ODD], "open", (), 1),
        (3, ["valid", "valid", ODD, ODD, ODD], "failed", (), 0),
        (1, [ODD], "done", (), 0),  # checked elsewhere: it counts all the same
    ],
)
def test_a_quorum_of_several_wants_as_many_copies(quorum, tasks, state, abort, create):
    decided = decide_transition(replace(WORKUNIT, quorum=quorum), tasks_in(*tasks), NOW)
    assert (decided.state, decided.abort, decided.create) == (state, abort, create)


@pytest.mark.parametrize("tasks", [[], ["unsent", "sent", "returned"], [LATE], ["valid"], ["failed"] * 3])
def test_what_is_withdrawn_is_cancelled_and_nothing_is_created_for_it(tasks):
    withdrawn = replace(WORKUNIT, abort_requested=True, reason="not wanted any more")
    decided = decide_transition(withdrawn, tasks_in(*tasks), NOW)
    assert (decided.state, decided.create) == (WorkunitState.CANCELLED, 0)
    assert decided.abort == tuple(task.id for task in tasks_in(*tasks) if task.state is TaskState.UNSENT)
    assert decided.expire == ((10,) if tasks == [LATE] else ())
    assert decided.reason == "not wanted any more"


@pytest.mark.parametrize("state", [WorkunitState.DONE, WorkunitState.FAILED, WorkunitState.CANCELLED])
def test_a_closed_workunit_stays_closed(state):
    decided = decide_transition(replace(WORKUNIT, state=state), tasks_in("unsent", LATE, "sent", "valid"), NOW)
    assert (decided.state, decided.expire, decided.abort, decided.create) == (state, (11,), (10,), 0)


def test_a_deadline_is_kept_until_it_has_passed():
    (task,) = tasks_in("sent")
    assert decide_transition(WORKUNIT, [task], task.deadline).expire == ()
    assert decide_transition(WORKUNIT, [task], task.deadline + timedelta(microseconds=1)).expire == (task.id,)


WORKUNITS = st.builds(
    replace,
    st.just(WORKUNIT),
    state=st.sampled_from(WorkunitState),
    quorum=st.integers(1, 3),
    max_failures=st.integers(1, 4),
    abort_requested=st.booleans(),
)
TASKS = st.lists(st.sampled_from([*TaskState, LATE, ODD]), max_size=7).map(lambda states: tasks_in(*states))


def applied(workunit: Workunit, tasks: list[BriefTask]) -> tuple[Workunit, list[BriefTask]]:
    decided = decide_transition(workunit, tasks, NOW)
    moved = {**dict.fromkeys(decided.expire, TaskState.EXPIRED), **dict.fromkeys(decided.abort, TaskState.ABORTED)}
    kept = [replace(task, state=moved.get(task.id, task.state)) for task in tasks]
    made = [
        replace(task, id=task.id + len(tasks), ordinal=task.ordinal + len(tasks))
        for task in tasks_in(*["unsent"] * decided.create)
    ]
    return replace(workunit, state=decided.state), kept + made


@given(workunit=WORKUNITS, tasks=TASKS)
def test_applying_the_answer_and_asking_again_changes_nothing(workunit, tasks):
    after = applied(workunit, tasks)
    assert applied(*after) == after


@given(workunit=WORKUNITS, tasks=TASKS)
def test_no_more_copies_wait_than_are_wanted_and_none_for_what_is_closed(workunit, tasks):
    workunit, tasks = applied(workunit, tasks)
    states = [task.state for task in tasks]
    if workunit.state is not WorkunitState.OPEN:
        assert TaskState.UNSENT not in states
        return
    differing = sum(task.state is TaskState.VALID and task.agreement == Agreement.DIFFERS for task in tasks)
    alike = states.count(TaskState.VALID) - differing or min(1, differing)
    promising = sum(state.is_alive for state in states) + alike
    assert promising >= workunit.quorum
    assert promising == workunit.quorum or TaskState.UNSENT not in states
    assert any(state.is_alive for state in states)
