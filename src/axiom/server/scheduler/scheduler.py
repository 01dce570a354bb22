"""The way of a scheduler request from bytes to bytes; docs/explanation/a-request-for-work.md tells it."""

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from axiom.boinc.replies import Message, Priority, Reply, write_reply
from axiom.boinc.requests import SchedulerRequest, read_request
from axiom.domain.runners import OfferedRunner
from axiom.errors import AxiomError, MalformedRequest, NotFound, StoreBusy, StoreDamaged, StoreError
from axiom.limits import server as limits
from axiom.locale.languages import choose_language, gettext, mark, speak_language
from axiom.rules.hosts.runners import SuitableRunners
from axiom.rules.tasks.assignment import NO_FAULT
from axiom.rules.tasks.backoff import ContactSituation, choose_contact_delay
from axiom.server.dispatch.cache import DamagedBundle, DispatchCache
from axiom.server.dispatch.dispatch import grant_tasks
from axiom.server.dispatch.work_request import (
    DispatchSettings,
    GrantedTask,
    WorkGrant,
    read_allowance,
    read_work_request,
)
from axiom.server.returns import reporting
from axiom.server.scheduler import identify, reply
from axiom.server.scheduler.programs import brought, suited
from axiom.server.scheduler.tasks_on_client import Holding, hear, holding_of, out_of_use, reports, to_give_up
from axiom.signed.boinc_code_signing import CodeSigning
from axiom.signed.trust import Trust
from axiom.store.connections import Connections
from axiom.store.engine import blobs
from axiom.store.engine.database import Database
from axiom.store.engine.folder import Folder
from axiom.store.writer import Writer

log = logging.getLogger("axiom.rpc")
_TRIES = 4  # of which all but the last met bundles that are damaged
_BUSY = mark("The laboratory is busy. Nothing is lost; please wait.")
_DOWN = mark("The laboratory cannot store anything at the moment. Nothing is lost; please wait.")
_NO_ACCOUNT = mark(
    "No account here has this account key. Remove the project in BOINC and add it again with your e-mail address, or "
    "take the key from %(address)s"
)


class ReportRate:
    """So many reports a second are judged at once; what comes beyond waits for the next round of the validator."""

    def __init__(self) -> None:
        self._second = 0
        self._times = 0

    def may(self, now: datetime) -> bool:
        second = int(now.timestamp())
        self._times = self._times + 1 if second == self._second else 1
        self._second = second
        return self._times <= limits.REPORTS_A_SECOND


@dataclass(frozen=True)
class UnwrittenReply:
    """A reply whose bytes are written when it is sent: by then other requests have the writer's thread."""

    reply: Reply

    def __bytes__(self) -> bytes:
        return write_reply(self.reply)


