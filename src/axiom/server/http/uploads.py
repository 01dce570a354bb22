"""Takes the outputs that clients bring: nothing is kept without a token of ours, and what was cut off goes on later.

Small outputs are gathered in the loop's thread, and stored in one work of the writer for as many as are waiting. Large
ones lie in files from their first byte on, which are opened and written in one other thread, and are proven and synced
in further ones.
"""

import hashlib
import logging
import os
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future
from dataclasses import field
from datetime import datetime, timedelta
from http import HTTPStatus

from axiom.boinc.uploads import (
    SizeQuery,
    Upload,
    check_token,
    is_token,
    read_head,
    read_name,
    size_reply,
    upload_done_reply,
    upload_refused_reply,
    upload_retry_reply,
)
from axiom.domain.value import value_class
from axiom.domain.work import read_task_name
from axiom.errors import AxiomError, MalformedRequest, StoreError
from axiom.limits import server as server_limits
from axiom.server.http import foreign_uploads
from axiom.server.http.fast_lane import RequestHead
from axiom.server.http.foreign_uploads import ForeignUploads
from axiom.server.http.partial_uploads import PartialUploads
from axiom.signed.outputs import OUTPUT_LIMIT
from axiom.store.connections import Connections
from axiom.store.engine import blobs
from axiom.store.engine.database import Database
from axiom.store.engine.folder import Folder
from axiom.store.tasks import uploads
from axiom.store.writer import Writer

log = logging.getLogger("axiom.transfers")
_IN_MEMORY = 256 * 1024
_WORTH_KEEPING = 8 * 1024  # a client never asks how much of a smaller file is here
_LOOK_AT_DISK = timedelta(seconds=5)
_FULL = "the laboratory has no room for it at the moment"
_OTHER = "another output of this task was reported"
_MUCH = "this computer has brought much that it has not reported yet"
_BUSY = "the laboratory cannot store it at the moment"
_OTHER_BYTES = "the bytes are not those of the file: it is begun anew"


def task_of(key: bytes, name: str) -> int | None:
    named = read_name(key, name)
    numbers = read_task_name(named) if named else None
    return numbers[1] if numbers else None


@value_class
class WholeOutput:
    task_id: int
    name: str
    md5: str
    body: bytes
    answer: Future[bytes] = field(default_factory=Future)


