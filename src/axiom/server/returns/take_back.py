"""Tasks that are taken back from a host, or that it should give up: nobody is to blame, and others get a copy."""

import logging
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from axiom.domain.work import Task
from axiom.rules.tasks.unwanted_tasks import GiveUp, choose_give_up
from axiom.server.returns.outages import START
from axiom.server.returns.transitioner import transit_many
from axiom.store.engine.database import Database
from axiom.store.hosts import clusters, hosts
from axiom.store.tasks import tasks
from axiom.store.upkeep import jobs

log = logging.getLogger("axiom.pilots")
_SLICE = 100  # pilots in one turn


def take_back(db: Database, out: Sequence[Task], reason: str, now: datetime) -> int:
    """Others get a copy of these tasks. Should their host still bring what it computed, it is taken."""
    for task in out:
        tasks.take_back_task(db, task, reason, now)
    transit_many(db, [task.workunit_id for task in out], now)
    return len(out)


def give_back(db: Database, host_id: int, task_ids: Collection[int], reason: str, now: datetime) -> int:
    wanted = set(task_ids)
    out = [task for task in tasks.list_tasks_at_host(db, host_id) if task.id in wanted] if wanted else []
    return take_back(db, out, reason, now)


def split_unwanted_tasks(db: Database, host_id: int, holding: Collection[int]) -> tuple[frozenset[int], frozenset[int]]:
    stands = hosts.list_task_standings(db, sorted(set(holding)))
    by_choice: dict[GiveUp, set[int]] = {choice: set() for choice in GiveUp}
    for number in holding:
        stand = stands.get(number)
        choice = choose_give_up(
            is_ours=stand is not None and stand.host_id == host_id,
            state=stand.state if stand else None,
            workunit=stand.workunit if stand else None,
        )
        by_choice[choice].add(number)
    return frozenset(by_choice[GiveUp.AT_ONCE]), frozenset(by_choice[GiveUp.IF_NOT_STARTED])


def end_silent_leases(db: Database, lease: timedelta, now: datetime) -> int:
    """Take back what is out to pilots that were silent for a lease; how many tasks that was.

    For as long as nobody listened, nobody was silent.
    """
    listened = jobs.find_last_job_start(db, START)
    if listened is not None and now - listened < lease:
        return 0
    back = 0
    for host_id in clusters.list_silent_pilots(db, now - lease, _SLICE):
        reason = f"its pilot was silent for {lease.total_seconds():.0f} seconds"
        back += take_back(db, tasks.list_tasks_at_host(db, host_id), reason, now)
        clusters.end_pilot_lease(db, host_id)
    if back:
        log.info("leases.ended tasks=%d", back)
    return back
