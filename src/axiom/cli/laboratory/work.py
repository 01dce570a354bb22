"""`axiom work`: more cores for a laboratory that is running, in a process of their own, here or on a cluster."""

import contextlib
import fcntl
import re
import signal
import threading
from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from axiom.cli.output import data_option, quiet_option
from axiom.commands.client import Remote
from axiom.domain.work import Report
from axiom.engines.available_resources import cores, this_capacity
from axiom.engines.local_engine import LocalEngine
from axiom.errors import CannotStart, FolderInUse, NotFound, WrongUse
from axiom.runner.platform.host import platform_here
from axiom.service.open_laboratory import demand, reading
from axiom.settings import from_process
from axiom.signed.tickets import Order
from axiom.signed.trust import TRUST_FILE
from axiom.store.engine import blobs
from axiom.store.engine.folder import Folder, holder
from axiom.store.experiments import experiments
from axiom.terminal import remark


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

    def report(self, finished: Sequence[tuple[Report, bytes | None]]) -> None:
        """Take finished tasks. Their outputs travel as files, which both processes see."""
        folder = self._folder.engine.absolute() / "reports"
        said: list[dict[str, Any]] = []
        for report, output in finished:
            path = None
            if output is not None:
                path = folder / f"{report.task_id}.jsonl"
                folder.mkdir(parents=True, exist_ok=True)
                path.write_bytes(output)
            said.append({"report": asdict(report), "output": str(path) if path else None})
        self._remote.say("/desk/report", {"host": self.host_id, "finished": said})
        for one in said:
            if one["output"] is not None:
                Path(one["output"]).unlink(missing_ok=True)

    def look(self, holding: frozenset[int]) -> tuple[frozenset[int], frozenset[int]]:
        """Which of these tasks nobody wants any more."""
        answer = self._remote.say("/desk/look", {"host": self.host_id, "holding": sorted(holding)})
        return frozenset(answer["at_once"]), frozenset(answer["if_not_begun"])

    def give_back(self, tasks: Collection[int]) -> None:
        """Others may have these tasks."""
        self._remote.say("/desk/give_back", {"host": self.host_id, "tasks": sorted(tasks)})

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


_UNITS = {"s": 1.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0}


def _duration(_context: click.Context, _parameter: click.Parameter, said: str | None) -> float | None:
    if said is None:
        return None
    found = re.fullmatch(r"([0-9]{1,6})([smhd])", said.strip())
    if found is None:
        raise click.BadParameter(f"{said!r} is not like 90s, 55m, 12h or 2d.")
    return int(found[1]) * _UNITS[found[2]]


@click.command()
@data_option
@click.option("--server", metavar="URL", help="A laboratory on another computer, such as https://lab.example/.")
@click.option("--lab", metavar="DIGEST", help="Which laboratory that must be, as `axiom cluster add` said it.")
@click.option("--key-file", type=click.Path(path_type=Path), help="The file with the cluster's key, of mode 0600.")
@click.option(
    "--scratch",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where half-done work is kept for whoever comes back to this node; without it nothing is kept.",
)
@click.option(
    "--for",
    "seconds",
    metavar="TIME",
    callback=_duration,
    help="Begin nothing after so long, as 55m or 12h; a minute later it is over.",
)
@click.option(
    "--when-idle",
    type=click.Choice(["stop", "wait"]),
    default="stop",
    show_default=True,
    help="With --server, when no work is left.",
)
@click.option(
    "--leash", is_flag=True, help="With --server, end when standard input ends: whoever started this is gone."
)
@click.option(
    "--engine",
    type=click.Choice(["here", "dask"]),
    default="here",
    show_default=True,
    help="With --server, compute here, or have a pilot on each worker of a Dask cluster.",
)
@click.option("--scheduler", metavar="ADDRESS", help="With --engine dask, its scheduler, such as tls://10.0.0.1:8786.")
@click.option("--name", help="This engine's name; with --server that of the node, else one at a time has it.")
@click.option(
    "--cores", "--workers", "cores_said", type=click.IntRange(1, 4_096), help="How many cores; all of them if not said."
)
@quiet_option
def work(folder: Folder, name: str | None, cores_said: int | None, quiet: bool, **said: Any) -> None:
    """Compute for a laboratory that is running, until Ctrl-C or until it is gone.

    Without --server the laboratory is one on this computer. With it this is a pilot, which a cluster's scheduler
    starts: it needs --lab and --key-file, and no data folder.
    """
    amount = cores_said or cores()
    if said["server"] is None:
        if said["engine"] != "here":
            raise WrongUse("--engine dask needs --server as well. Nothing was started.")
        _beside(folder, name or "more cores", amount, quiet=quiet)
        return
    if lacking := [option for option in ("lab", "key_file") if said[option] is None]:
        raise WrongUse(f"--server needs --{lacking[0].replace('_', '-')} as well. Nothing was started.")
    if said["engine"] == "dask":
        _on_dask(name, cores_said, said, quiet=quiet)
        return
    from axiom.service.pilot_job import PilotOrders, fly  # whoever computes beside a laboratory does not wait for it

    fly(
        PilotOrders(
            server=said["server"],
            lab=said["lab"],
            key_file=said["key_file"],
            scratch=said["scratch"],
            cores=amount,
            name=name or "",
            seconds=said["seconds"],
            waits=said["when_idle"] == "wait",
            is_on_leash=said["leash"],
        ),
        quiet=quiet,
    )


def _on_dask(name: str | None, cores_said: int | None, said: dict[str, Any], *, quiet: bool) -> None:
    """Have a pilot on each worker of a Dask cluster. Paths are the workers': the key's file is read there alone."""
    if said["scheduler"] is None:
        raise WrongUse("--engine dask needs --scheduler as well. Nothing was started.")
    try:
        from axiom.engines.dask import fly_on_workers
    except ImportError as error:
        raise CannotStart(
            f"The package distributed is not there ({error}). Nothing was started; install axiom-lab[dask]."
        ) from error
    words = ["--server", said["server"], "--lab", said["lab"], "--key-file", str(said["key_file"])]
    words += ["--when-idle", said["when_idle"]]
    words += ["--scratch", str(said["scratch"])] if said["scratch"] else []
    words += ["--name", name] if name else []
    told = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: told.set())
    status, why = fly_on_workers(
        said["scheduler"],
        words,
        cores=cores_said,
        seconds=said["seconds"],
        told=told,
        remark=lambda text: remark(text, quiet=quiet),
    )
    if status:
        remark(why, quiet=False)
        raise click.exceptions.Exit(status)


def _beside(folder: Folder, name: str, amount: int, *, quiet: bool) -> None:
    """Compute for a laboratory on this computer."""
    demand(folder)
    if holder(folder) is None:
        raise CannotStart(f"No laboratory runs in {folder.path}, so there is nothing to compute. Start `axiom serve`.")
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
