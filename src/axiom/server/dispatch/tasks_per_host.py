"""What bounds how many more tasks a host may have now, read for whoever hands them out and whoever plans for it."""

from dataclasses import replace
from datetime import datetime

from axiom.domain.fleet import Host
from axiom.limits import hosts as host_limits
from axiom.rules.hosts.reliability import QUOTA_LASTS
from axiom.rules.tasks.tasks_per_host import (
    Allowance,
    TaskLimit,
    count_sent_today,
    hourly_quota,
    is_unproven,
    list_task_limits,
)
from axiom.store.engine.database import Database
from axiom.store.tasks.waiting_tasks import count_sibling_tasks, count_tasks_sent_since


def read_allowance(db: Database, allowance: Allowance, host: Host) -> Allowance:
    """How much this volunteer's host may have now: what others of theirs have is only asked where it matters."""
    if not is_unproven(host):
        return allowance
    others = count_sibling_tasks(db, host.volunteer_id, host.id, most=host_limits.UNPROVEN_TOGETHER)
    return replace(allowance, out_to_siblings=others)


def read_task_limits(db: Database, host: Host, allowance: Allowance, in_hand: int, now: datetime) -> list[TaskLimit]:
    lately = count_tasks_sent_since(db, host.id, now - QUOTA_LASTS, quota=hourly_quota(host, allowance))
    sent_today = count_sent_today(host, now)
    return list_task_limits(host, allowance, in_hand=in_hand, sent_today=sent_today, sent_lately=lately)
