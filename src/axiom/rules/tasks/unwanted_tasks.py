"""Which of the tasks that it has should a client give up? What nobody wants any more is not computed to the end."""

from enum import StrEnum

from axiom.domain.work import TaskState, WorkunitState


class GiveUp(StrEnum):
    """What a client is told about a task that it has."""

    KEEP = "keep"
    IF_NOT_STARTED = "if not started"  # what has begun may end, and is paid
    AT_ONCE = "at once"


def choose_give_up(
    *, is_ours: bool, state: TaskState | None, workunit: WorkunitState | None, is_lost: bool = False
) -> GiveUp:
    """Decide about one task of a client. `is_ours`: it was given to this very host; no state: it is not known here.

    `is_lost`: it may have been given to this host after the backup from which the laboratory came back.
    """
    if state is None or workunit is None:
        return GiveUp.KEEP if is_lost else GiveUp.AT_ONCE  # what was lost comes back by its ticket
    if state is TaskState.UNSENT and workunit is WorkunitState.OPEN:
        return GiveUp.KEEP  # that it was sent is forgotten here, and its ticket says so
    if not is_ours:
        return GiveUp.AT_ONCE
    if workunit is WorkunitState.CANCELLED or state is TaskState.ABORTED:
        return GiveUp.AT_ONCE
    if workunit is not WorkunitState.OPEN:
        return GiveUp.IF_NOT_STARTED
    # Sent, or given up on in silence: a late result of an open workunit is as good as any.
    return GiveUp.KEEP
