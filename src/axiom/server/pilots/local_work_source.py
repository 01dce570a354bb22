from collections.abc import Collection, Sequence
from dataclasses import dataclass

from axiom.domain.work import Report
from axiom.server.pilots.pilot_server import PilotIdentity, PilotServer
from axiom.signed.tickets import Order
from axiom.store.writer import Writer


@dataclass(frozen=True, kw_only=True)
class LocalWorkSource:
    """Says what pilots say, without a wire between; each answer comes after the commit."""

    writer: Writer
    pilots: PilotServer
    host_id: int

    @property
    def _engine(self) -> PilotIdentity:
        return PilotIdentity(key=None, host_id=self.host_id, session="")

    def held_tasks(self) -> frozenset[int]:
        return self.writer.run(lambda db: self.pilots.tasks_of(db, self._engine, ())).in_hand

    def ask(self, holding: frozenset[int], wanted: int) -> Sequence[Order]:
        return self.writer.run(lambda db: self.pilots.ask(db, self._engine, holding=holding, wanted=wanted))

    def report(self, finished: Sequence[tuple[Report, bytes | None]]) -> None:
        self.writer.run(lambda db: self.pilots.report(db, self._engine, finished))

    def to_drop(self, holding: frozenset[int]) -> tuple[frozenset[int], frozenset[int]]:
        tasks = self.writer.run(lambda db: self.pilots.tasks_of(db, self._engine, holding))
        return tasks.at_once, tasks.if_not_begun

    def give_back(self, tasks: Collection[int]) -> None:
        self.writer.run(lambda db: self.pilots.give_back(db, self._engine, tasks, is_over=False))

    def seal(self, digest: str) -> str:
        return self.writer.run(lambda db: self.pilots.seal(db, digest))

    def bundle(self, digest: str) -> bytes:
        return self.writer.run(lambda db: self.pilots.bundle(db, digest))
