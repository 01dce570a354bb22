"""The one thread that writes.

Works wait in a queue. The thread takes as many as are there, and those that come while it does them (no timer: a lone
work waits for nobody), does each inside its own savepoint, commits once, and only then answers. So an answer means: on
the disk, after a power cut too; and the price of reaching the disk is shared by the whole group. A work that raises is
undone alone.
"""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from axiom.errors import StorageFull, StoreBusy, StoreError
from axiom.limits import server as limits
from axiom.store.engine.database import Database

T = TypeVar("T")


_Order = tuple[Callable[[Database], Any], Future[Any], float]  # and when it came
_Answer = tuple[Future[Any], Any, BaseException | None]


class Writer:
    def __init__(
        self, connect: Callable[[], Database], *, max_group: int = 256, max_waiting: int = limits.CHANGES_WAITING
    ) -> None:
        self._connect = connect
        self._max_group = max_group
        self._max_waiting = max_waiting
        self._queue: SimpleQueue[_Order | None] = SimpleQueue()  # None: no more will come
        self._lock = threading.Lock()  # nothing enters the queue after it was closed
        self._thread: threading.Thread | None = None
        self._open = False
        self._failed: BaseException | None = None
        self._found_no_room = False
        self._oldest: float | None = None  # when the work came whose group is being done
        self._kept: Database | None = None

    @property
    def failed(self) -> BaseException | None:
        """Why this writer can never write again, if so; the process should stop."""
        return self._failed

    @property
    def found_no_room(self) -> bool:
        return self._found_no_room

    @property
    def waiting(self) -> int:
        return self._queue.qsize()

    @property
    def oldest_wait(self) -> float:
        oldest = self._oldest
        return 0.0 if oldest is None else time.monotonic() - oldest

    def start(self) -> None:
        if self._thread is not None:
            raise StoreError("This writer was already started once. Nothing was changed; make a new one.")
        ready: Future[None] = Future()
        self._thread = threading.Thread(target=self._serve, args=(ready,), name="axiom-writer", daemon=True)
        self._thread.start()
        ready.result()
        self._open = True

    def stop(self) -> None:
        with self._lock:
            if self._open:
                self._open = False
                self._queue.put(None)
        if self._thread is not None:
            self._thread.join()

    def submit(self, work: Callable[[Database], T]) -> Future[T]:
        """Queue a work; the future is resolved after the commit that holds it."""
        future: Future[T] = Future()
        with self._lock:
            if self._failed is not None:
                raise _refusal(self._failed)
            if not self._open:
                raise StoreError("The writer is not open: not started yet or already stopped. Nothing was stored.")
            if self._queue.qsize() >= self._max_waiting:
                raise StoreBusy(
                    f"{self._max_waiting:,} changes wait to be stored already, more than a few seconds' work. Nothing "
                    "of this one was stored; send it again in a minute."
                )
            self._queue.put((work, future, time.monotonic()))
        return future

    def run(self, work: Callable[[Database], T]) -> T:
        if threading.current_thread() is self._thread:
            raise StoreError("A work cannot wait for another work of the same writer; call its function instead.")
        return self.submit(work).result()

    def _serve(self, ready: Future[None]) -> None:
        try:
            database = self._connect()
        except BaseException as error:  # noqa: BLE001 - raised again in `start`, which waits for it
            ready.set_exception(error)
            return
        ready.set_result(None)
        while self._failed is None:
            order = self._queue.get()
            if order is None:
                break
            self._oldest = order[2]
            goes_on = self._store(database, order)
            self._oldest = None
            if not goes_on:
                break
        if self._failed is None:
            self._finish(database)
        # After a failure the connection stays open and locked: closing it would make SQLite try its fsync once more
        # and perhaps be told, wrongly, that all is well. It ends with the process.
        self._kept = database

    def _store(self, database: Database, first: _Order) -> bool:
        group: list[_Order] = []
        answers: list[_Answer] = []
        order: _Order | None = first
        is_open, more, closes_at = False, True, time.monotonic() + limits.CHANGE_GROUP_SECONDS
        changed = database.changed_in_all
        try:
            with database.transaction():
                is_open = True
                while order is not None:
                    if order[1].set_running_or_notify_cancel():
                        group.append(order)
                        answers.append((order[1], *_attempt(database, order[0])))
                    if len(group) >= self._max_group or time.monotonic() > closes_at:
                        break
                    order, more = self._next()
        except BaseException as error:  # noqa: BLE001 - every caller of the group gets it; nobody is left waiting
            if not is_open and first[1].set_running_or_notify_cancel():
                group.append(first)
            self._refuse(group, answers, error)
            return more
        if any(isinstance(problem, StorageFull) for _, _, problem in answers):
            self._found_no_room = True
        elif database.changed_in_all > changed:
            self._found_no_room = False
        for future, value, problem in answers:
            _resolve(future, value, problem)
        return more

    def _next(self) -> tuple[_Order | None, bool]:
        try:
            order = self._queue.get_nowait()
        except Empty:
            return None, True
        return order, order is not None

    def _refuse(self, group: list[_Order], answers: list[_Answer], error: BaseException) -> None:
        """Nothing of the group was stored: say so to each caller, and stop for good unless the cause can pass."""
        self._found_no_room = self._found_no_room or isinstance(error, StorageFull)
        if isinstance(error, StoreError) and not isinstance(error, StorageFull | StoreBusy):
            with self._lock:
                self._failed = error
        own = {future: problem for future, _, problem in answers}
        for _, future, _ in group:
            future.set_exception(own.get(future) or _refusal(error))
        if self._failed is not None:
            self._turn_away(self._failed)

    def _turn_away(self, error: BaseException) -> None:
        while True:
            try:
                order = self._queue.get_nowait()
            except Empty:
                return
            if order is not None and order[1].set_running_or_notify_cancel():
                order[1].set_exception(_refusal(error))

    def _finish(self, database: Database) -> None:
        try:
            database.settle()
        except (StorageFull, StoreBusy):
            pass  # the log stays beside the database and is read at the next start: nothing is lost
        except StoreError as error:
            self._failed = error
            return
        database.close()


def _attempt(database: Database, work: Callable[[Database], Any]) -> tuple[Any, BaseException | None]:
    try:
        with database.savepoint():
            return work(database), None
    except BaseException as error:
        if not database.in_transaction:
            raise  # it took the whole group's transaction with it
        return None, error


def _resolve(future: Future[Any], value: Any, problem: BaseException | None) -> None:
    if problem is None:
        future.set_result(value)
    else:
        future.set_exception(problem)


def _refusal(error: BaseException) -> StoreError:
    """An exception of its own for each caller, since several threads will raise it."""
    if isinstance(error, StoreError):
        refusal = type(error)(str(error))
    else:
        refusal = StoreError(f"The change could not be stored: {error}. Nothing of it was acknowledged.")
    refusal.__cause__ = error
    return refusal
