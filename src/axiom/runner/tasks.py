"""One order from its words to its output: check the ticket, check the code, compute cell by cell, say how it ended."""

import contextlib
import errno
import functools
import itertools
import json
import os
import socket
import threading
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Self

import axiom
from axiom.domain.work import Exit, Outcome
from axiom.errors import AxiomError, ChildKilled, ExperimentError, NoRoom
from axiom.limits import runner as limits
from axiom.runner.cells_by_core import compute_shares, share_out
from axiom.runner.child.environment import child_environment
from axiom.runner.child.parent_end import Child
from axiom.runner.child.pause import PauseGate, RunEnded
from axiom.runner.child.spawn import ask_for_copy
from axiom.runner.files.bundle_folders import open_bundle_folder
from axiom.runner.files.checkpoint_file import largest_state
from axiom.runner.files.checkpoint_keeper import CheckpointKeeper
from axiom.runner.files.home import RunnerHome
from axiom.runner.files.slot import Slot
from axiom.runner.platform.device import Device
from axiom.runner.platform.host import platform_here
from axiom.runner.platform.system import system
from axiom.signed import canonical_json, tickets
from axiom.signed.manifests import Manifest, read_manifest
from axiom.signed.outputs import CellAnswer, CellOutput, Header
from axiom.signed.sources import MANIFEST
from axiom.signed.tickets import Order, OrderedCell, Ticket

_SIDE_BY_SIDE = "axiom/kit/side_by_side.py"
_MOST_SAID = 300  # characters of what a cell that failed printed last
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_NO_MEMORY = (errno.ENOMEM, errno.EAGAIN)  # the second one: no process more


class SharedProgress:
    """How far a task is whose shares each tell it from a thread of their own."""

    def __init__(self, report: Callable[[float, int], None], seconds: Sequence[float]) -> None:
        self._report, self._seconds = report, seconds
        self._told = [(0.0, 0)] * len(seconds)
        self._lock = threading.Lock()

    def move(self, share: int, fraction: float, kept: int) -> None:
        with self._lock:
            self._told[share] = fraction, kept
            done = sum(weight * fraction for weight, (fraction, _) in zip(self._seconds, self._told, strict=True))
            self._report(done / sum(self._seconds), sum(times for _, times in self._told))


class ProgressTeller:
    def __init__(self, report: Callable[[float, int], None], seconds: Sequence[float], *, cells: int = 0) -> None:
        sums = tuple(itertools.accumulate(seconds, initial=0.0))
        self._shares = tuple(before / sums[-1] for before in sums)
        self._report = report
        self._cells, self._kept = cells, 0
        self._furthest = 0.0
        self.left = sum(seconds[cells:])

    @classmethod
    def of_one_step(cls, report: Callable[[float, int], None], seconds: Sequence[float], done: int) -> Self:
        """Tell of what is left behind so many cells as of a single one."""
        return cls(report, (sum(seconds[:done]), sum(seconds[done:])), cells=1)

    def finish(self) -> None:
        self._kept += 1
        self._cells += 1
        self.move(0.0)

    def keep(self, fraction: float) -> None:
        self._kept += 1
        self.move(fraction)

    def move(self, fraction: float) -> None:
        before, behind = self._shares[self._cells], self._shares[min(self._cells + 1, len(self._shares) - 1)]
        self._furthest = max(self._furthest, before + fraction * (behind - before))
        self._report(self._furthest, self._kept)


def expected_seconds(manifest: Manifest, cells: Sequence[OrderedCell]) -> tuple[float, ...]:
    """Return what the cells cost as their bundle says, or their limits where they are not all of its own sweep.

    A limit alone would not do: short cells of very different cost have the same one.
    """
    by_config = dict(zip(map(canonical_json.canonical_bytes, manifest.configs), manifest.cell_seconds, strict=True))
    points = {cell.config: cell.values for cell in cells}
    seconds = {config: by_config.get(canonical_json.canonical_bytes(values), 0.0) for config, values in points.items()}
    if all(seconds.values()):
        return tuple(seconds[cell.config] for cell in cells)
    return tuple(cell.cpu_limit for cell in cells)  # one measure for all of them


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckedOrder:
    """What was found to be the laboratory's own: the ticket, and the bundle that it names."""

    ticket: Ticket
    header: Header
    bundle: Mapping[str, bytes]
    manifest: Manifest


