"""Answers scheduler requests, from bytes to bytes; docs/explanation/a-request-for-work.md tells the way of one."""

from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass, replace

from axiom.boinc.replies import Reply, write_reply
from axiom.boinc.requests import SchedulerRequest, read_request
from axiom.errors import MalformedRequest, StoreError
from axiom.locale.languages import choose_language, speak_language
from axiom.server.dispatch.cache import DamagedBundle
from axiom.server.scheduler.handle_request import RequestHandler
from axiom.server.scheduler.identify import is_long, is_stranger
from axiom.server.scheduler.refusals import Refusals
from axiom.store.connections import Connections
from axiom.store.writer import Writer

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
        language = choose_language("", accepted)
        if is_long(body):
            self.threads.submit(self._read_long_request, body, language, answer)
        else:
            self._read_request(body, language, answer)
        return answer

    def _read_long_request(self, body: bytes, language: str, answer: Future[UnwrittenReply]) -> None:
        try:
            self._read_request(body, language, answer)
        except BaseException as error:  # noqa: BLE001 - raised again where the answer is waited for
            answer.set_exception(error)

    def _read_request(self, body: bytes, language: str, answer: Future[UnwrittenReply]) -> None:
        if is_stranger(body, self.connections):
            with speak_language(language):
                answer.set_result(UnwrittenReply(self.refusals.refuse_stranger()))
            return
        try:
            request = read_request(body)
        except MalformedRequest as error:
            answer.set_result(UnwrittenReply(self.refusals.refuse_garbled(error)))
            return
        self._submit(request if language == request.language else replace(request, language=language), answer)

    def _submit(self, request: SchedulerRequest, answer: Future[UnwrittenReply], tries: int = _TRIES) -> None:
        try:
            handled = self.writer.submit(lambda db: self.handler.handle_request(db, request))
        except StoreError as error:
            self._refuse(error, request, answer)
            return
        handled.add_done_callback(lambda done: self._finish(done, request, answer, tries - 1))

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
        self._refuse(error, request, answer)

    def _refuse(self, error: BaseException, request: SchedulerRequest, answer: Future[UnwrittenReply]) -> None:
        with speak_language(request.language):
            answer.set_result(UnwrittenReply(self.refusals.refuse_for_now(error)))
