"""What is done for a request, step by step: in the writer's thread, in one transaction."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from axiom.boinc.replies import Reply
from axiom.boinc.requests import SchedulerRequest
from axiom.domain.runners import OfferedRunner
from axiom.locale.languages import speak_language
from axiom.server.scheduler.build_reply import HandledRequest, ReplyBuilder
from axiom.server.scheduler.grant_work import WorkGranter
from axiom.server.scheduler.identify import RefusedHost, identify_host
from axiom.server.scheduler.programs import find_programs
from axiom.server.scheduler.record_reports import ReportRecorder
from axiom.server.scheduler.refusals import Refusals
from axiom.server.scheduler.tasks_on_client import find_unwanted_tasks, read_tasks_on_client
from axiom.store.engine.database import Database


@dataclass(frozen=True, kw_only=True)
class RequestHandler:
    refusals: Refusals
    reports: ReportRecorder
    runners: Mapping[str, OfferedRunner]
    work: WorkGranter
    replies: ReplyBuilder
    now: Callable[[], datetime]

    def handle_request(self, db: Database, request: SchedulerRequest) -> Reply:
        """The reply; without one, what it put into the store goes before the group's next reply counts on it."""
        try:
            with speak_language(request.language):
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
        identity = self.reports.record_reports(db, request, identity, now)
        programs = find_programs(request, identity.host.platform.instructions, self.runners)
        tasks = read_tasks_on_client(request)
        grant = self.work.grant_work(db, request, identity, programs, tasks, now)
        unwanted = find_unwanted_tasks(db, identity.host.id, tasks, now)
        handled = HandledRequest(
            request=request, identity=identity, programs=programs, grant=grant, unwanted=unwanted, now=now
        )
        return self.replies.build_reply(db, handled)

    def forget_stored(self) -> None:
        self.replies.archives.clear()

    def set_bundle_aside(self, bundle: str) -> None:
        self.work.cache.set_aside(bundle, self.now())