@dataclass(frozen=True, kw_only=True)
class Answer:
    """How an order ended. `message` is one sentence, empty when all went well.

    `may_pass`: the host was short of something that it may have later, so the same order may end better then.
    """

    task: int | None
    exit: Exit
    output: str | None
    cpu_seconds: float
    elapsed_seconds: float
    message: str
    may_pass: bool = False


class Runner:
    def __init__(
        self,
        home: RunnerHome,
        host: int,
        gate: PauseGate | None = None,
        spare: Child | None = None,
        pause: float = limits.CHECKPOINT_SECONDS,
        device: Device | None = None,
        template: socket.socket | None = None,
        most_starts: int = limits.STARTS_WITHOUT_PROGRESS,
        tells_words: bool = False,
        cores: int = 1,
    ) -> None:
        """`pause`: seconds, at least, between two states of a cell that are kept. `device`: the GPU to compute on.

        `template`: where to ask for a process that has imported JAX already, for the bundles that use it.
        `most_starts`: of a task that comes no further, before it is given up here. `tells_words`: what an experiment
        printed last at a failure leaves this computer, since it is the laboratory's own. `cores`: on which it may
        compute an order whose experiment asks for several.
        """
        self._cores = cores
        self._beside: tuple[Runner, ...] = ()  # those that compute a share of the present order each
        self._template = template
        self._most_starts, self._tells_words = most_starts, tells_words
        self._pause = pause
        self._device = device
        self._home = home
        self._host = host
        self._gate = gate or PauseGate()
        self._platform = platform_here()
        self._spare = spare  # a child that has no bundle yet, for the first that comes
        self._child: Child | None = None
        self._loaded = ""  # the bundle of that child
        self._said = ""
        self._tree: Path | None = None  # where the bundle of the present order lies, for its first child

    def obey(
        self, argv: Sequence[str], slot: Path, *, now: datetime, report: Callable[[int, float, int], None]
    ) -> Answer:
        """Carry out one order. Whatever happens becomes an answer; an Ended alone passes.

        `report` is told the task, which share of it is done, and how often more of it was kept in the slot since
        this process began: a whole cell, or some blocks of a long one.
        """
        began = time.monotonic()
        task: int | None = None
        self._said = ""
        done: list[CellOutput] = []
        message, output, may_pass = "", None, False
        try:
            order = Order.parse(argv)
            task = order.task
            message = self._obey(order, Slot(slot, self._most_starts), done, now=now, report=report)
            output = str(Slot(slot).output)
            status = Exit.CELL_FAILED if message else Exit.DONE
        except ExperimentError as fault:
            status, message = Exit.CELL_FAILED, str(fault)
        except AxiomError as fault:
            status, message, may_pass = Exit(fault.exit_code), str(fault), isinstance(fault, (ChildKilled, NoRoom))
        except Exception as fault:  # noqa: BLE001  a host's runner survives anything, and keeps the traceback
            self.note(traceback.format_exc())
            status, message, may_pass = self._classify(fault)
        return Answer(
            task=task,
            exit=status,
            output=output,
            cpu_seconds=sum(cell.cpu_seconds for cell in done),
            elapsed_seconds=time.monotonic() - began,
            message=message,
            may_pass=may_pass,
        )

    @property
    def cpu_seconds(self) -> float:
        gone, children = os.times(), [runner._child for runner in (self, *self._beside)]
        there = sum(system.usage(child.pid)[0] for child in children if child is not None)
        return gone.children_user + gone.children_system + there

    def stop(self) -> None:
        for child in (self._child, self._spare):
            if child is not None:
                child.stop()
        self._child = self._spare = None

    def note(self, text: str) -> None:
        """Keep a few lines for whoever looks into a fault; the log never grows beyond twice its limit."""
        log = self._home.log
        with contextlib.suppress(OSError):  # a full disk must not end the runner while it says so
            if log.exists() and log.stat().st_size > limits.LOG_BYTES:
                log.replace(log.with_suffix(".old"))
            with log.open("a", encoding="utf-8") as file:
                file.write(text.rstrip("\n") + "\n")

    def _classify(self, fault: Exception) -> tuple[Exit, str, bool]:
        number = fault.errno if isinstance(fault, OSError) else None
        if number in _NO_ROOM:
            home, why = self._home.path, os.strerror(number or 0)
            return Exit.NO_ROOM, f"There is no room left in {home} ({why}). Nothing was computed; make room.", True
        name, log = type(fault).__name__, self._home.log
        is_short = number in _NO_MEMORY or isinstance(fault, MemoryError)
        return Exit.RUNNER_FAULT, f"The runner itself failed ({name}); the traceback is in {log}.", is_short

    def _obey(
        self,
        order: Order,
        slot: Slot,
        done: list[CellOutput],
        *,
        now: datetime,
        report: Callable[[int, float, int], None],
    ) -> str:
        """Nothing of the bundle is touched before ticket, order and bundle are known to be the laboratory's."""
        trust = self._home.trust(now)
        ticket = tickets.read_ticket(order.ticket, trust=trust, now=now)
        tickets.check_order(order, ticket, host=self._host)
        bundle = self._home.proven(ticket, trust=trust, now=now)
        self._tree = self._home.unpacked(ticket.bundle, bundle)  # a child that has it imports of it whenever it likes

        checked = CheckedOrder(
            ticket=ticket, header=self._header(order, ticket), bundle=bundle, manifest=read_manifest(bundle[MANIFEST])
        )
        compute = self._compute_in_shares if checked.manifest.cores > 1 else self._compute_cells
        compute(checked, tuple(ticket.cells), slot, done, functools.partial(report, order.task))
        slot.finish(len(done))
        return _failures(done, self._said)

    def _compute_cells(
        self,
        checked: CheckedOrder,
        cells: Sequence[OrderedCell],
        slot: Slot,
        done: list[CellOutput],
        report: Callable[[float, int], None],
    ) -> None:
        ticket, manifest = checked.ticket, checked.manifest
        done.extend(slot.begin(checked.header, cells))
        seconds = expected_seconds(manifest, cells)
        is_batch = self._device is not None and manifest.side_by_side and _SIDE_BY_SIDE in checked.bundle
        if is_batch and len(done) < len(cells):
            self._compute_together(checked, cells, slot, done, ProgressTeller.of_one_step(report, seconds, len(done)))
            return
        progress = ProgressTeller(report, seconds, cells=len(done))
        if done or slot.kept.times:
            progress.move(slot.kept.fraction)
        keep = functools.partial(CheckpointKeeper, slot, pause=self._pause, most=largest_state(manifest.disk_mb))
        try:
            for cell in cells[len(done) :]:
                output = self._compute(cell, ticket, checked.bundle, keep, progress)
                slot.add(output)
                done.append(output)
                progress.finish()
        except RunEnded:
            slot.forgive()
            raise

    def _compute_in_shares(
        self,
        checked: CheckedOrder,
        cells: Sequence[OrderedCell],
        slot: Slot,
        done: list[CellOutput],
        report: Callable[[float, int], None],
    ) -> None:
        """Compute each share of the cells in a folder of its own, then write all of them in their order."""
        seconds = expected_seconds(checked.manifest, cells)
        shares = share_out(seconds, checked.manifest.cores)
        progress = SharedProgress(report, [sum(seconds[place] for place in share) for share in shares])
        ended: list[list[CellOutput]] = [[] for _ in shares]

        def compute(runner: "Runner", number: int) -> None:
            own = Slot(slot.path / f"share-{number}", self._most_starts)
            its_cells = [cells[place] for place in shares[number]]
            tell = functools.partial(progress.move, number)
            runner._compute_cells(checked, its_cells, own, ended[number], tell)

        gate, most = PauseGate(behind=self._gate), 1 if self._device else min(self._cores, len(shares))
        self._beside = tuple(Runner(self._home, self._host, gate, pause=self._pause) for _ in range(most) if most > 1)
        try:
            compute_shares(len(shares), self._beside or (self,), gate, compute)
        finally:
            self._said = next((runner._said for runner in self._beside if runner._said), self._said)
            self._beside = ()
            by_place = {
                place: cell for pair in zip(shares, ended, strict=True) for place, cell in zip(*pair, strict=False)
            }
            done.extend(by_place[place] for place in sorted(by_place))
        for cell in done[len(slot.begin(checked.header, cells)) :]:
            slot.add(cell)

    def _compute_together(
        self,
        checked: CheckedOrder,
        cells: Sequence[OrderedCell],
        slot: Slot,
        done: list[CellOutput],
        progress: ProgressTeller,
    ) -> None:
        """Compute on the GPU, side by side and as one step, what is left of the cells."""
        left, ticket = cells[len(done) :], checked.ticket
        child = self._warm(ticket, checked.bundle)
        cpu_limit = max(cell.cpu_limit for cell in left) + progress.left  # never longer than one after the other
        try:
            answers = child.compute_together(
                [(cell.values, cell.seed) for cell in left],
                cpu_limit=cpu_limit,
                wall_limit=max(limits.LEAST_CELL_SECONDS, limits.TIMES_CPU_LIMIT * cpu_limit),
                memory_mb=ticket.memory_mb,
                on_progress=progress.move,
            )
        except RunEnded:
            slot.forgive()
            raise
        for cell, answer in zip(left, answers, strict=True):
            output = self._output(cell, answer, child, ticket)
            slot.add(output)
            done.append(output)
        progress.finish()

    def _compute(
        self,
        cell: OrderedCell,
        ticket: Ticket,
        bundle: Mapping[str, bytes],
        keep: Callable[..., CheckpointKeeper],
        progress: ProgressTeller,
    ) -> CellOutput:
        child = self._warm(ticket, bundle)
        answer = child.compute(
            cell.values,
            cell.seed,
            cpu_limit=cell.cpu_limit,
            wall_limit=max(limits.LEAST_CELL_SECONDS, limits.TIMES_CPU_LIMIT * cell.cpu_limit),
            memory_mb=ticket.memory_mb,
            on_progress=progress.move,
            keeping=keep(on_kept=lambda kept: progress.keep(kept.fraction)),
        )
        return self._output(cell, answer, child, ticket)

    def _output(self, cell: OrderedCell, answer: CellAnswer, child: Child, ticket: Ticket) -> CellOutput:
        if answer.outcome is Outcome.FAILED:
            if self._tells_words:
                self._said = self._said or child.printed.strip().rpartition("\n")[2]
            self.note(
                f"cell.failed task={ticket.task} replicate={cell.replicate} config={cell.config}\n{child.printed}"
            )
        fields = {name: getattr(answer, name) for name in CellAnswer.__dataclass_fields__}
        return CellOutput(replicate=cell.replicate, config=cell.config, seed=cell.seed, **fields)

    def _warm(self, ticket: Ticket, bundle: Mapping[str, bytes]) -> Child:
        if self._child is None or not self._child.alive or self._loaded != ticket.bundle:
            self._child = self._fresh_child(ticket, bundle)
            self.note(f"child.held {self._child.held}")
            self._loaded = ticket.bundle
        return self._child

    def _fresh_child(self, ticket: Ticket, bundle: Mapping[str, bytes]) -> Child:
        module = f"axiom.catalogue.{ticket.experiment}"
        # Compared once for its first child, just now; whoever comes after that one may find the files changed.
        tree, self._tree = self._tree or self._home.unpacked(ticket.bundle, bundle), None
        surroundings = child_environment(open_bundle_folder(self._home.cache, ticket.bundle), self._device)
        spare, self._spare = self._spare, None
        if copy := self._copy_of_template(bundle):
            self.stop()
            if spare is not None:
                spare.stop()
            spare = copy
        elif spare is None or not spare.alive:
            self.stop()
            return Child.start(tree, module, surroundings, self._gate)
        spare.load(tree, module, surroundings)
        return spare

    def _copy_of_template(self, bundle: Mapping[str, bytes]) -> Child | None:
        """A copy of the process that has imported JAX, for a bundle that uses it; None where there is none."""
        if self._template is None or not read_manifest(bundle[MANIFEST]).avx:
            return None
        process = ask_for_copy(self._template)
        return Child({}, self._gate, process=process) if process else None

    def _header(self, order: Order, ticket: Ticket) -> Header:
        return Header(
            task=ticket.task,
            host=ticket.host,
            experiment=ticket.experiment,
            version=ticket.version,
            bundle=ticket.bundle,
            ticket_text=order.ticket,
            runner=axiom.__version__,
            platform=self._platform,
        )


def _failures(done: Sequence[CellOutput], said: str) -> str:
    """What failed first, and where; `said` is the last line that it printed, which a traceback ends with."""
    failed = [cell for cell in done if cell.outcome is Outcome.FAILED]
    if not failed or failed[0].error is None:
        return ""
    first, error = failed[0], failed[0].error
    words = f", and said {json.dumps(said[:_MOST_SAID])}" if said else ""
    return (
        f"{len(failed)} of {len(done)} cells raised, first replicate {first.replicate} at config {first.config}: "
        f"{error.kind} at {error.where}{words}. The task fails here and is tried again elsewhere."
    )


def answer_data(answer: Answer) -> dict[str, object]:
    return asdict(answer) | {"exit": int(answer.exit)}
