"""The way of a scheduler request, from the bytes of a client to the bytes of its answer.

read    in the loop's thread: bytes become a `SchedulerRequest`. A stranger, or what nobody can read, is answered here.
load    in the writer's thread, from here to the end of apply in one transaction: which host of whom it is.
decide  what its reports mean, what it may have and when it calls again: pure functions of `axiom.decisions`.
apply   reports are stored, judged and paid; tasks become the host's own. Only what is on the disk is acknowledged.
answer  in the loop's thread again: the `Reply` becomes bytes.

What is decided is stored in the same transaction, so two requests never get the same task and nothing is decided twice.
"""

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from axiom.boinc.account_keys import email_hash, is_key, is_weak, key_digest
from axiom.boinc.exit_codes import decode
from axiom.boinc.replies import Message, Priority, Reply, write_reply
from axiom.boinc.requests import SchedulerRequest, TaskReport, peek_authenticator, read_request, sound_preferences
from axiom.decisions.accounts.new_hosts import are_own
from axiom.decisions.hosts.runners import SuitableRunners
from axiom.decisions.hosts.speed import speed_of
from axiom.decisions.tasks.assignment import NO_FAULT
from axiom.decisions.tasks.backoff import Situation, delay
from axiom.domain.failure_causes import Cause
from axiom.domain.fleet import Host, project_choice
from axiom.domain.runners import OfferedRunner
from axiom.domain.work import Report, read_task_name
from axiom.errors import AxiomError, MalformedRequest, NotFound, StoreBusy, StoreDamaged, StoreError
from axiom.limits import server as limits
from axiom.limits import tasks as task_limits
from axiom.locale.languages import choose, gettext, mark, speaking
from axiom.server.dispatch.cache import DamagedBundle, DispatchCache
from axiom.server.dispatch.dispatch import hand_out
from axiom.server.dispatch.orders import Dispatch, allowance_of
from axiom.server.dispatch.work_request import GrantedTask, WorkGrant, asked_of
from axiom.server.file_names import bundle_file, seal_file
from axiom.server.returns import reporting
from axiom.server.scheduler import tasks_on_client as progress
from axiom.server.scheduler.identify import Identity, RefusedHost, meet
from axiom.server.scheduler.programs import brought, suited
from axiom.server.scheduler.reply import (
    SUFFIX,
    Archive,
    Links,
    TaskElements,
    account,
    apps,
    archive_of,
    host_facts,
    parts,
    project_files,
    project_preferences,
    site_links,
    spread,
)
from axiom.server.scheduler.tasks_on_client import Holding, holding_of, out_of_use, to_give_up
from axiom.signed.boinc_code_signing import CodeSigning
from axiom.signed.trust import Trust
from axiom.store.accounts import accounts
from axiom.store.connections import Connections
from axiom.store.credit import ledger
from axiom.store.engine import blobs
from axiom.store.engine.database import Database
from axiom.store.engine.folder import Folder
from axiom.store.hosts import hosts, notices
from axiom.store.hosts.hosts import AccountHolder
from axiom.store.tasks import uploads
from axiom.store.writer import Writer


class RateLimit:
    def __init__(self) -> None:
        self._second = 0
        self._times = 0

    def may(self, now: datetime) -> bool:
        second = int(now.timestamp())
        self._times = self._times + 1 if second == self._second else 1
        self._second = second
        return self._times <= limits.REPORTS_A_SECOND


_HEAD = 4096  # bytes, within which every client says what its message is and whose
_SHORT = 64 * 1024  # bytes that are read sooner than a key is looked up; most requests have fewer


def is_stranger(body: bytes, connections: Connections) -> bool:
    """Does this request come with a key that no account can have, or is it long and comes with one that none has?

    Of any other request it is no promise: its key is looked up when it is answered.
    """
    if body.find(b"<scheduler_request>", 0, _HEAD) < 0:
        return False
    key = peek_authenticator(body)
    if key and not is_key(key):
        return True
    if len(body) <= _SHORT:
        return False
    try:
        with connections.reader() as db:
            return accounts.by_key(db, key_digest(key)) is None
    except AxiomError:
        return False  # whoever answers it will find out, and say so


log = logging.getLogger("axiom.rpc")

