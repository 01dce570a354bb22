"""Where a whole sweep is computed: by this process, or by a laboratory that works in another one."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from axiom.errors import CannotStart
from axiom.gate.command import Answer, Command
from axiom.service.computing_parts import ComputingParts, demand_writer
from axiom.service.standard_callers import operator_caller
from axiom.signed.trust import TRUST_FILE
from axiom.store.engine.database import Database
from axiom.store.engine.folder import Folder, read_lock_holder
from axiom.store.tasks import tasks, workunits
from axiom_weigh.terminal import print_remark

_ALONE_SECONDS = 1.0  # that the first cell has the computer for itself
_PATIENCE_SECONDS = 10.0  # for somebody to compute in a laboratory that has no cores of its own


@dataclass(frozen=True, kw_only=True)
class SweepProgress:
    """How far it is: cells that are stored, and replicates of which more may come; of a map its deeper tiles, too."""

    cells: int
    open: int
    tiles: int = 0  # that are stored
    lacking: int = 0  # tiles that are known to be needed and not there


class SweepPlace(Protocol):
    """Where it is computed."""

    def submit(self, command: Command) -> Answer:
        """Have a command done."""

    def begin(self) -> None:
        """Compute what is ordered, from now on."""

    def check(self, progress: SweepProgress) -> None:
        """Raise what keeps it from ever ending."""

    def under_way(self, db: Database) -> float:
        """How many cells are computed and not yet stored, as far as that can be seen from here."""


class ThisProcess:
    """A laboratory without a site, for as long as this process lives."""

    def __init__(self, folder: Folder, build: Callable[[Callable[[], None]], ComputingParts]) -> None:
        """`build` makes the parts, which call what they are given when a task came back."""
        self._folder = folder
        self._parts = build(self._reported)
        self._beginning = threading.Lock()
        self._is_moving = False
        self._begun = 0.0

    def submit(self, command: Command) -> Answer:
        """Have a command done."""
        return self._parts.gate.submit(command, operator_caller())

    def begin(self) -> None:
        """Compute what is ordered, from now on."""
        self._begun = time.monotonic()
        self._parts.engine.start((self._folder.keys / TRUST_FILE).read_bytes())

    def check(self, progress: SweepProgress) -> None:
        """Raise what keeps it from ever ending."""
        demand_writer(self._parts.writer)
        if time.monotonic() - self._begun > _ALONE_SECONDS:
            self._move()

    def _reported(self) -> None:
        """Somebody waits for the first result: it is judged at once, and all that is done beside it begins after."""
        try:
            if not self._is_moving:
                self._parts.moving.judge()
        finally:
            self._move()
            self._parts.moving.look_again()

    def _move(self) -> None:
        with self._beginning:
            if not self._is_moving:
                self._is_moving = True
                self._parts.jobs.start()

    def under_way(self, db: Database) -> float:
        """How many cells are computed and not yet stored."""
        return sum(share * _cells(db, task_id) for task_id, share in list(self._parts.engine.progress.items()))

    def stop(self) -> None:
        """End everything that was started here."""
        self._parts.engine.stop()
        self._parts.jobs.stop()
        self._parts.writer.stop()


class OtherProcess:
    """A laboratory that works in another process."""

    def __init__(self, folder: Folder, *, quiet: bool) -> None:
        from axiom.gate.client import SocketClient  # speaks HTTP, which whoever computes here need not wait for

        self._folder = folder
        self._quiet = quiet
        self._is_told = False
        self._remote = SocketClient(folder.socket)
        self._before = SweepProgress(cells=-1, open=0)
        self._since = time.monotonic()

    def submit(self, command: Command) -> Answer:
        """Have a command done by the other process."""
        return self._remote.submit(command)

    def begin(self) -> None:
        """It computes already; from now on something should come. Who waits is told for whom."""
        facts = read_lock_holder(self._folder) or {}
        who = f"The laboratory of process {facts['pid']}" if "pid" in facts else "The laboratory in this folder"
        if self._remote.status()["status"]["parts"]["engine"]:
            print_remark(f"{who} computes it; this command waits.", quiet=self._quiet)
        else:
            cure = f"`axiom work --data {self._folder.path}` gives it some"
            print_remark(f"{who} has it now, and no cores of its own: {cure}.", quiet=self._quiet)
        self._since = time.monotonic()

    def check(self, progress: SweepProgress) -> None:
        """The laboratory lives; and where it has no cores, somebody else brings something now and then."""
        if read_lock_holder(self._folder) is None:
            raise CannotStart(
                f"The laboratory in {self._folder.path} stopped while this command waited for it. What is ordered "
                "stays ordered; type the same command again and it is computed here."
            )
        if progress != self._before:
            self._before, self._since = progress, time.monotonic()
        elif time.monotonic() - self._since > _PATIENCE_SECONDS:
            self._demand_cores()
            self._since = time.monotonic()

    def under_way(self, db: Database) -> float:
        """Nothing of it can be seen from here."""
        return 0.0

    def _demand_cores(self) -> None:
        status = self._remote.status()["status"]
        is_out = any(row["tasks"].get("sent") for row in status["experiments"])
        if not status["parts"]["engine"] and not is_out:
            raise CannotStart(
                f"It is ordered, but the laboratory in {self._folder.path} has no cores and nobody computes for it. "
                f"`axiom work --data {self._folder.path}` gives it some; the same command then waits for the results."
            )
        if not status["parts"]["engine"] and not self._is_told:
            self._is_told = True
            print_remark(
                f"Nobody has brought a result for {_PATIENCE_SECONDS:.0f} s, though tasks are out. If whoever has them "
                f"is gone, `axiom work --data {self._folder.path}` computes what waits. Ctrl-C ends the waiting alone.",
                quiet=self._quiet,
            )


def _cells(db: Database, task_id: int) -> int:
    task = tasks.find_task(db, task_id)
    wanted = workunits.find_workunit(db, task.workunit_id) if task else None
    return len(wanted.replicates) * len(wanted.configs) if wanted else 0
