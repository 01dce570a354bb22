"""Which tasks a client is told to give up."""

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
        (True, TaskState.SENT, CANCELLED, GiveUp.AT_ONCE),
        (True, TaskState.ABORTED, OPEN, GiveUp.AT_ONCE),
        (True, TaskState.SENT, DONE, GiveUp.IF_NOT_STARTED),
        (True, TaskState.SENT, FAILED, GiveUp.IF_NOT_STARTED),
        (False, TaskState.UNSENT, OPEN, GiveUp.KEEP),  # it was sent in a time that is forgotten here
        (False, TaskState.UNSENT, DONE, GiveUp.AT_ONCE),
    ],
)
# what is not known here is kept only where it may have been forgotten
def test_what_is_told_about_a_task(is_ours, state, workunit, told):
    assert give_up(is_ours=is_ours, state=state, workunit=workunit) is told
    assert give_up(is_ours=False, state=None, workunit=None, is_lost=True) is GiveUp.KEEP
