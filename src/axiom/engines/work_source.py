"""What an engine needs of the project server, so that neither must know the other. One suite runs on every source."""

from collections.abc import Collection, Sequence
from typing import Protocol

from axiom.domain.work import Report
from axiom.signed.tickets import Order


class WorkSource(Protocol):
    """Hands out orders and takes reports. What a report says is committed when it returns."""

    def held(self) -> frozenset[int]: ...

    def ask(self, holding: frozenset[int], wanted: int) -> Sequence[Order]: ...

    def report(self, finished: Sequence[tuple[Report, bytes | None]]) -> None:
        """Take finished tasks with their outputs; returns once all of them are stored for good."""

    def look(self, holding: frozenset[int]) -> tuple[frozenset[int], frozenset[int]]:
        """Say that the host is there; of the tasks that it holds, those to give up at once and those if not begun."""

    def give_back(self, tasks: Collection[int]) -> None:
        """Others may have these tasks. It counts as nobody's failure."""

    def seal(self, digest: str) -> str: ...

    def bundle(self, digest: str) -> bytes: ...