_TRIES = 4  # of which all but the last met bundles that are damaged
_MOST_WORDS = 4_000  # characters of a task's standard error that are looked at
_MEGABYTE = 2**20
_TITLE = "Small neural networks"
_BUSY = mark("The laboratory is busy. Nothing is lost; please wait.")
_DOWN = mark("The laboratory cannot store anything at the moment. Nothing is lost; please wait.")
_NO_ACCOUNT = mark(
    "No account here has this account key. Remove the project in BOINC and add it again with your e-mail address, or "
    "take the key from %(address)s"
)


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
    dispatch: Dispatch
    cache: DispatchCache
    runners: Mapping[str, OfferedRunner]
    trust: Trust
    code: CodeSigning
    links: Links
    name: str
    now: Callable[[], datetime]
    reported: Callable[[], None]
    lost: Callable[[Collection[int]], None]  # these tasks are sent again to clients that do not have them
    settle: Callable[[Database, datetime], None]
    _calm: RateLimit = field(default_factory=RateLimit)
    _archives: dict[tuple[str, str], tuple[Archive, Archive]] = field(default_factory=dict)

    def scheduler(self, body: bytes, accepted: str = "") -> Future[UnwrittenReply]:
        answer: Future[UnwrittenReply] = Future()
        language = choose("", accepted)
        if is_stranger(body, Connections(folder=self.folder)):
            with speaking(language):
                answer.set_result(self._stranger())
            return answer
        try:
            request = read_request(body)
        except MalformedRequest as error:
            answer.set_result(self._polite(Situation.GARBLED, str(error)))
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
        with speaking(language):
            text = gettext(_BUSY if is_busy else _DOWN)
        return self._polite(Situation.BUSY if is_busy else Situation.DOWN, text)

    def _polite(self, situation: Situation, text: str, priority: Priority = Priority.LOW) -> UnwrittenReply:
        pause = delay(situation, spread=spread(len(text), self.now()))
        return UnwrittenReply(
            Reply(
                project_name=self.name,
                master_url=self.links.master,
                request_delay=pause.least,
                project_is_down=situation is Situation.DOWN,
                messages=(Message(text=text, priority=priority),),
            )
        )

    def _work(self, db: Database, request: SchedulerRequest) -> UnwrittenReply:
        """The answer; without one, what it put into the store goes before the group's next answer counts on it."""
        try:
            with speaking(request.language):
                return self._answer(db, request)
        except BaseException:
            self._archives.clear()
            raise

    def _stranger(self) -> UnwrittenReply:
        text = gettext(_NO_ACCOUNT) % {"address": f"{self.links.master}account"}
        return self._polite(Situation.STRANGER, text, Priority.NOTICE)

    def _answer(self, db: Database, request: SchedulerRequest) -> UnwrittenReply:
        now = self.now()
        identity = meet(db, request, now)
        if identity is None:
            return self._stranger()
        if isinstance(identity, RefusedHost):
            return self._polite(Situation.CROWDED, gettext(identity.reason), Priority.NOTICE)
        back = _reports(db, identity.host.id, request.results)
        taken = reporting.take(db, self.folder, back, now, trust=self.trust)
        if request.trickles:
            progress.hear(db, identity.host.id, request.trickles, now)
        is_settled = bool(back) and self._calm.may(now) and self._settled(db, now)
        if is_settled or not all(answer.left_standing for answer in taken):
            identity = _as_reported(db, identity, is_settled=is_settled)
        holding = holding_of(request)
        ours = suited(request, identity.host.platform.instructions, self.runners)
        handed = self._hand(db, identity, request, holding, now, ours)
        return UnwrittenReply(
            self._reply(db, identity, request, handed, now, ours, aborts=to_give_up(db, identity.host.id, holding))
        )

    def _settled(self, db: Database, now: datetime) -> bool:
        """Judge and pay, so that this very reply can show the credit. A fault there is none of the reports'."""
        try:
            with db.savepoint():
                self.settle(db, now)
        except StoreError:
            raise  # it may have taken the whole transaction with it
        except Exception:
            log.exception("rpc.unsettled what was reported is left to the jobs")
            return False
        return True

    def _hand(
        self,
        db: Database,
        identity: Identity,
        request: SchedulerRequest,
        holding: Holding,
        now: datetime,
        ours: SuitableRunners,
    ) -> WorkGrant:
        if not request.asks_for_work:
            return WorkGrant(given=(), lost=(), reason="")
        programs = frozenset(brought(request) or ours.runners)
        if not programs:
            return WorkGrant(given=(), lost=(), reason=ours.reason)
        numbers = None if holding is None else frozenset(number for number in holding.values() if number is not None)
        choice = project_choice(identity.caller.preferred.project)
        jointly = not request.anonymous  # whether a volunteer's own program reads such orders is not known
        wish = asked_of(request, programs=programs, choice=choice, holding=numbers, jointly=jointly)
        allowance = allowance_of(db, self.dispatch, identity.host)
        handed = hand_out(db, self.dispatch, self.cache, identity.host, wish, now, allowance=allowance)
        if handed.lost:
            self.lost({task.task for task in handed.lost})
        return handed

    def _reply(
        self,
        db: Database,
        identity: Identity,
        request: SchedulerRequest,
        handed: WorkGrant,
        now: datetime,
        ours: SuitableRunners,
        *,
        aborts: tuple[tuple[str, ...], tuple[str, ...]],
    ) -> Reply:
        granted = (*handed.lost, *handed.given)
        described = self._describe(db, identity, request, granted, ours)
        return Reply(
            **self._greeting(
                db,
                identity,
                request,
                now,
                why="" if granted else _sentence(request, handed.reason),
                busy_for=_busy_for(identity.host, granted),
            ),
            acknowledged=tuple(result.name for result in request.results),
            aborts=aborts[0],
            aborts_if_not_started=aborts[1],
            apps=apps(_TITLE) if granted else (),
            signed_files=described.signed_files,
            app_versions=described.app_versions,
            inputs=described.inputs,
            workunits=described.workunits,
            outputs=described.outputs,
            tasks=described.tasks,
            trickles_received=bool(request.trickles),
            unstick=self._unstick(db, request, {file.name for file in described.inputs}),
            nothing_for=self._nothing_for(db, request, ours),
        )

    def _greeting(
        self,
        db: Database,
        identity: Identity,
        request: SchedulerRequest,
        now: datetime,
        *,
        why: str,
        busy_for: float = 0.0,
    ) -> dict[str, Any]:
        cross_id, is_newer_here = _preferences(db, identity.caller, request, now)
        code_key, signature = self.code.key_for(request.code_sign_key)
        pause = delay(_situation(request, why), spread=spread(identity.host.id, now), busy_for=busy_for)
        return {
            "project_name": self.name,
            "master_url": self.links.master,
            "request_delay": pause.least,
            "next_rpc_delay": pause.most,
            "messages": (*_words(db, identity, now), *((Message(text=why),) if why else ())),
            "account": account(identity.caller, cross_id, now),
            "host": host_facts(identity, now),
            "global_preferences": identity.caller.preferred.everywhere if is_newer_here else "",
            "project_preferences": project_preferences(identity.caller.preferred.project),
            "code_sign_key": code_key,
            "code_sign_key_signature": signature,
            "project_files": project_files(self.links) if identity.is_new else (),
            "links": site_links(self.links.master, identity.caller.volunteer.id, identity.host.id),
            "news": self.links.news,
        }

    def _describe(
        self,
        db: Database,
        identity: Identity,
        request: SchedulerRequest,
        granted: Sequence[GrantedTask],
        ours: SuitableRunners,
    ) -> TaskElements:
        if not granted:
            return TaskElements()
        return parts(
            granted,
            runners=ours.runners,
            speed=speed_of(identity.host),
            archives={task.bundle: self._archive(db, task) for task in granted},
            links=self.links,
            own=brought(request),
        )

    def _archive(self, db: Database, task: GrantedTask) -> tuple[Archive, Archive]:
        """The bundle and its seal as files to download; both are in the store from here on."""
        key = (task.bundle, task.seal)
        if key not in self._archives:
            seal = task.seal.encode()
            blobs.put(db, self.folder, seal, self.now())
            try:
                body = blobs.get(db, self.folder, task.bundle)
            except (NotFound, StoreDamaged) as error:
                log.error("bundle.unfit %s", error)
                raise DamagedBundle(task.bundle) from error
            self._archives[key] = (
                archive_of(bundle_file(task.bundle), body),
                archive_of(seal_file(task.seal), seal),
            )
        return self._archives[key]

    def _unstick(self, db: Database, request: SchedulerRequest, names: Collection[str]) -> tuple[str, ...]:
        if not request.files:
            return ()
        self.cache.look(db)
        return out_of_use(request, self.cache.files, names)

    def _nothing_for(self, db: Database, request: SchedulerRequest, ours: SuitableRunners) -> tuple[str, ...]:
        """GPUs for which there is no program or no work: the client stops asking for them. Its processor remains."""
        if not request.coprocessors:
            return ()
        self.cache.look(db)
        wanted = any(
            experiment.declared.uses_gpus and experiment.is_ready for experiment in self.cache.experiments.values()
        )
        programs = (brought(request) or ours.runners) if wanted else {}
        return tuple(coprocessor.kind for coprocessor in request.coprocessors if coprocessor.kind not in programs)


