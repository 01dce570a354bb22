"""Grants work to the host of a client that asks for it and has a program for it."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

from axiom.boinc.requests import SchedulerRequest
from axiom.server.dispatch.cache import DispatchCache
from axiom.server.dispatch.dispatch import grant_tasks
from axiom.server.dispatch.work_request import DispatchSettings, WorkGrant, read_allowance, read_work_request
from axiom.server.scheduler.identify import Identity
from axiom.server.scheduler.programs import HostPrograms
from axiom.server.scheduler.tasks_on_client import TasksOnClient
from axiom.store.engine.database import Database


@dataclass(frozen=True, kw_only=True)
class WorkGranter:
    dispatch: DispatchSettings
    cache: DispatchCache
    forget_uploads: Callable[[Collection[int]], None]  # of tasks that are sent again to clients that do not have them

    def grant_work(
        self,
        db: Database,
        request: SchedulerRequest,
        identity: Identity,
        programs: HostPrograms,
        tasks: TasksOnClient,
        now: datetime,
    ) -> WorkGrant:
        if not request.asks_for_work:
            return WorkGrant(granted=(), lost=(), reason="")
        if not programs.by_gpu:
            return WorkGrant(granted=(), lost=(), reason=programs.ours.reason)
        wish = read_work_request(
            request,
            programs=frozenset(programs.by_gpu),
            preferences=identity.caller.preferred.project.at(identity.venue),
            holding=None if tasks is None else frozenset(number for number in tasks.values() if number is not None),
        )
        allowance = read_allowance(db, self.dispatch, identity.host)
        grant = grant_tasks(db, self.dispatch, self.cache, identity.host, wish, now, allowance=allowance)
        if grant.lost:
            self.forget_uploads({task.task for task in grant.lost})
        return grant
