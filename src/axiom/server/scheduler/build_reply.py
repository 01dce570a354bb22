"""Builds the reply to a request of which all else is done: keeps its preferences, and tells its owner the news."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from axiom.boinc.replies import Message, Reply
from axiom.boinc.requests import SchedulerRequest
from axiom.locale.languages import gettext, mark
from axiom.rules.tasks.assignment import NO_FAULT
from axiom.rules.tasks.backoff import ContactSituation, choose_contact_delay
from axiom.server.dispatch.cache import DispatchCache
from axiom.server.dispatch.work_request import GrantedTask, WorkGrant
from axiom.server.scheduler import reply
from axiom.server.scheduler.bundle_archives import BundleArchives
from axiom.server.scheduler.identify import Identity, keep_preferences, tell_notices
from axiom.server.scheduler.programs import HostPrograms
from axiom.server.scheduler.tasks_on_client import UnwantedTasks, list_unused_files
from axiom.store.engine.database import Database


@dataclass(frozen=True, kw_only=True, slots=True)
class HandledRequest:
    """A request and what was decided of it."""

    request: SchedulerRequest
    identity: Identity
    programs: HostPrograms
    grant: WorkGrant
    unwanted: UnwantedTasks
    now: datetime


@dataclass(frozen=True, kw_only=True)
class ReplyBuilder:
    project: reply.Project
    cache: DispatchCache
    archives: BundleArchives

    def build_reply(self, db: Database, handled: HandledRequest) -> Reply:
        request, grant = handled.request, handled.grant
        granted = (*grant.lost, *grant.granted)
        described = self._describe_tasks(db, handled, granted)
        return Reply(
            **self._greet(db, handled, granted),
            **described,
            acknowledged=tuple(result.name for result in request.results),
            aborts=handled.unwanted.at_once,
            aborts_if_not_started=handled.unwanted.if_not_started,
            trickles_received=bool(request.trickles),
            unstick=self._list_unused_files(db, request, {file.name for file in described.get("inputs", ())}),
            nothing_for=self._list_useless_gpus(db, request, handled.programs),
        )

    def _describe_tasks(self, db: Database, handled: HandledRequest, granted: Sequence[GrantedTask]) -> dict[str, Any]:
        if not granted:
            return {}
        return reply.describe_tasks(
            granted,
            host=handled.identity.host,
            programs=handled.programs,
            archives={task.bundle: self.archives.store_archives(db, task, handled.now) for task in granted},
            links=self.project.links,
        )

    def _greet(self, db: Database, handled: HandledRequest, granted: Sequence[GrantedTask]) -> dict[str, Any]:
        """Who is spoken to and by whom, what its owner must hear, and when it calls again."""
        request, identity, project, now = handled.request, handled.identity, self.project, handled.now
        cross_id, is_newer_here = keep_preferences(db, identity.caller, request, now)
        code_key, signature = project.code.key_for(request.code_sign_key)
        why = "" if granted else _explain_no_work(request, handled.grant.reason)
        pause = choose_contact_delay(
            _judge_situation(request, why),
            spread=reply.spread(identity.host.id, now),
            busy_for=reply.busy_seconds(identity.host, granted),
        )
        reasons = (why, _explain_no_gpu_work(request, handled.programs))
        return {
            "project_name": project.name,
            "master_url": project.links.master,
            "request_delay": pause.least,
            "next_rpc_delay": pause.most,
            "messages": (
                *tell_notices(db, identity, now),
                *(Message(text=text) for text in reasons if text),
            ),
            "account": reply.account(identity.caller, cross_id, now),
            "host": reply.host_facts(identity, now),
            "global_preferences": identity.caller.preferred.everywhere if is_newer_here else "",
            "project_preferences": reply.project_preferences(identity.caller.preferred.project),
            "code_sign_key": code_key,
            "code_sign_key_signature": signature,
            "project_files": reply.project_files(project.links) if identity.is_new else (),
            "links": reply.site_links(project.links.master, identity.caller.volunteer.id, identity.host.id),
            "news": project.links.news,
        }

    def _list_unused_files(self, db: Database, request: SchedulerRequest, names: Collection[str]) -> tuple[str, ...]:
        if not request.files:
            return ()
        self.cache.refresh(db)
        return list_unused_files(request, self.cache.files, names)

    def _list_useless_gpus(self, db: Database, request: SchedulerRequest, programs: HostPrograms) -> tuple[str, ...]:
        """GPUs for which there is no program or no work: the client stops asking for them. Its processor remains."""
        if not request.coprocessors:
            return ()
        self.cache.refresh(db)
        wanted = any(
            experiment.declared.uses_gpus and experiment.is_ready for experiment in self.cache.experiments.values()
        )
        by_gpu = programs.by_gpu if wanted else {}
        return tuple(coprocessor.kind for coprocessor in request.coprocessors if coprocessor.kind not in by_gpu)


def _judge_situation(request: SchedulerRequest, why: str) -> ContactSituation:
    if not why:
        return ContactSituation.SERVED
    return ContactSituation.COMPUTING if request.other_results else ContactSituation.EMPTY


def _explain_no_gpu_work(request: SchedulerRequest, programs: HostPrograms) -> str:
    """Said whenever its GPU asks, also beside work for its cores: the client asks no more once it knows."""
    is_asked = any(coprocessor.ask.wanted for coprocessor in request.coprocessors)
    if request.anonymous or not (is_asked and programs.ours.gpu_reason):
        return ""
    return gettext(mark("No work for the GPU of this computer: %(reason)s.")) % {"reason": programs.ours.gpu_reason}


def _explain_no_work(request: SchedulerRequest, reason: str) -> str:
    if not request.asks_for_work:
        return ""
    if not reason:
        return gettext(mark("No work for this computer now."))
    if reason in NO_FAULT:
        frame = mark("No work for this computer now: %(reason)s. Nothing is wrong with your computer.")
    else:
        frame = mark("No work for this computer now: %(reason)s.")
    return gettext(frame) % {"reason": gettext(reason)}
