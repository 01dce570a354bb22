"""What is done for a request, step by step: in the writer's thread, in one transaction."""

import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from axiom.boinc.replies import Reply
from axiom.boinc.requests import SchedulerRequest
from axiom.domain.runners import OfferedRunner
from axiom.errors import StoreError
from axiom.limits import server as server_limits
from axiom.server.dispatch.cache import DispatchCache
from axiom.server.dispatch.dispatch import grant_tasks
from axiom.server.dispatch.tasks_per_host import read_allowance
from axiom.server.dispatch.work_request import DispatchSettings, WorkGrant, read_work_request
from axiom.server.returns.reporting import take_reports
from axiom.server.scheduler.contact_refusals import Refusals
from axiom.server.scheduler.host_programs import HostPrograms, find_programs
from axiom.server.scheduler.identify import Identity, RefusedHost, identify_host, reread_identity
from axiom.server.scheduler.store_and_reply import HandledRequest, ReplyBuilder
from axiom.server.scheduler.tasks_on_client import (
    TasksOnClient,
    find_unwanted_tasks,
    read_reports,
    read_tasks_on_client,
    record_progress,
)
from axiom.signed.trust import Trust
from axiom.store.engine.database import Database
from axiom.store.engine.folder import Folder

log = logging.getLogger("axiom.rpc")


class ReportRate:
    """The reports of so many contacts a second are judged at once; those of others wait for the validator."""

    def __init__(self) -> None:
        self._second = 0
        self._times = 0

    def may_judge(self, now: datetime) -> bool:
        second = int(now.timestamp())
        self._times = self._times + 1 if second == self._second else 1
        self._second = second
        return self._times <= server_limits.REPORTING_CONTACTS_A_SECOND


@dataclass(frozen=True, kw_only=True)
class RequestHandler:
    folder: Folder
    trust: Trust
    dispatch: DispatchSettings
    cache: DispatchCache
    runners: Mapping[str, OfferedRunner]
    refusals: Refusals
    replies: ReplyBuilder
    now: Callable[[], datetime]
    judge_and_pay: Callable[[Database, datetime], None]
    forget_uploads: Callable[[Collection[int]], None]  # of tasks that are sent again to clients that do not have them
    rate: ReportRate = field(default_factory=ReportRate)

    def handle_request(self, db: Database, request: SchedulerRequest) -> Reply:
        """The reply; without one, what it put into the store goes before the group's next reply counts on it."""
        try:
            return self._handle(db, request)
        except BaseException:
            self.forget_stored()
            raise

    def _handle(self, db: Database, request: SchedulerRequest) -> Reply:
        now = self.now()
        identity = identify_host(db, request, now)
        if identity is None:
            return self.refusals.refuse_stranger()
        if isinstance(identity, RefusedHost):
            return self.refusals.refuse_new_host(identity.reason)
        identity = self._record_reports(db, request, identity, now)
        tasks = read_tasks_on_client(request)
        programs = find_programs(request, identity.host.platform.instructions, self.runners)
        grant = self._grant_work(db, request, identity, programs, tasks, now)
        unwanted = find_unwanted_tasks(db, identity.host.id, tasks, now)
        handled = HandledRequest(
            request=request, identity=identity, programs=programs, grant=grant, unwanted=unwanted, now=now
        )
        return self.replies.store_and_reply(db, handled)

    def _record_reports(self, db: Database, request: SchedulerRequest, identity: Identity, now: datetime) -> Identity:
        """The host as its reports have left it: where few report, they are judged and paid at once."""
        host_id = identity.host.id
        reports = read_reports(db, host_id, request.results, now)
        taken = take_reports(db, self.folder, reports, now, trust=self.trust)
        if request.trickles:
            record_progress(db, host_id, request.trickles, now)
        is_paid = bool(reports) and self.rate.may_judge(now) and self._judge_at_once(db, now)
        if is_paid or not all(answer.left_standing for answer in taken):
            return reread_identity(db, identity, is_paid=is_paid)
        return identity

    def _judge_at_once(self, db: Database, now: datetime) -> bool:
        """Judge and pay, so that this very reply can show the credit. A fault there is none of the reports'."""
        try:
            with db.savepoint():
                self.judge_and_pay(db, now)
        except StoreError:
            raise  # it may have taken the whole transaction with it
        except Exception:
            log.exception("rpc.unsettled what was reported is left to the jobs")
            return False
        return True

    def _grant_work(
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
        requested = read_work_request(
            request,
            programs=frozenset(programs.by_gpu),
            preferences=identity.caller.preferred.project.at(identity.venue),
            holding=None if tasks is None else frozenset(number for number in tasks.values() if number is not None),
        )
        allowance = read_allowance(db, self.dispatch.volunteers, identity.host)
        grant = grant_tasks(db, self.dispatch, self.cache, identity.host, requested, now, allowance=allowance)
        if grant.lost:
            self.forget_uploads({task.task for task in grant.lost})
        return grant

    def forget_stored(self) -> None:
        self.replies.archives.clear()

    def set_bundle_aside(self, bundle: str) -> None:
        self.cache.set_aside(bundle, self.now())