def _reports(db: Database, host_id: int, results: Sequence[TaskReport]) -> list[Report]:
    """What a client says about its finished tasks. A claim of success without its file in our hands is none."""
    if not results:
        return []
    named = [(result, read_task_name(result.name.removesuffix(SUFFIX))) for result in results]
    arrived = uploads.of(db, [numbers[1] for _, numbers in named if numbers])
    made = []
    for result, numbers in named:
        if numbers is None:
            continue  # not one of ours; acknowledged all the same, or it would come for ever
        ended = decode(result)
        upload = arrived.get(numbers[1])
        claimed = {file.md5 for file in result.files if file.md5}
        whole = upload is not None and (not claimed or upload.md5 in claimed)
        proven = upload.digest if upload is not None and whole else None
        made.append(
            Report(
                task_id=numbers[1],
                workunit_id=numbers[0],
                host_id=host_id,
                exit_status=ended.exit_status,
                output_digest=proven if ended.succeeded else None,
                cpu_seconds=result.cpu_seconds,
                elapsed_seconds=result.elapsed_seconds,
                message=f"{result.message} {result.stderr[-_MOST_WORDS:]}".strip(),
                boinc_state=int(result.state),
                cause=ended.cause if not ended.succeeded or proven else Cause.NO_OUTPUT,
                in_words="" if ended.succeeded else ended.reason,
                peak_memory_mb=result.peak_memory_bytes / _MEGABYTE,
                peak_disk_mb=result.peak_disk_bytes / _MEGABYTE,
            )
        )
    return made


