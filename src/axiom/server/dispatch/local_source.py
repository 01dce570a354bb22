"""The desk at which this computer's own engine asks for work and reports, in the same process as the writer."""

from collections.abc import Callable, Collection, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime

from axiom.domain.work import Report
from axiom.errors import NotFound
from axiom.server.dispatch.cache import DispatchCache
from axiom.server.dispatch.dispatch import hand_out
from axiom.server.dispatch.orders import Dispatch
from axiom.server.dispatch.work_request import WorkRequest
from axiom.server.returns.reporting import report
from axiom.server.returns.take_back import give_back, unwanted
from axiom.signed.tickets import Order
from axiom.store.engine import blobs
from axiom.store.engine.database import Database
from axiom.store.engine.folder import Folder
from axiom.store.experiments import experiments
from axiom.store.hosts import hosts
from axiom.store.tasks import workunits
from axiom.store.writer import Writer


@dataclass(frozen=True, kw_only=True)
class OrderedWork:
    """What a host is told: its orders, and in one sentence why these and no more."""

    orders: tuple[Order, ...]
    reason: str


def ask(
    db: Database,
    dispatch: Dispatch,
    known: DispatchCache,
    *,
    host_id: int,
    holding: AbstractSet[int],
    wanted: int,
    now: datetime,
) -> OrderedWork:
    """Orders for a host of our own: first again what it lost, then new ones, up to `wanted`."""
    host = hosts.host(db, host_id)
    if host is None:
        return OrderedWork(orders=(), reason=f"host {host_id} is not known here")
    asked = WorkRequest(seconds=0.0, instances=wanted, most=wanted, holding=frozenset(holding))
    handed = hand_out(db, dispatch, known, host, asked, now, allowance=dispatch.ours)
    orders = tuple(one.order for one in (*handed.lost, *handed.given))
    hosts.seen(db, host_id, now, idle=not orders)
    return OrderedWork(orders=orders, reason=handed.reason)


@dataclass(frozen=True, kw_only=True)
class LocalDesk:
    """Speaks to the writer; each answer comes after the commit."""

    writer: Writer
    folder: Folder
    dispatch: Dispatch
    host_id: int
    now: Callable[[], datetime]
    known: DispatchCache = field(default_factory=DispatchCache)

    def held(self) -> frozenset[int]:
        """The tasks that are out to this host."""
        return frozenset(task.id for task in self.writer.run(lambda db: workunits.held(db, self.host_id)))

    def ask(self, holding: frozenset[int], wanted: int) -> Sequence[Order]:
        """Orders for this host."""

        def handed(db: Database) -> Sequence[Order]:
            now = self.now()
            return ask(
                db, self.dispatch, self.known, host_id=self.host_id, holding=holding, wanted=wanted, now=now
            ).orders

        return self.writer.run(handed)

    def report(self, finished: Sequence[tuple[Report, bytes | None]]) -> None:
        """Store outputs and reports in one commit."""

        def taken(db: Database) -> None:
            for said, output in finished:
                report(db, self.folder, said, output, self.now())

        self.writer.run(taken)

    def look(self, holding: frozenset[int]) -> tuple[frozenset[int], frozenset[int]]:
        """Which of these tasks nobody wants any more: at once, and unless they have begun."""
        return self.writer.run(lambda db: unwanted(db, self.host_id, holding))

    def give_back(self, tasks: Collection[int]) -> None:
        """Others may have these tasks."""
        if tasks:
            reason = "its engine gave it back"
            self.writer.run(lambda db: give_back(db, self.host_id, tasks, reason, self.now()))

    def seal(self, digest: str) -> str:
        """The newest signature over a bundle."""
        found = self.writer.run(lambda db: experiments.bundle(db, digest))
        if found is None:
            raise NotFound(f"There is no bundle {digest[:12]} here.")
        return found.seal

    def bundle(self, digest: str) -> bytes:
        """A bundle's bytes."""
        return self.writer.run(lambda db: blobs.get(db, self.folder, digest))
