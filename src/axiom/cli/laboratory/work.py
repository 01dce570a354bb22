"""`axiom work`: more cores for a laboratory that is running, in a process of their own."""

import contextlib
import fcntl
import signal
import threading
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from axiom.cli.options import data_option, quiet_option
from axiom.commands.remote import Remote
from axiom.domain.work import Report
from axiom.engines.local import LocalEngine
from axiom.engines.this_computer import cores, this_capacity
from axiom.errors import CannotStart, FolderInUse, NotFound
from axiom.runner.platform.host import platform_here
from axiom.service.access import demand, reading
from axiom.service.terminal import remark
from axiom.settings import from_process
from axiom.signed.tickets import Order
from axiom.signed.trust import TRUST_FILE
from axiom.store.engine import blobs
from axiom.store.engine.folder import Folder, holder
from axiom.store.experiments import experiments


class RemoteDesk:
    """The desk of a laboratory in another process: asks and reports through its socket, reads through a reader."""

    def __init__(self, folder: Folder, name: str, workers: int) -> None:
        self._folder = folder
        self._remote = Remote(folder.socket)
        said = {
            "name": name,
            "platform": asdict(platform_here()),
            "capacity": asdict(this_capacity(workers)),
        }
        self.host_id = int(self._remote.say("/desk/hello", said)["host"])

    def held(self) -> frozenset[int]:
        """The tasks that are out to this host."""
        return frozenset(self._ask(frozenset(), 0)["held"])

    def ask(self, holding: frozenset[int], wanted: int) -> Sequence[Order]:
        """Orders for this host."""
        return [Order.parse(argv) for argv in self._ask(holding, wanted)["orders"]]

    def report(self, report: Report, output: bytes | None) -> None:
        """Take a finished task. The output travels as a file, which both processes see."""
        path = None
        if output is not None:
            path = self._folder.engine.absolute() / "reports" / f"{report.task_id}.jsonl"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(output)
        said = {"host": self.host_id, "report": asdict(report), "output": str(path) if path else None}
        self._remote.say("/desk/report", said)
        if path is not None:
            path.unlink(missing_ok=True)

    def seal(self, digest: str) -> str:
        """The newest signature over a bundle."""
        with reading(self._folder) as db:
            found = experiments.bundle(db, digest)
        if found is None:
            raise NotFound(f"There is no bundle {digest[:12]} here.")
        return found.seal

    def bundle(self, digest: str) -> bytes:
        """A bundle's bytes."""
        with reading(self._folder) as db:
            return blobs.get(db, self._folder, digest)

    def _ask(self, holding: frozenset[int], wanted: int) -> dict[str, Any]:
        return self._remote.say("/desk/ask", {"host": self.host_id, "holding": sorted(holding), "wanted": wanted})


@click.command()
@data_option
@click.option("--engine", type=click.Choice(["local"]), default="local", show_default=True, help="Where tasks run.")
@click.option("--name", default="more cores", show_default=True, help="This engine's name; one at a time has it.")
@click.option("--workers", type=click.IntRange(1, 4_096), default=None, help="How many cores; all of them if not said.")
@quiet_option
def work(folder: Folder, engine: str, name: str, workers: int | None, quiet: bool) -> None:
    """Compute for a laboratory that is running on this computer, until Ctrl-C or until it is gone."""
    del engine
    demand(folder)
    if holder(folder) is None:
        raise CannotStart(f"No laboratory runs in {folder.path}, so there is nothing to compute. Start `axiom serve`.")
    amount = workers or cores()
    is_modest = from_process(folder.settings)[0].priority == "low"
    home = folder.path / "engines" / "".join(sign if sign.isalnum() else "-" for sign in name)
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: stopping.set())
    with _alone(home, name):
        desk = RemoteDesk(folder, name, amount)
        local = LocalEngine(
            desk, home=home, host_id=desk.host_id, cores=amount, reported=lambda: None, is_modest=is_modest
        )
        local.start((folder.keys / TRUST_FILE).read_bytes())
        remark(f"{amount} cores compute as host {desk.host_id}. Ctrl-C stops them.", quiet=quiet)
        while not stopping.wait(2.0) and holder(folder) is not None:
            continue
        local.stop()
    remark("Stopped. The same command goes on from here.", quiet=quiet)


@contextlib.contextmanager
def _alone(home: Path, name: str) -> Iterator[None]:
    """Two engines of one name would take each other's tasks for lost."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / "engine.lock").open("w") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise FolderInUse(
                f"An engine named {name!r} computes already. Nothing was started; give this one another --name."
            ) from error
        yield