def _as_reported(db: Database, identity: Identity, *, is_settled: bool) -> Identity:
    """The host as the reports have left it: the standing by which it gets work, the credit, perhaps notices."""
    caller, stored = identity.caller, hosts.stored_host(db, identity.host.id)
    if is_settled:
        caller = replace(caller, balance=ledger.balance(db, "volunteer", caller.volunteer.id))
    if stored is None:
        raise LookupError(f"host {identity.host.id} is gone while it reports")
    return replace(identity, caller=caller, host=stored.host, balance=stored.balance, has_notices=True)


def _preferences(db: Database, caller: AccountHolder, request: SchedulerRequest, now: datetime) -> tuple[str, bool]:
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
    is_own = is_theirs and are_own(request.preferences_source, email_hash(caller.account.email or ""))
    if is_own and brought_at > known_at:  # nearly never, and only then is it worth seeing whether they are sound
        preferences = sound_preferences(request.global_preferences)
        is_dated = brought_at <= now.timestamp() + task_limits.CLOCK_AHEAD_SECONDS  # else no later change would count
        if preferences and is_dated:
            accounts.keep_preferences(db, caller.volunteer.id, preferences, int(brought_at))
        brought_at = brought_at if preferences else 0.0
    return cross_id, known_at > brought_at


def _words(db: Database, identity: Identity, now: datetime) -> tuple[Message, ...]:
    if not identity.has_notices:
        return ()
    shown = notices.shown(db, identity.host.id, now)
    if untold := [notice.id for notice in shown if not notice.is_told]:
        notices.told(db, untold, now)
    return tuple(Message(text=notice.text, priority=Priority.NOTICE) for notice in shown)


def _busy_for(host: Host, granted: Sequence[GrantedTask]) -> float:
    if not host.standing.valid_in_row:
        return 0.0
    return sum(task.seconds for task in granted) / (speed_of(host) * max(1, host.capacity.cores))


def _situation(request: SchedulerRequest, why: str) -> Situation:
    if not why:
        return Situation.SERVED
    return Situation.COMPUTING if request.other_results else Situation.EMPTY


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
