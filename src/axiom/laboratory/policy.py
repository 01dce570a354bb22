"""What a session takes from the settings, and by what it counts hosts."""

from dataclasses import dataclass

from axiom.limits import planning as limits
from axiom.settings import Settings


@dataclass(frozen=True, kw_only=True)
class Policy:
    """How much is kept waiting, how large a task is, when a workunit is given up, and what an operator wishes."""

    per_core: int
    task_seconds: float
    max_failures: int
    tasks_per_core: int = 16  # that a volunteer's host may have in hand
    daily_per_core: int | None = None  # tasks a day; None is any number
    deadline_seconds: float | None = None  # by which a volunteer's host has to be done
    mix: str = ""  # shares, as an operator types them
    priority: str = ""
    floor: float = limits.WORTH_FLOOR  # bits a core-hour
    followup_core_hours: float = 0.0  # that the autopilot may have open; 0: it approves none
    approvals: str = ""  # what somebody must approve before volunteers get it: nothing, or `code`
    is_stamped: bool = False  # does an authority stamp each registration before its first task?


def policy_from_settings(settings: Settings) -> Policy:
    return Policy(
        per_core=settings.queue_per_core,
        task_seconds=settings.task_seconds,
        max_failures=settings.max_failures,
        tasks_per_core=settings.tasks_per_core,
        daily_per_core=settings.daily_per_core,
        deadline_seconds=settings.deadline_hours * 3_600.0,
        mix=settings.plan_mix,
        priority=settings.plan_priority,
        floor=settings.plan_floor or limits.WORTH_FLOOR,
        followup_core_hours=settings.followup_core_hours,
        approvals=settings.approvals,
        is_stamped=bool(settings.stamp_authority),
    )