@dataclass(frozen=True, kw_only=True)
class Project:
    """What the answers to all clients have in common. Called from the loop; works in the writer's thread."""

    writer: Writer
    folder: Folder
    dispatch: DispatchSettings
    cache: DispatchCache
    runners: Mapping[str, OfferedRunner]
    trust: Trust
    code: CodeSigning
    links: reply.Links
    name: str
    now: Callable[[], datetime]
    reported: Callable[[], None]
    lost: Callable[[Collection[int]], None]  # these tasks are sent again to clients that do not have them
    judge_and_pay: Callable[[Database, datetime], None]
    _report_rate: ReportRate = field(default_factory=ReportRate)
    _archives: dict[tuple[str, str], tuple[reply.Archive, reply.Archive]] = field(default_factory=dict)

    def scheduler(self, body: bytes, accepted: str = "") -> Future[UnwrittenReply]:
        answer: Future[UnwrittenReply] = Future()
        language = choose_language("", accepted)
        if identify.is_stranger(body, Connections(folder=self.folder)):
            with speak_language(language):
                answer.set_result(self._stranger())
            return answer
        try:
            request = read_request(body)
        except MalformedRequest as error:
            answer.set_result(self._polite(ContactSituation.GARBLED, str(error)))
            return answer
        self._submit(request if language == request.language else replace(request, language=language), answer)
        return answer

    def _submit(self, request: SchedulerRequest, answer: Future[UnwrittenReply], tries: int = _TRIES) -> None:
        try:
            stored = self.writer.submit(lambda db: self._work(db, request))
        except StoreError as error:
            answer.set_result(self._unable(error, request.language))
            return
        stored.add_done_callback(lambda done: self._finish(done, request, answer, tries - 1))

    def _finish(
        self, done: Future[UnwrittenReply], request: SchedulerRequest, answer: Future[UnwrittenReply], left: int
    ) -> None:
        error = done.exception()
        if error is None:
            answer.set_result(done.result())
            if request.results:
                self.reported()
            return
        self._archives.clear()  # the whole group may be undone, and with it what this answer put into the store
        if isinstance(error, DamagedBundle) and left:
            self.cache.set_aside(error.bundle, self.now())
            self._submit(request, answer, left)  # anew, and nothing of that bundle is given
            return
        answer.set_result(self._unable(error, request.language))

    def _unable(self, error: BaseException, language: str) -> UnwrittenReply:
        if not isinstance(error, AxiomError):
            log.error("rpc.fault %r", error, exc_info=error)
        is_busy = isinstance(error, StoreBusy)
        with speak_language(language):
            text = gettext(_BUSY if is_busy else _DOWN)
        return self._polite(ContactSituation.BUSY if is_busy else ContactSituation.DOWN, text)

    def _polite(self, situation: ContactSituation, text: str, priority: Priority = Priority.LOW) -> UnwrittenReply:
        pause = choose_contact_delay(situation, spread=reply.spread(len(text), self.now()))
        return UnwrittenReply(
            Reply(
                project_name=self.name,
                master_url=self.links.master,
                request_delay=pause.least,
                project_is_down=situation is ContactSituation.DOWN,
                messages=(Message(text=text, priority=priority),),
            )
        )

    def _work(self, db: Database, request: SchedulerRequest) -> UnwrittenReply:
        """The answer; without one, what it put into the store goes before the group's next answer counts on it."""
        try:
            with speak_language(request.language):
                return self._answer(db, request)
        except BaseException:
            self._archives.clear()
            raise

    def _stranger(self) -> UnwrittenReply:
        text = gettext(_NO_ACCOUNT) % {"address": f"{self.links.master}account"}
        return self._polite(ContactSituation.STRANGER, text, Priority.NOTICE)

    def _answer(self, db: Database, request: SchedulerRequest) -> UnwrittenReply:
        now = self.now()
        identity = identify.meet(db, request, now)
        if identity is None:
            return self._stranger()
        if isinstance(identity, identify.RefusedHost):
            return self._polite(ContactSituation.CROWDED, gettext(identity.reason), Priority.NOTICE)
        back = reports(db, identity.host.id, request.results, now)
        taken = reporting.take(db, self.folder, back, now, trust=self.trust)
        if request.trickles:
            hear(db, identity.host.id, request.trickles, now)
        is_settled = bool(back) and self._report_rate.may(now) and self._judge_at_once(db, now)
        if is_settled or not all(answer.left_standing for answer in taken):
            identity = identify.as_reported(db, identity, is_settled=is_settled)
        holding = holding_of(request)
        ours = suited(request, identity.host.platform.instructions, self.runners)
        handed = self._hand(db, identity, request, holding, now, ours)
        return UnwrittenReply(
            self._reply(db, identity, request, handed, now, ours, aborts=to_give_up(db, identity.host.id, holding, now))
        )

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

    def _hand(
        self,
        db: Database,
        identity: identify.Identity,
        request: SchedulerRequest,
        holding: Holding,
        now: datetime,
        ours: SuitableRunners,
    ) -> WorkGrant:
        if not request.asks_for_work:
            return WorkGrant(granted=(), lost=(), reason="")
        programs = frozenset(brought(request) or ours.runners)
        if not programs:
            return WorkGrant(granted=(), lost=(), reason=ours.reason)
        numbers = None if holding is None else frozenset(number for number in holding.values() if number is not None)
        preferences = identity.caller.preferred.project.at(identity.venue)
        wish = read_work_request(request, programs=programs, preferences=preferences, holding=numbers)
        allowance = read_allowance(db, self.dispatch, identity.host)
        handed = grant_tasks(db, self.dispatch, self.cache, identity.host, wish, now, allowance=allowance)
        if handed.lost:
            self.lost({task.task for task in handed.lost})
        return handed

    def _reply(
        self,
        db: Database,
        identity: identify.Identity,
        request: SchedulerRequest,
        handed: WorkGrant,
        now: datetime,
        ours: SuitableRunners,
        *,
        aborts: tuple[tuple[str, ...], tuple[str, ...]],
    ) -> Reply:
        granted = (*handed.lost, *handed.granted)
        described = self._describe(db, identity, request, granted, ours)
        return Reply(
            **self._greeting(
                db,
                identity,
                request,
                now,
                why="" if granted else _sentence(request, handed.reason),
                why_no_gpu=_why_no_gpu(request, ours),
                busy_for=reply.busy_for(identity.host, granted),
            ),
            **described,
            acknowledged=tuple(result.name for result in request.results),
            aborts=aborts[0],
            aborts_if_not_started=aborts[1],
            trickles_received=bool(request.trickles),
            unstick=self._unstick(db, request, {file.name for file in described.get("inputs", ())}),
            nothing_for=self._nothing_for(db, request, ours),
        )

    def _greeting(
        self,
        db: Database,
        identity: identify.Identity,
        request: SchedulerRequest,
        now: datetime,
        *,
        why: str,
        why_no_gpu: str = "",
        busy_for: float = 0.0,
    ) -> dict[str, Any]:
        cross_id, is_newer_here = identify.keep_preferences(db, identity.caller, request, now)
        code_key, signature = self.code.key_for(request.code_sign_key)
        pause = choose_contact_delay(
            _situation(request, why), spread=reply.spread(identity.host.id, now), busy_for=busy_for
        )
        return {
            "project_name": self.name,
            "master_url": self.links.master,
            "request_delay": pause.least,
            "next_rpc_delay": pause.most,
            "messages": (
                *identify.notices_for(db, identity, now),
                *(Message(text=text) for text in (why, why_no_gpu) if text),
            ),
            "account": reply.account(identity.caller, cross_id, now),
            "host": reply.host_facts(identity, now),
            "global_preferences": identity.caller.preferred.everywhere if is_newer_here else "",
            "project_preferences": reply.project_preferences(identity.caller.preferred.project),
            "code_sign_key": code_key,
            "code_sign_key_signature": signature,
            "project_files": reply.project_files(self.links) if identity.is_new else (),
            "links": reply.site_links(self.links.master, identity.caller.volunteer.id, identity.host.id),
            "news": self.links.news,
        }

    def _describe(
        self,
        db: Database,
        identity: identify.Identity,
        request: SchedulerRequest,
        granted: Sequence[GrantedTask],
        ours: SuitableRunners,
    ) -> dict[str, Any]:
        if not granted:
            return {}
        return reply.parts(
            granted,
            host=identity.host,
            runners=ours.runners,
            archives={task.bundle: self._archive(db, task) for task in granted},
            links=self.links,
            own=brought(request),
        )

    def _archive(self, db: Database, task: GrantedTask) -> tuple[reply.Archive, reply.Archive]:
        """The bundle and its seal as files to download; both are in the store from here on."""
        key = (task.bundle, task.seal)
        if key not in self._archives:
            blobs.store_blob(db, self.folder, task.seal.encode(), self.now())
            try:
                body = blobs.read_blob(db, self.folder, task.bundle)
            except (NotFound, StoreDamaged) as error:
                log.error("bundle.unfit %s", error)
                raise DamagedBundle(task.bundle) from error
            self._archives[key] = reply.archives_of(task.bundle, body, task.seal)
        return self._archives[key]

    def _unstick(self, db: Database, request: SchedulerRequest, names: Collection[str]) -> tuple[str, ...]:
        if not request.files:
            return ()
        self.cache.refresh(db)
        return out_of_use(request, self.cache.files, names)

    def _nothing_for(self, db: Database, request: SchedulerRequest, ours: SuitableRunners) -> tuple[str, ...]:
        """GPUs for which there is no program or no work: the client stops asking for them. Its processor remains."""
        if not request.coprocessors:
            return ()
        self.cache.refresh(db)
        wanted = any(
            experiment.declared.uses_gpus and experiment.is_ready for experiment in self.cache.experiments.values()
        )
        programs = (brought(request) or ours.runners) if wanted else {}
        return tuple(coprocessor.kind for coprocessor in request.coprocessors if coprocessor.kind not in programs)


def _situation(request: SchedulerRequest, why: str) -> ContactSituation:
    if not why:
        return ContactSituation.SERVED
    return ContactSituation.COMPUTING if request.other_results else ContactSituation.EMPTY


def _why_no_gpu(request: SchedulerRequest, ours: SuitableRunners) -> str:
    """Said whenever its GPU asks, also beside work for its cores: the client asks no more once it knows."""
    is_asked = any(coprocessor.ask.wanted for coprocessor in request.coprocessors)
    if request.anonymous or not (is_asked and ours.gpu_reason):
        return ""
    return gettext(mark("No work for the GPU of this computer: %(reason)s.")) % {"reason": ours.gpu_reason}


def _sentence(request: SchedulerRequest, reason: str) -> str:
    if not request.asks_for_work:
        return ""
    if not reason:
        return gettext(mark("No work for this computer now."))
    if reason in NO_FAULT:
        frame = mark("No work for this computer now: %(reason)s. Nothing is wrong with your computer.")
    else:
        frame = mark("No work for this computer now: %(reason)s.")
    return gettext(frame) % {"reason": gettext(reason)}
