"""Computes on this computer's own cores: one warm runner per core, given tickets exactly as any host gets them."""

import json
import logging
import shutil
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from axiom.domain.work import Exit, Report
from axiom.engines.desk import Desk
from axiom.engines.runners import STOP_SECONDS, Template, end, hang_up, start_runner, start_template, tell
from axiom.errors import AxiomError, StoreError
from axiom.runner.files.atomic import place
from axiom.signed import bundles, outputs
from axiom.signed.signing import sync_folder
from axiom.signed.tickets import Order
from axiom.signed.trust import TRUST_FILE

log = logging.getLogger("axiom.local")

_IDLE_SECONDS = 0.5  # between two questions when no work is waiting
_KEPT = {".zip", ".seal"}


class LocalEngine:
    """Keeps `cores` runners busy with what the desk hands out. Runners end when this process ends, however it ends."""

    def __init__(
        self,
        desk: Desk,
        *,
        home: Path,
        host_id: int,
        cores: int,
        reported: Callable[[], None],
        is_modest: bool = False,
    ) -> None:
        """`is_modest`: let other programs on this computer come first."""
        self._desk = desk
        self._home = home.absolute()  # runners and their children work in other folders than we do
        self._host_id = host_id
        self._cores = cores
        self._reported = reported
        self._holding: set[int] = set()
        self._asking = threading.Lock()
        self._fetching = threading.Lock()
        self._proven: set[str] = set()  # bundles whose file was seen to be whole since this engine began
        self._stopping = threading.Event()
        self._runners: dict[int, subprocess.Popen[str]] = {}
        self._template: Template | None = None
        self._is_modest = is_modest
        self._threads: list[threading.Thread] = []
        self.progress: dict[int, float] = {}  # task id to the share that is done, for the status page

    def start(self, trust: bytes) -> None:
        """Begin computing for the laboratory whose keys these are."""
        self._home.mkdir(parents=True, exist_ok=True)
        _place(self._home / TRUST_FILE, trust)
        self._clear()
        self._template = start_template()
        for core in range(self._cores):
            thread = threading.Thread(target=self._loop, args=(core,), name=f"core-{core}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        """End the runners. What they were computing stays theirs and goes on after the next start."""
        self._stopping.set()
        for runner in list(self._runners.values()):
            end(runner)
        for thread in self._threads:
            thread.join(timeout=STOP_SECONDS)
        for runner in list(self._runners.values()):
            hang_up(runner)  # only now: a core listens until its runner is gone
        if self._template:
            self._template.end()

    def _clear(self) -> None:
        """What belongs to no task of ours is of no use to anybody: slots, bundles, their code, drafts of it."""
        held, used = {str(task) for task in self._desk.held()}, set()
        for slot in (self._home / "slots").glob("*"):
            if slot.name in held:
                used.add(_bundle_of(slot))
            else:
                shutil.rmtree(slot, ignore_errors=True)
        for tree in (self._home / "unpacked").glob("*"):
            if tree.name not in used:
                shutil.rmtree(tree, ignore_errors=True)
        for file in (self._home / "bundles").glob("*"):
            if file.stem not in used or file.suffix not in _KEPT:
                file.unlink(missing_ok=True)

    def _loop(self, core: int) -> None:
        while not self._stopping.is_set():
            try:
                order = self._next()
                if order is None:
                    self._stopping.wait(_IDLE_SECONDS)
                else:
                    self._compute(core, order)
            except Exception as error:  # a core must not fall idle for ever because of one task
                if not self._stopping.is_set():
                    foreseen = isinstance(error, AxiomError)
                    log.error("local.trouble core=%d %s", core, error, exc_info=not foreseen)
                    self._stopping.wait(2 * _IDLE_SECONDS)

    def _next(self) -> Order | None:
        # Asking and noting what was given must be one step: a second core asking in between would be sent the
        # same task again as one that this host has lost.
        with self._asking:
            orders = self._desk.ask(frozenset(self._holding), 1)
            for order in orders:
                self._holding.add(order.task)
            return orders[0] if orders else None

    def _compute(self, core: int, order: Order) -> None:
        slot = self._home / "slots" / str(order.task)
        try:
            ended = self._without_bundle(order) or self._obey(core, order, slot)
            if ended is None:
                return
            if ended["exit"] == Exit.BAD_BUNDLE:
                self._forget(order.bundle)
            output = Path(ended["output"]).read_bytes() if ended["output"] else None
            self._desk.report(_report(order, ended, self._host_id), output)
            shutil.rmtree(slot, ignore_errors=True)
            self._reported()
        finally:
            self.progress.pop(order.task, None)
            self._holding.discard(order.task)

    def _without_bundle(self, order: Order) -> dict[str, Any] | None:
        """How a task ends for which there is no bundle; None when it lies where the runner looks."""
        try:
            self._fetch(order.bundle)
        except StoreError:
            raise  # a disk that fails now may not fail for ever: the task stays ours
        except AxiomError as error:
            return _ended(Exit.BAD_BUNDLE, str(error))
        return None

    def _fetch(self, digest: str) -> None:
        """Put the bundle and its newest seal where the runner looks for them, each whole or not at all."""
        with self._fetching:
            archive, sealed = self._files(digest)
            archive.parent.mkdir(parents=True, exist_ok=True)
            seal = self._desk.seal(digest).encode()
            if not sealed.exists() or sealed.read_bytes() != seal:
                _place(sealed, seal)
            if digest not in self._proven or not archive.exists():  # one that was long unused has gone
                if not archive.exists() or bundles.digest(archive.read_bytes()) != digest:
                    _place(archive, self._desk.bundle(digest))
                self._proven.add(digest)

    def _forget(self, digest: str) -> None:
        """Fetch what the runner refused anew for the next task."""
        with self._fetching:
            self._proven.discard(digest)
            for file in self._files(digest):
                file.unlink(missing_ok=True)

    def _files(self, digest: str) -> tuple[Path, Path]:
        folder = self._home / "bundles"
        return folder / f"{digest}.zip", folder / f"{digest}.seal"

    def _obey(self, core: int, order: Order, slot: Path) -> dict[str, Any] | None:
        """Give the order to this core's runner and follow it to the end. None when the runner is gone."""
        runner = self._runner(core)
        slot.mkdir(parents=True, exist_ok=True)
        if runner.stdout is None:
            raise ValueError("a runner without pipes cannot be listened to")
        tell(runner, {"order": order.argv(), "slot": str(slot)})
        for line in runner.stdout:
            said = json.loads(line)
            if said.get("task") not in {order.task, None}:
                continue
            if "exit" in said:
                return dict(said)
            self.progress[order.task] = float(said.get("progress", 0.0))
        end(runner)
        hang_up(runner)
        self._runners.pop(core, None)
        if self._stopping.is_set():
            return None
        return _ended(Exit.RUNNER_FAULT, f"the runner ended by itself with status {runner.returncode}")

    def _runner(self, core: int) -> subprocess.Popen[str]:
        runner = self._runners.get(core)
        if runner is not None and runner.poll() is not None:
            end(runner)
            hang_up(runner)
            runner = None
        if runner is None:
            runner = self._runners[core] = start_runner(is_modest=self._is_modest, template=self._template)
            self._engage(runner)
        return runner

    def _engage(self, runner: subprocess.Popen[str]) -> None:
        tell(runner, {"home": str(self._home), "host": self._host_id})


def _report(order: Order, ended: dict[str, Any], host_id: int) -> Report:
    return Report(
        task_id=order.task,
        host_id=host_id,
        exit_status=int(ended["exit"]),
        output_digest=None,
        cpu_seconds=float(ended["cpu_seconds"]),
        elapsed_seconds=float(ended["elapsed_seconds"]),
        message=str(ended.get("message", "")),
    )


def _ended(status: Exit, message: str) -> dict[str, Any]:
    """How a task ends that brought nothing."""
    return {"exit": status, "output": None, "cpu_seconds": 0.0, "elapsed_seconds": 0.0, "message": message}


def _bundle_of(slot: Path) -> str:
    """The bundle under which a task began; nothing when it has not begun, and then any bundle is fetched again."""
    try:
        with (slot / "output.jsonl").open("rb") as file:
            return outputs.read_header(file.readline().removesuffix(b"\n")).bundle
    except (OSError, ValueError):
        return ""


def _place(path: Path, content: bytes) -> None:
    """The file is there whole, after a power cut too, or not at all."""
    place(path, content)
    sync_folder(path.parent)
