"""A host asks dispatch itself for tasks, in ways that no pilot has: for seconds, for a GPU, with another's settings."""

from collections.abc import Collection
from typing import Any

from axiom.server.dispatch.dispatch import grant_tasks
from axiom.server.dispatch.tasks_per_host import read_allowance
from axiom.server.dispatch.work_request import WorkGrant, WorkRequest
from axiom.store.hosts import hosts
from axiom.store.tasks import tasks as task_store
from axiom.store.tasks import waiting_tasks, workunits


def hand(
    lab: Any, host: int, tasks: int = 1, *, holding: Collection[int] | None = None, dispatch: Any = None, **asked: Any
) -> WorkGrant:
    """What a host gets that asks for so many tasks; it lost nothing unless `holding` says so."""
    kept = [task.id for task in task_store.list_tasks_at_host(lab.db, host)] if holding is None else holding
    requested: dict[str, Any] = {"seconds": 0.0, "instances": tasks, "most": 64, "holding": frozenset(kept)} | asked
    with lab.db.transaction():
        asking = hosts.find_host(lab.db, host)
        assert asking is not None
        settings = dispatch or lab.dispatch
        allowance = read_allowance(lab.db, settings.volunteers, asking)
        return grant_tasks(lab.db, settings, lab.known, asking, WorkRequest(**requested), lab.now, allowance=allowance)


def split(lab: Any, workunit: int, *sizes: int) -> list[int]:
    """The workunits that the first replicates of a waiting one become."""
    with lab.db.transaction():
        waiting = waiting_tasks.list_candidate_tasks(lab.db, 1, after=0, limit=64)
        (whole,) = (task for task in waiting if task.workunit_id == workunit)
        parts, _ = workunits.split_workunit(lab.db, 1, whole, sizes, lab.now)
    return [part.workunit_id for part in parts]


def tasks_of(handed: WorkGrant) -> list[int]:
    return [task.task for task in handed.granted]
