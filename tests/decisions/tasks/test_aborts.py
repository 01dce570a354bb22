"""Which tasks a client is told to give up."""

import itertools

import pytest

from axiom.decisions.tasks.aborts import GiveUp, give_up
from axiom.domain.work import TaskState, WorkunitState

OPEN, DONE, FAILED, CANCELLED = WorkunitState.OPEN, WorkunitState.DONE, WorkunitState.FAILED, WorkunitState.CANCELLED


@pytest.mark.parametrize(
    ("is_ours", "state", "workunit", "told"),
    [
        (False, None, None, GiveUp.AT_ONCE),  # never made here
        (False, TaskState.SENT, OPEN, GiveUp.AT_ONCE),  # another host's
        (True, TaskState.SENT, OPEN, GiveUp.KEEP),
        (True, TaskState.EXPIRED, OPEN, GiveUp.KEEP),  # a late result is as good as any
        (True, TaskState.SENT, CANCELLED, GiveUp.AT_ONCE),
        (True, TaskState.ABORTED, OPEN, GiveUp.AT_ONCE),
        (True, TaskState.SENT, DONE, GiveUp.IF_NOT_STARTED),
        (True, TaskState.EXPIRED, DONE, GiveUp.IF_NOT_STARTED),
        (True, TaskState.SENT, FAILED, GiveUp.IF_NOT_STARTED),
        (False, TaskState.UNSENT, OPEN, GiveUp.KEEP),  # it was sent in a time that is forgotten here
        (False, TaskState.UNSENT, DONE, GiveUp.AT_ONCE),
    ],
)
def test_what_is_told_about_a_task(is_ours, state, workunit, told):
    assert give_up(is_ours=is_ours, state=state, workunit=workunit) is told


def test_what_is_sent_and_wanted_is_never_taken_back():
    for state, workunit in itertools.product(TaskState, WorkunitState):
        wanted = state is TaskState.SENT and workunit is OPEN
        assert not wanted or give_up(is_ours=True, state=state, workunit=workunit) is GiveUp.KEEP


@pytest.mark.parametrize(("is_lost", "told"), [(True, GiveUp.KEEP), (False, GiveUp.AT_ONCE)])
def test_what_is_not_known_here_is_kept_only_where_it_may_have_been_forgotten(is_lost, told):
    assert give_up(is_ours=False, state=None, workunit=None, is_lost=is_lost) is told