class Transfers:
    def __init__(
        self, *, writer: Writer, folder: Folder, key: bytes, now: Callable[[], datetime], threads: Executor
    ) -> None:
        self.key = key
        self._writer = writer
        self._folder = folder
        self._now = now
        self._threads = threads
        self._lock = threading.Lock()
        self._waiting: list[WholeOutput] = []
        self._coming: dict[str, Arrival] = {}  # those that write to a file, by the name that they bring
        self._has_room = True
        self._looked_at: datetime | None = None
        self.begun = PartialUploads(folder)
        self.foreign = ForeignUploads(folder)
        self._longest = max(OUTPUT_LIMIT, self.foreign.longest) + server_limits.UPLOAD_HEAD_BYTES

    def admit(self, head: RequestHead) -> "Arrival | int":
        """An upload or a question begins."""
        return self.arrive(head.length) if head.length <= self._longest else HTTPStatus.REQUEST_ENTITY_TOO_LARGE

    def arrive(self, length: int) -> "Arrival":
        return Arrival(self, length)

    @property
    def has_looked_at_room(self) -> bool:
        """Can `has_room` answer without the disk?"""
        return self._looked_at is not None and self._now() - self._looked_at <= _LOOK_AT_DISK

    def has_room(self) -> bool:
        if not self.has_looked_at_room:
            self._looked_at = self._now()
            self._has_room = shutil.disk_usage(self._folder.path).free >= server_limits.FREE_DISK_BYTES
        return self._has_room

    def why_not(self, task_id: int, size: int) -> bytes | None:
        try:
            with Connections(folder=self._folder).reader() as db:
                if uploads.list_tasks_closed_to_uploads(db, [task_id]).get(task_id, "") is None:
                    # It ended without an output: the client is rid of what it left.
                    return upload_done_reply()
                return (
                    None
                    if self._bytes_of_other_tasks(db, task_id) + size <= server_limits.UNREPORTED_BYTES
                    else upload_retry_reply(_MUCH)
                )
        except AxiomError as error:
            log.warning("upload.failed %s", error)
            return upload_retry_reply(_BUSY)

    def take_over(self, name: str, arrival: "Arrival") -> None:
        other = self._coming.get(name)
        if other is not None:
            other.give_up()
        self._coming[name] = arrival

    def is_coming(self, name: str) -> bool:
        return name in self._coming

    def let_go(self, name: str, arrival: "Arrival") -> None:
        if self._coming.get(name) is arrival:
            del self._coming[name]

    def store(self, output: WholeOutput) -> Future[bytes]:
        if len(output.body) > blobs.LIMIT:
            self._work_in_thread(output.answer, lambda: self._store_large(output))
            return output.answer
        with self._lock:
            self._waiting.append(output)
            is_first = len(self._waiting) == 1
        if is_first:
            self._submit([], self._store_small)
        return output.answer

    def complete(self, upload: Upload, task_id: int) -> Future[bytes]:
        answer: Future[bytes] = Future()
        self._work_in_thread(answer, lambda: self._complete(upload, task_id, answer))
        return answer

    def _work_in_thread(self, answer: Future[bytes], work: Callable[[], None]) -> None:
        def run() -> None:
            try:
                work()
            except Exception as error:  # nobody looks at what this thread raises, and a client waits for its answer
                is_of_the_disk = isinstance(error, OSError | AxiomError)
                log.warning("upload.failed %r", error, exc_info=None if is_of_the_disk else error)
                answer.set_result(upload_retry_reply(_BUSY))

        self._threads.submit(run)

    def _complete(self, upload: Upload, task_id: int, answer: Future[bytes]) -> None:
        path = self.begun.file(task_id, upload.name)
        if task_id == foreign_uploads.TASK_ID:
            is_kept = self.foreign.keep(upload, path)
            self.begun.end(task_id, upload.name)
            answer.set_result(upload_done_reply() if is_kept else upload_retry_reply(_OTHER_BYTES))
            return
        body = path.read_bytes()
        if hashlib.md5(body, usedforsecurity=False).hexdigest() != upload.md5:
            self.begun.end(task_id, upload.name)
            answer.set_result(upload_retry_reply(_OTHER_BYTES))
            return
        self._store_large(WholeOutput(task_id=task_id, name=upload.name, md5=upload.md5, body=body, answer=answer))

    def _store_large(self, output: WholeOutput) -> None:
        try:
            blobs.write_blob_file(self._folder, hashlib.sha256(output.body).hexdigest(), output.body, self._now())
        except AxiomError as error:
            log.warning("upload.failed name=%s %s", output.name, error)
            output.answer.set_result(upload_retry_reply(_FULL))
            return
        self._submit([output], lambda db, batch: [self._store_within_quota(db, batch[0])])

    def _store_within_quota(self, db: Database, output: WholeOutput) -> bytes:
        if self._bytes_of_other_tasks(db, output.task_id) + len(output.body) > server_limits.UNREPORTED_BYTES:
            return upload_retry_reply(_MUCH)
        return self._store_all(db, [output])[0]

    def _bytes_of_other_tasks(self, db: Database, task_id: int) -> int:
        pending = self.begun.pending_bytes_by_task(task_id)
        counted = uploads.list_tasks_of_same_host(db, task_id, pending) | {task_id}
        stored = uploads.sum_other_upload_bytes(db, task_id, self._now() - server_limits.FAILED_OUTPUT_FOR)
        return stored + sum(pending.get(number, 0) for number in counted)

    def _submit(self, batch: list[WholeOutput], work: Callable[[Database, list[WholeOutput]], list[bytes]]) -> None:
        try:
            stored = self._writer.submit(lambda db: work(db, batch))
        except StoreError:
            self._fail(batch)
            return
        stored.add_done_callback(lambda done: self._answer(batch, done))

    def _answer(self, batch: list[WholeOutput], done: Future[list[bytes]]) -> None:
        error = done.exception()
        if error is not None:
            if not isinstance(error, AxiomError):
                log.error("upload.fault %r", error, exc_info=error)
            self._fail(batch)
            return
        for output, answer in zip(batch, done.result(), strict=True):
            if answer == upload_done_reply():
                self.begun.end(output.task_id, output.name)
            output.answer.set_result(answer)

    def _fail(self, batch: list[WholeOutput]) -> None:
        """Nothing of these was stored. The writer never looked for an empty batch: then all that wait have failed."""
        if not batch:
            with self._lock:
                batch, self._waiting = self._waiting, []
        for output in batch:
            output.answer.set_result(upload_retry_reply(_BUSY))

    def _store_small(self, db: Database, batch: list[WholeOutput]) -> list[bytes]:
        with self._lock:
            batch += self._waiting
            self._waiting = []
        return [answer for part in _parts(batch) for answer in self._store_all(db, part)]

    def _store_all(self, db: Database, batch: Sequence[WholeOutput]) -> list[bytes]:
        """Store outputs of as many tasks; each takes the place of one before it, unless nobody will report it."""
        now, tasks = self._now(), [output.task_id for output in batch]
        before, closed = uploads.read_uploads(db, tasks), uploads.list_tasks_closed_to_uploads(db, tasks)
        digests = blobs.store_output_blobs(db, self._folder, [output.body for output in batch], now)
        pairs, answers = list(zip(batch, digests, strict=True)), []
        uploads.record_uploads(db, [_stored_upload(*pair, now) for pair in pairs if pair[0].task_id not in closed])
        for output, digest in pairs:
            is_other = closed.get(output.task_id) not in {None, digest}
            answers.append(upload_refused_reply(_OTHER) if is_other else upload_done_reply())
            if output.task_id in closed:
                blobs.release_output_blob(db, self._folder, digest, now)
            elif output.task_id in before:
                blobs.release_output_blob(db, self._folder, before[output.task_id].digest, now)
                if before[output.task_id].digest != digest and before[output.task_id].size > blobs.LIMIT:
                    self.begun.replaced(output.task_id, before[output.task_id].size)
        return answers


