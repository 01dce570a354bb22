"""Builds the reply to a request of which all else is done: keeps its preferences, and tells its owner the news.

What a host without a program is told is written down here; why there is no task for a program, where tasks are granted.
"""

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from axiom.boinc.account_keys import email_hash, is_weak
from axiom.boinc.replies import Message, Priority, Reply
from axiom.boinc.requests import SchedulerRequest, valid_preferences
from axiom.errors import NotFound, StoreDamaged
from axiom.limits import tasks as limits
from axiom.locale.languages import gettext, mark
from axiom.rules.accounts.new_hosts import are_own_preferences
from axiom.rules.tasks.assignment import NO_FAULT
from axiom.rules.tasks.backoff import ContactSituation, choose_contact_delay
from axiom.server.dispatch.cache import DamagedBundle, DispatchCache
from axiom.server.dispatch.work_request import GrantedTask, WorkGrant
from axiom.server.scheduler import reply_elements
from axiom.server.scheduler.host_programs import NONE_BROUGHT, HostPrograms
from axiom.server.scheduler.identify import Identity
from axiom.server.scheduler.reply_elements import Archive, archives_of
from axiom.server.scheduler.tasks_on_client import UnwantedTasks, list_unused_files
from axiom.store.accounts import accounts
from axiom.store.engine import blobs
from axiom.store.engine.database import Database
from axiom.store.engine.folder import Folder
from axiom.store.hosts import hosts, notices
from axiom.store.hosts.hosts import AccountHolder

log = logging.getLogger("axiom.rpc")


@dataclass(frozen=True, kw_only=True)
class BundleArchives:
    """Remembers those that are in the store; whoever undoes what put them there clears it."""

    folder: Folder
    _stored: dict[tuple[str, str], tuple[Archive, Archive]] = field(default_factory=dict)

    def store_archives(self, db: Database, task: GrantedTask, now: datetime) -> tuple[Archive, Archive]:
        """The task's bundle and its seal; both are in the store from here on."""
        key = (task.bundle, task.seal)
        if key not in self._stored:
            blobs.store_blob(db, self.folder, task.seal.encode(), now)
            try:
                body = blobs.read_blob(db, self.folder, task.bundle)
            except (NotFound, StoreDamaged) as error:
                log.error("bundle.unfit %s", error)
                raise DamagedBundle(task.bundle) from error
            self._stored[key] = archives_of(task.bundle, body, task.seal)
        return self._stored[key]

    def clear(self) -> None:
        self._stored.clear()


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
    project: reply_elements.Project
    cache: DispatchCache
    archives: BundleArchives

    def store_and_reply(self, db: Database, handled: HandledRequest) -> Reply:
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
        return reply_elements.describe_tasks(
            granted,
            host=handled.identity.host,
            programs=handled.programs,
            archives={task.bundle: self.archives.store_archives(db, task, handled.now) for task in granted},
            links=self.project.links,
        )

    def _greet(self, db: Database, handled: HandledRequest, granted: Sequence[GrantedTask]) -> dict[str, Any]:
        """Who is spoken to and by whom, what its owner must hear, and when it calls again."""
        request, identity, project, now = handled.request, handled.identity, self.project, handled.now
        cross_id, is_newer_here = _keep_preferences(db, identity.caller, request, now)
        code_key, signature = project.code.key_for(request.code_sign_key)
        why = "" if granted else _explain_no_work(request, handled.grant.reason)
        if why and not handled.programs.by_gpu:
            hosts.record_no_work_reason(db, identity.host.id, handled.grant.reason)
        pause = choose_contact_delay(
            _judge_situation(request, why),
            spread=reply_elements.spread_contact(identity.host.id, now),
            busy_for=reply_elements.busy_seconds(identity.host, granted),
        )
        # Who wrote that file must read of it, and nobody reads a client's log unasked.
        priority = Priority.NOTICE if handled.grant.reason == NONE_BROUGHT else Priority.LOW
        reasons = ((why, priority), (_explain_no_gpu_work(request, handled.programs), Priority.LOW))
        return {
            "project_name": project.name,
            "master_url": project.links.master,
            "request_delay": pause.least,
            "next_rpc_delay": pause.most,
            "messages": (
                *_tell_notices(db, identity, now),
                *(Message(text=text, priority=priority) for text, priority in reasons if text),
            ),
            "account": reply_elements.make_reply_account(identity.caller, cross_id, now),
            "host": reply_elements.host_facts(identity, now),
            "global_preferences": identity.caller.preferred.everywhere if is_newer_here else "",
            "project_preferences": reply_elements.project_preferences(identity.caller.preferred.project),
            "code_sign_key": code_key,
            "code_sign_key_signature": signature,
            "project_files": reply_elements.project_files(project.links) if identity.is_new else (),
            "links": reply_elements.site_links(project.links.master, identity.caller.volunteer.id, identity.host.id),
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


def _keep_preferences(
    db: Database, caller: AccountHolder, request: SchedulerRequest, now: datetime
) -> tuple[str, bool]:
    """Keep what the client brings: newer preferences, and the cross-project id that its projects have agreed on.

    Newer ones of another account stay on that computer: they are none of this volunteer's other computers' business.
    So do those that come with a weak key, which computes and does nothing else: others know it than the volunteer.
    Returns the id, which the client must hear again or it would go back to the one before; and whether the preferences
    here are the newer ones.
    """
    cross_id, known_at = caller.account.cross_id, caller.preferred.modified_at
    is_theirs = not is_weak(request.authenticator)
    if is_theirs and len(request.cross_project_id) == 32 and request.cross_project_id != cross_id:
        cross_id = request.cross_project_id
        accounts.set_cross_id(db, caller.volunteer.id, cross_id)
    brought_at = request.preferences_modified_at
    is_own = is_theirs and are_own_preferences(request.preferences_source, email_hash(caller.account.address))
    if is_own and brought_at > known_at:  # nearly never, and only then is it worth seeing whether they are sound
        preferences = valid_preferences(request.global_preferences)
        is_dated = brought_at <= now.timestamp() + limits.CLOCK_AHEAD_SECONDS  # else no later change would count
        if preferences and is_dated:
            accounts.keep_preferences(db, caller.volunteer.id, preferences, int(brought_at))
        brought_at = brought_at if preferences else 0.0
    return cross_id, known_at > brought_at


def _tell_notices(db: Database, identity: Identity, now: datetime) -> tuple[Message, ...]:
    if not identity.has_notices:
        return ()
    shown = notices.list_host_notices(db, identity.host.id, now)
    if untold := [notice.id for notice in shown if not notice.is_told]:
        notices.mark_notices_told(db, untold, now)
    return tuple(Message(text=notice.text, priority=Priority.NOTICE) for notice in shown)
