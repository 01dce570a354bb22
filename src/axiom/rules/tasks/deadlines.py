"""How long does a host have for a task, and when is a task late?"""

from datetime import datetime, timedelta

from axiom.domain.value import value_class
from axiom.domain.work import BriefTask, TaskState


@value_class
class TaskTerm:
    deadline: datetime  # by then a host should have reported it, else another may have it
    expires: datetime  # until then a runner obeys its order: what comes late is still taken


def decide_task_term(now: datetime, *, allowed: timedelta, grace: timedelta) -> TaskTerm:
    """Every host has as long, whatever the task: one that would take longer is not given to it."""
    deadline = now + allowed
    return TaskTerm(deadline=deadline, expires=deadline + grace)


def is_task_late(task: BriefTask, now: datetime) -> bool:
    return task.state is TaskState.SENT and task.deadline is not None and task.deadline < now