class Arrival:
    def __init__(self, transfers: Transfers, length: int) -> None:
        self._transfers = transfers
        self._length = length
        self._buffer = bytearray()  # the head, and behind it what is kept in memory
        self._answer: bytes | None = None  # decided already: what still comes is let pass
        self._unread: Upload | SizeQuery | None = None  # a head that says what files and records have to answer
        self._upload: Upload | None = None
        self._task_id = 0
        self._file: int | None = None
        self._written = 0  # bytes of the output that are in the file

    @property
    def waits_for_disk(self) -> bool:
        return self._file is not None or self._unread is not None

    def take(self, piece: bytes) -> None:
        self._look_at_disk()
        if self._answer is not None:
            return
        if self._file is not None:
            self._write(piece)
            return
        self._buffer += piece
        if self._upload is None:
            self._read_head(ended=False)

    def finish(self) -> Future[bytes]:
        if self._answer is None and self._upload is None and self._unread is None:
            self._read_head(ended=True)
        self._look_at_disk()
        upload = self._upload
        if self._answer is None and upload is not None:
            return self._end(upload)
        self._close()
        answer: Future[bytes] = Future()
        answer.set_result(self._answer or upload_retry_reply(_BUSY))
        return answer

    def lose(self) -> None:
        """The connection is gone. What came is kept, so that the client can go on from there."""
        self._look_at_disk()
        if self._answer is None and self._upload is not None and self._file is None:
            buffered = self._buffer[self._upload.data_starts_at :]
            if len(buffered) >= _WORTH_KEEPING and not self._transfers.is_coming(self._upload.name):
                self._open(self._upload)
        self._close()

    def give_up(self) -> None:
        self._answer = upload_retry_reply("the same file is coming on another connection")
        self._close()

    def _read_head(self, *, ended: bool) -> None:
        try:
            head = read_head(self._buffer, ended=ended)
        except MalformedRequest as error:
            self._answer = upload_refused_reply(str(error))
            return
        if isinstance(head, SizeQuery) or (head and (_goes_to_file(head) or not self._transfers.has_looked_at_room)):
            self._unread = head
        elif head is not None:
            self._answer = self._why_not(head)
            if self._answer is None:
                self._upload = head
        if self._answer is not None:
            self._buffer.clear()

    def _look_at_disk(self) -> None:
        head, self._unread = self._unread, None
        if isinstance(head, SizeQuery):
            number = task_of(self._transfers.key, head.name)
            self._answer = size_reply(0 if number is None else self._transfers.begun.size(number, head.name))
        elif head is not None:
            self._answer = self._why_not(head)
            if self._answer is None:
                self._upload = head
                if _goes_to_file(head):
                    self._open(head)
        if self._answer is not None:
            self._buffer.clear()

    def _why_not(self, head: Upload) -> bytes | None:
        """The answer to an upload that is not taken; its token is looked at before anything else is."""
        problem = check_token(self._transfers.key, head)
        task_id = task_of(self._transfers.key, head.name)
        if task_id is None and self._transfers.foreign.awaits(head):
            problem, task_id = None, foreign_uploads.TASK_ID
        if problem or task_id is None:
            return upload_refused_reply(problem or "nobody here awaits a file of this name")
        if self._length != head.body_length:
            return upload_refused_reply("the length of the request is not what its head says")
        if not self._transfers.has_room():
            return upload_retry_reply(_FULL)
        self._task_id = task_id
        return None

    def _open(self, upload: Upload) -> None:
        """From here on, what comes goes into the file; what is in memory goes first."""
        data = bytes(self._buffer[upload.data_starts_at :])
        self._buffer.clear()
        if self._task_id != foreign_uploads.TASK_ID:
            self._answer = self._transfers.why_not(self._task_id, upload.nbytes)
        if self._answer is not None:
            return
        self._transfers.take_over(upload.name, self)
        try:
            flags = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
            self._file = os.open(self._transfers.begun.begin(self._task_id, upload.name, upload.nbytes), flags, 0o600)
            if os.fstat(self._file).st_size < upload.offset:
                self._answer = upload_retry_reply("less of the file is here than was said; ask again")
                self._close()
                return
            os.ftruncate(self._file, upload.offset)
            os.lseek(self._file, upload.offset, os.SEEK_SET)
        except OSError as error:
            self._fail(error)
            return
        self._written = upload.offset
        self._write(data)

    def _write(self, piece: bytes) -> None:
        if self._file is None or self._upload is None:
            return
        if self._written + len(piece) > self._upload.nbytes:
            self._answer = upload_refused_reply("there are more bytes than the head says")
            self._close()
            return
        try:
            rest = memoryview(piece)
            while rest:
                rest = rest[os.write(self._file, rest) :]
        except OSError as error:
            self._fail(error)
            return
        self._written += len(piece)

    def _fail(self, error: OSError) -> None:
        log.warning("upload.failed %s", error)
        self._answer = upload_retry_reply(_FULL)
        self._close()

    def _end(self, upload: Upload) -> Future[bytes]:
        if self._file is not None:
            self._close()
            if self._written == upload.nbytes:
                return self._transfers.complete(upload, self._task_id)
            return _ready(upload_retry_reply("the file is not whole yet"))
        body = bytes(self._buffer[upload.data_starts_at :])
        if len(body) != upload.nbytes:
            return _ready(upload_retry_reply("the file is not whole yet"))
        if hashlib.md5(body, usedforsecurity=False).hexdigest() != upload.md5:
            return _ready(upload_retry_reply("the bytes are not those of the file"))
        return self._transfers.store(WholeOutput(task_id=self._task_id, name=upload.name, md5=upload.md5, body=body))

    def _close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None
        if self._upload is not None:
            self._transfers.let_go(self._upload.name, self)


def _goes_to_file(head: Upload) -> bool:
    return head.offset > 0 or head.nbytes > _IN_MEMORY or not is_token(head.token)


def _parts(batch: Sequence[WholeOutput]) -> Iterator[list[WholeOutput]]:
    """In their order, and a new part wherever a task comes a second time: the later output counts."""
    part: dict[int, WholeOutput] = {}
    for output in batch:
        if output.task_id in part:
            yield list(part.values())
            part = {}
        part[output.task_id] = output
    yield list(part.values())


def _stored_upload(output: WholeOutput, digest: str, now: datetime) -> uploads.StoredUpload:
    return uploads.StoredUpload(
        task_id=output.task_id, name=output.name, digest=digest, size=len(output.body), md5=output.md5, received_at=now
    )


def _ready(reply: bytes) -> Future[bytes]:
    answer: Future[bytes] = Future()
    answer.set_result(reply)
    return answer
