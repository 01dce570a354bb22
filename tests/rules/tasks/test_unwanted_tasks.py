"""Which tasks a client is told to give up."""

import pytest

from axiom.domain.work import TaskState, WorkunitState
from axiom.rules.tasks.unwanted_tasks import GiveUp, choose_give_up

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
