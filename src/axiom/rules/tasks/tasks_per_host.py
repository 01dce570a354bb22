"""How many more tasks may a host have now, by its standing and the laboratory's rules, and what says so?

Whoever hands out tasks and whoever plans for the host ask the same.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from axiom.domain.fleet import Host
from axiom.limits import hosts as host_limits
from axiom_weigh.amounts import tell_amount

_DAY_SECONDS = 86_400


@dataclass(frozen=True, kw_only=True, slots=True)
class Allowance:
    deadline: timedelta | None  # by which a task must be done; None where it does not matter
    tasks_per_core: int  # in hand
    daily_per_core: int | None  # None is any number
    heeds_standing: bool = True  # a host that brings errors gets fewer tasks an hour
    lent_seconds: float | None = None  # that a task of a cluster's pilot should take; None for other hosts
    out_to_siblings: int = 0  # tasks in hand of other hosts of its volunteer that have nothing to show either


OWN_HOSTS = Allowance(deadline=None, tasks_per_core=1, daily_per_core=None, heeds_standing=False)


class TaskLimit(NamedTuple):
    left: int  # so many more tasks; may be below 0
    reason: str  # why no more, once these were given


def list_task_limits(
    host: Host, allowance: Allowance, *, in_hand: int, sent_today: int, sent_lately: int
) -> list[TaskLimit]:
    """All that bounds how many more it may have; of several that are reached the first is told."""
    most, shared = most_in_hand(host, allowance), _share_of_unproven(host, allowance)
    is_full = most == allowance.tasks_per_core * host.capacity.cores
    more = "" if is_full else "; it may have more after its next valid one"
    limits = [
        TaskLimit(
            most - in_hand,
            f"your computer has {tell_amount(max(in_hand, most), 'task')} of the {most} that it may have{more}",
        )
    ]
    if shared is not None:
        limits.append(
            TaskLimit(
                shared - in_hand,
                f"your computers that have no valid task to show share {host_limits.UNPROVEN_TOGETHER} tasks, and "
                "beyond these each has one; this one gets more as soon as one of its own is valid",
            )
        )
    if (hourly := hourly_quota(host, allowance)) is not None:
        limits.append(
            TaskLimit(
                hourly - sent_lately,
                f"your computer may have {tell_amount(hourly, 'task')} an hour since some of its tasks failed, and had "
                "them; each valid one doubles that, and an hour after these it may have more",
            )
        )
    if allowance.daily_per_core is not None:
        daily = allowance.daily_per_core * believed_cores(host)
        limits.append(
            TaskLimit(
                daily - sent_today,
                f"the laboratory gives your computer {tell_amount(daily, 'task')} a day, and it had them; "
                "the next day begins at midnight UTC",
            )
        )
    return limits


def quota_day_of(now: datetime) -> int:
    """The day on which tasks are counted: days since 1970 in UTC."""
    return int(now.timestamp()) // _DAY_SECONDS


def count_sent_today(host: Host, now: datetime) -> int:
    return host.standing.sent_that_day if host.standing.quota_day == quota_day_of(now) else 0


def hourly_quota(host: Host, allowance: Allowance) -> int | None:
    """How many tasks the host may have within an hour by its standing; None is any number."""
    if host.standing.quota is None or not allowance.heeds_standing:
        return None
    return host.standing.quota * believed_cores(host)


def most_in_hand(host: Host, allowance: Allowance) -> int:
    """How many tasks a host may have at once: few, until its latest has been proven valid."""
    limit = min(host_limits.IN_HAND, allowance.tasks_per_core * host.capacity.cores)
    if not is_unproven(host) or not allowance.heeds_standing:
        return limit
    return min(limit, host_limits.UNPROVEN_PER_CORE * believed_cores(host))


def is_unproven(host: Host) -> bool:
    """Has it nothing to show: no task yet, or none since the last that was not valid?"""
    return not host.standing.valid_in_row


def believed_cores(host: Host) -> int:
    """How many cores of a host count: all that it says only once it has something to show."""
    return min(host.capacity.cores, host_limits.BELIEVED_CORES) if is_unproven(host) else host.capacity.cores


def _share_of_unproven(host: Host, allowance: Allowance) -> int | None:
    """How many it may have of what all unproven hosts of its volunteer may have together; None where that is no limit.

    Each takes half of what is left at most, so that several new computers begin at once. One has each, however many
    there are: a room full of them should soon have something to show.
    """
    if not is_unproven(host) or not allowance.heeds_standing:
        return None
    return max(1, (host_limits.UNPROVEN_TOGETHER - allowance.out_to_siblings + 1) // 2)
