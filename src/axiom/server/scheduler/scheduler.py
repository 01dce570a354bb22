"""Answers scheduler requests, from bytes to bytes; docs/explanation/a-request-for-work.md tells the way of one."""

from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from datetime import datetime

from axiom.boinc.account_keys import is_key, key_digest
from axiom.boinc.replies import Reply, write_reply
from axiom.boinc.requests import SchedulerRequest, peek_authenticator, read_request
from axiom.domain.runners import OfferedRunner
from axiom.errors import AxiomError, MalformedRequest, StoreError
from axiom.locale.languages import choose_language, keep_language, speak_language
from axiom.server.dispatch.cache import DamagedBundle, DispatchCache
from axiom.server.dispatch.work_request import DispatchSettings
from axiom.server.scheduler.contact_refusals import Refusals
from axiom.server.scheduler.handle_request import RequestHandler
from axiom.server.scheduler.reply_elements import Project
from axiom.server.scheduler.store_and_reply import BundleArchives, ReplyBuilder
from axiom.signed.trust import Trust
from axiom.store.accounts import accounts
from axiom.store.connections import Connections
from axiom.store.engine.database import Database
from axiom.store.engine.folder import Folder
from axiom.store.writer import Writer

_HEAD = 4096  # bytes, within which every client says what its message is and whose
_SHORT = 64 * 1024  # bytes that are read sooner than a key is looked up; most requests have fewer
_TRIES = 4  # of which all but the last met bundles that are damaged


@dataclass(frozen=True)
class UnwrittenReply:
    """A reply whose bytes are written when it is sent: by then other requests have the writer's thread."""

    reply: Reply

    def __bytes__(self) -> bytes:
        return write_reply(self.reply)


@dataclass(frozen=True, kw_only=True)
class Scheduler:
    """Called from the loop; has each request handled in the writer's thread, and answers it after the commit."""

    handler: RequestHandler
    refusals: Refusals
    writer: Writer
    connections: Connections
    threads: Executor  # in which long requests are read
    announce_reports: Callable[[], None]

    def answer_request(self, body: bytes, accepted: str = "") -> Future[UnwrittenReply]:
        answer: Future[UnwrittenReply] = Future()
        with speak_language(choose_language("", accepted)):
            if _is_long(body):
                self.threads.submit(keep_language(self._read_long_request), body, answer)
            else:
                self._read_request(body, answer)
        return answer

    def _read_long_request(self, body: bytes, answer: Future[UnwrittenReply]) -> None:
        try:
            self._read_request(body, answer)
        except BaseException as error:  # noqa: BLE001 - raised again where the answer is waited for
            answer.set_exception(error)

    def _read_request(self, body: bytes, answer: Future[UnwrittenReply]) -> None:
        if is_stranger(body, self.connections):
            answer.set_result(UnwrittenReply(self.refusals.refuse_stranger()))
            return
        try:
            request = read_request(body)
        except MalformedRequest as error:
            answer.set_result(UnwrittenReply(self.refusals.refuse_garbled(error)))
            return
        self._submit(request, answer)

    def _submit(self, request: SchedulerRequest, answer: Future[UnwrittenReply], tries: int = _TRIES) -> None:
        try:
            handled = self.writer.submit(keep_language(lambda db: self.handler.handle_request(db, request)))
        except StoreError as error:
            answer.set_result(UnwrittenReply(self.refusals.refuse_for_now(error)))
            return
        handled.add_done_callback(keep_language(lambda done: self._finish(done, request, answer, tries - 1)))

    def _finish(
        self, done: Future[Reply], request: SchedulerRequest, answer: Future[UnwrittenReply], left: int
    ) -> None:
        error = done.exception()
        if error is None:
            answer.set_result(UnwrittenReply(done.result()))
            if request.results:
                self.announce_reports()
            return
        self.handler.forget_stored()  # the whole group may be undone, and with it what this answer put into the store
        if isinstance(error, DamagedBundle) and left:
            self.handler.set_bundle_aside(error.bundle)
            self._submit(request, answer, left)  # anew, and nothing of that bundle is given
            return
        answer.set_result(UnwrittenReply(self.refusals.refuse_for_now(error)))


def _is_long(body: bytes) -> bool:
    """Is it read later than its key is looked up?"""
    return len(body) > _SHORT


def is_stranger(body: bytes, connections: Connections) -> bool:
    """Does this request come with a key that no account can have, or is it long and comes with one that none has?

    Of any other request it is no promise: its key is looked up when it is answered.
    """
    if body.find(b"<scheduler_request>", 0, _HEAD) < 0:
        return False
    key = peek_authenticator(body)
    if key and not is_key(key):
        return True
    if not _is_long(body):
        return False
    try:
        with connections.reader() as db:
            return accounts.find_key_holder(db, key_digest(key)) is None
    except AxiomError:
        return False  # whoever answers it will find out, and say so


def open_scheduler(
    project: Project,
    *,
    writer: Writer,
    folder: Folder,
    threads: Executor,
    now: Callable[[], datetime],
    dispatch: DispatchSettings,
    cache: DispatchCache,
    runners: Mapping[str, OfferedRunner],
    trust: Trust,
    judge_and_pay: Callable[[Database, datetime], None],
    announce_reports: Callable[[], None],
    forget_uploads: Callable[[Collection[int]], None],
) -> Scheduler:
    """`judge_and_pay` does so within a request that reports, `announce_reports` is called once reports are stored.

    `forget_uploads` drops what has come of outputs of tasks that are sent again to clients that do not have them.
    """
    refusals = Refusals(project=project, now=now)
    handler = RequestHandler(
        folder=folder,
        trust=trust,
        dispatch=dispatch,
        cache=cache,
        runners=runners,
        refusals=refusals,
        replies=ReplyBuilder(project=project, cache=cache, archives=BundleArchives(folder=folder)),
        now=now,
        judge_and_pay=judge_and_pay,
        forget_uploads=forget_uploads,
    )
    return Scheduler(
        handler=handler,
        refusals=refusals,
        writer=writer,
        connections=Connections(folder=folder),
        threads=threads,
        announce_reports=announce_reports,
    )
