"""The laboratory's writer without a thread of its own: a work is done when it is submitted, by the same rules."""

from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any, TypeVar

from axiom.errors import StoreError
from axiom.store.engine.database import Database
from axiom.store.writer import Writer
from simulation.disk import Fate, Killed

T = TypeVar("T")


class PromptWriter(Writer):
    """Does each work at once, as a group of its own, so that the same events always come in the same order."""

    def __init__(self, connect: Callable[[], Database], fate: Fate) -> None:
        super().__init__(connect)
        self._fate = fate

    def start(self) -> None:
        """Connect."""
        self._kept = self._connect()
        self._open = True

    def stop(self) -> None:
        """Let go of the database, whatever state it is in: what was not committed is gone."""
        self._open = False
        if self._kept is not None:
            self._kept.close()
            self._kept = None

    def submit(self, work: Callable[[Database], T]) -> Future[T]:
        """Do it; the future is resolved already."""
        if self._failed is not None or not self._open or self._kept is None:
            raise StoreError("The writer is not open. Nothing was stored.")
        future: Future[T] = Future()
        self._store(self._kept, (work, future, 0.0))
        if self._fate.is_dead:
            raise Killed
        return future

    def run(self, work: Callable[[Database], T]) -> T:
        """Do it and return what came of it."""
        return self.submit(work).result()


class Prompt(Executor):
    """Does what others would have done in a thread, at once."""

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        """Do it; whatever it raises is in the future, but for the end of the process."""
        future: Future[T] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 - it belongs to whoever asks the future
            future.set_exception(error)
        return future
