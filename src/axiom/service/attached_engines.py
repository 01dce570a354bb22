"""What stands behind the desk of the socket: one local desk for each engine that said hello."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from axiom.domain.fleet import Capacity, Platform
from axiom.domain.work import Report
from axiom.errors import WrongUse
from axiom.server.dispatch.cache import DispatchCache
from axiom.server.dispatch.local_source import LocalDesk
from axiom.server.dispatch.orders import Dispatch
from axiom.store.engine.folder import Folder
from axiom.store.hosts import hosts
from axiom.store.writer import Writer


@dataclass(frozen=True, kw_only=True)
class SocketDesk:
    """Turns what an engine says through the socket into calls of a desk."""

    writer: Writer
    folder: Folder
    dispatch: Dispatch
    now: Callable[[], datetime]
    reported: Callable[[], None]
    known: DispatchCache = field(default_factory=DispatchCache)

    def hello(self, said: dict[str, Any]) -> dict[str, Any]:
        """The engine's host is known from here on."""
        platform, capacity, now = Platform(**said["platform"]), Capacity(**said["capacity"]), self.now()
        host_id = self.writer.run(
            lambda db: hosts.meet(
                db,
                volunteer_id=self.dispatch.ourselves,
                name=str(said["name"]),
                platform=platform,
                capacity=capacity,
                now=now,
            )
        )
        return {"host": host_id}

    def ask(self, said: dict[str, Any]) -> dict[str, Any]:
        """Orders, each as the words of a command line, and what is out to this host."""
        desk = self._desk(said)
        orders = desk.ask(frozenset(said["holding"]), int(said["wanted"])) if said["wanted"] else []
        return {"orders": [order.argv() for order in orders], "held": sorted(desk.held())}

    def report(self, said: dict[str, Any]) -> dict[str, Any]:
        """Finished tasks. Their outputs lie in the data folder, which both processes see."""
        finished = [(Report(**one["report"]), self._output(one["output"])) for one in said["finished"]]
        self._desk(said).report(finished)
        self.reported()
        return {}

    def look(self, said: dict[str, Any]) -> dict[str, Any]:
        """Which of the tasks that it holds the engine should give up."""
        at_once, if_not_begun = self._desk(said).look(frozenset(said["holding"]))
        return {"at_once": sorted(at_once), "if_not_begun": sorted(if_not_begun)}

    def give_back(self, said: dict[str, Any]) -> dict[str, Any]:
        """Others may have these tasks."""
        self._desk(said).give_back(said["tasks"])
        return {}

    def _output(self, name: str | None) -> bytes | None:
        if name is None:
            return None
        path = Path(name).resolve()
        if not path.is_relative_to(self.folder.path.resolve()):
            raise WrongUse(f"The output {path} lies outside the data folder; it was not read.")
        return path.read_bytes()

    def _desk(self, said: dict[str, Any]) -> LocalDesk:
        return LocalDesk(
            writer=self.writer,
            folder=self.folder,
            dispatch=self.dispatch,
            host_id=int(said["host"]),
            now=self.now,
            known=self.known,
        )
