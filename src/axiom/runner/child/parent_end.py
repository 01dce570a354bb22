"""The parent's end of the pipe: one warm process for one unpacked bundle, and the limits of each cell."""

import contextlib
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any, Self

from axiom.domain.work import Outcome
from axiom.errors import ChildKilled, ChildLost, ExperimentError, GpuUnusable, MemoryLimit
from axiom.limits import runner as limits
from axiom.runner.child.pause import AwakeClock, PauseGate, RunEnded
from axiom.runner.child.resource_limits import Bounds, limit_data
from axiom.runner.child.spawn import StartedProcess, child_command, spawn_child
from axiom.runner.confine.bubblewrap import Sandbox
from axiom.runner.files.checkpoint_keeper import CheckpointKeeper, read_progress_fraction
from axiom.runner.platform.system import system
from axiom.signed import canonical_json, outputs
from axiom.signed.outputs import CellAnswer

_SIGNALLED = 128  # what a box adds to the number of the signal by which the process in it ended
_LAST_SIGNAL = 64
_WAITING = 2.0  # seconds between the end of its pipe and its own
_TAIL_LIMIT = 64 * 1024  # of what the experiment prints
_CHUNK = 64 * 1024
_POLL = 0.1
_SLACK = 0.05  # CPU seconds between a cell and its surroundings: the system counts in hundredths
_LAST_SECONDS = 2.0  # for the state of a cell that has to stop
_AMISS = "it answered amiss"


def explain_ending(process: StartedProcess, *, is_boxed: bool) -> tuple[str, type[ChildLost]]:
    """In words, and as which error it counts."""
    try:
        status = process.wait(timeout=_WAITING)
    except subprocess.TimeoutExpired:
        return "it closed its pipe", ChildLost
    if is_boxed and _SIGNALLED < status <= _SIGNALLED + _LAST_SIGNAL:
        status = _SIGNALLED - status
    if status >= 0:
        return f"it ended by itself with status {status}", ChildLost
    names = {number.value: number.name for number in signal.Signals}
    name = names.get(-status, f"signal {-status}")  # those of real time have no names
    if name == "SIGKILL":
        return "it was ended by SIGKILL, perhaps because the host ran out of memory", ChildKilled
    return f"it was ended by {name}", ChildLost


@dataclass(frozen=True, kw_only=True)
class ModuleDeclaration:
    module: str
    manifest: Mapping[str, Any] | None
    fault: Mapping[str, str] | None = None  # kind, where and text


# BOINC computes at the lowest priority: beside other programs a process may have a thousandth of a core for hours, so
# what counts is that it moves. One that moves and comes nowhere is ended in the end all the same.
class _Stillness:
    def __init__(self) -> None:
        self._cpu = -1.0
        self._since = AwakeClock()

    def seconds(self, cpu: float) -> float:
        if cpu > self._cpu:
            self._cpu, self._since = cpu, AwakeClock()
        return self._since.seconds()


class Child:
    def __init__(
        self,
        environment: Mapping[str, str],
        gate: PauseGate | None = None,
        preloaded: Sequence[str] = (),
        box: Sandbox | None = None,
        process: StartedProcess | None = None,
    ) -> None:
        """Start a process. It imports what is installed under these names, and then waits for a bundle.

        It stands still while the gate is shut; without one, nothing ever holds it up. `process` was started before.
        """
        self._box = box
        if box:
            process, self._computing = box.start(child_command(box.parent, preloaded), environment)
        else:
            process = process or spawn_child(environment, preloaded)
            self._computing = process.pid
        self._process = process
        self._gate = gate or PauseGate()
        self._bounds: Bounds | None = None
        self.held = ""  # what keeps the process in, in its own words from before the bundle
        self._is_halted = False
        self._charged: float | None = None  # CPU seconds of the process before those of the next cell
        self._buffer = b""
        self._tail = b""
        assert process.stdin is not None and process.stdout is not None and process.stderr is not None  # noqa: S101, PT018
        self._stdin, self._stdout, self._stderr = process.stdin, process.stdout, process.stderr
        self._streams = system.streams(self._stdout, self._stderr)

    @classmethod
    def start(
        cls,
        tree: Path,
        module: str,
        environment: Mapping[str, str],
        gate: PauseGate | None = None,
        box: Sandbox | None = None,
    ) -> Self:
        child = cls(environment, gate, box=box)
        child.load(tree, module, environment)
        return child

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def printed(self) -> str:
        """The end of what the experiment printed: its own words, for a person's eyes only."""
        return self._tail.decode(errors="replace")

    def load(self, tree: Path, module: str, environment: Mapping[str, str]) -> None:
        try:
            self._say(do="load", tree=str(tree), module=module, environment=self._settle(environment))
            self.held = self._await("held")
            fault = self._await("loaded")
            self._demand(fault is None or _is_fault(fault))
        except BaseException:
            self.stop()
            raise
        if fault:
            self.stop()
            if fault["kind"] == GpuUnusable.__name__:
                raise GpuUnusable(fault["text"])
            raised = f"{fault['kind']} at {fault['where']}: {fault['text']}"
            raise ExperimentError(f"{module} cannot be used: {raised}. Nothing of it was computed.")

    def describe(
        self, tree: Path, modules: Sequence[str], environment: Mapping[str, str], patience: float | None = None
    ) -> tuple[ModuleDeclaration, ...]:
        waited = AwakeClock()
        words = self._settle(environment)
        self._say(do="describe", tree=str(tree), modules=list(modules), environment=words)
        self.held = self._await("held", waited, patience)
        answers = self._await("described", waited, patience)
        self._demand(isinstance(answers, list) and len(answers) == len(modules))
        return tuple(self._declaration(module, item) for module, item in zip(modules, answers, strict=True))

    def compute(
        self,
        config: Mapping[str, object],
        seed: int,
        *,
        cpu_limit: float,
        wall_limit: float,
        memory_mb: float,
        on_progress: Callable[[float], None],
        keeping: CheckpointKeeper | None = None,
    ) -> CellAnswer:
        """Compute one cell within its limits; over its time it is LATE and this process is gone.

        With `keeping` it goes on from what was kept, whose CPU time counts, and its state is kept now and then.
        """
        bounds = self._bounds
        if bounds is None:
            raise self._lost("it was given no bundle")
        limit_data(self._computing, memory_mb)
        used = system.usage(self._computing)[0] if self._charged is None else self._charged
        began = used - (keeping.cpu_seconds if keeping else 0.0)
        self._say(do="compute", config=dict(config), seed=seed, keep=keeping and keeping.begin(bounds.scratch))
        try:
            return self._follow(began, cpu_limit, wall_limit, memory_mb, on_progress, keeping)[0]
        except RunEnded:
            answer = keeping and self._last_words(began, keeping)
            if answer:
                return answer
            raise
        except Exception:
            self.stop()  # amid a cell, whose answer would be taken for that of the next one
            raise
        finally:
            if keeping:
                keeping.end()

    def compute_together(
        self,
        cells: Sequence[tuple[Mapping[str, object], int]],
        *,
        cpu_limit: float,
        wall_limit: float,
        memory_mb: float,
        on_progress: Callable[[float], None],
    ) -> list[CellAnswer]:
        """Compute cells side by side, as one step within its limits: over its time, all of them are LATE.

        Nothing is kept on the way. `on_progress` is told how far all of them are.
        """
        if self._bounds is None:
            raise self._lost("it was given no bundle")
        self._bounds.threads = limits.THREADS + limits.THREADS_OF_CELLS
        limit_data(self._computing, memory_mb)
        began = system.usage(self._computing)[0] if self._charged is None else self._charged
        self._say(do="compute_together", cells=[[dict(config), seed] for config, seed in cells])
        try:
            return self._follow(began, cpu_limit, wall_limit, memory_mb, on_progress, None, len(cells))
        except Exception:
            self.stop()
            raise

    def _follow(
        self,
        began: float,
        cpu_limit: float,
        wall_limit: float,
        memory_mb: float,
        on_progress: Callable[[float], None],
        keeping: CheckpointKeeper | None,
        cells: int = 1,
    ) -> list[CellAnswer]:
        answers: list[CellAnswer] = []
        early: tuple[float, ...] = ()
        waited, still = AwakeClock(), _Stillness()  # a host that slept must not find every cell late
        while True:
            self._attend()
            message = self._hear(_POLL) or {}
            if "answer" in message:
                answers.append(self._with_seconds(self._answer(message["answer"]), began))
                if len(answers) < cells:
                    continue
                self._charged = system.usage(self._computing)[0]
                return answers
            fraction = read_progress_fraction(message)
            if fraction is not None:
                on_progress(fraction)
            early = self._early(message, early)
            if keeping:
                keeping.hear(message, system.usage(self._computing)[0] - began)
            cpu = self._watch(memory_mb, "the ticket allows")
            is_stuck = still.seconds(cpu) > limits.STILL_SECONDS or waited.seconds() > wall_limit
            if is_stuck or cpu - began > cpu_limit:
                self.stop()
                spent = max(0.0, cpu - began) / cells
                return [CellAnswer(outcome=Outcome.LATE, measures=None, early=early, cpu_seconds=spent)] * cells

    def _with_seconds(self, answer: CellAnswer, began: float) -> CellAnswer:
        """A boxed process says itself what a cell took; the system's word counts where that is clearly more."""
        if not self._box:
            return answer
        used = system.usage(self._computing)[0] - began - _SLACK
        return replace(answer, cpu_seconds=max(answer.cpu_seconds, used))

    def _last_words(self, began: float, keeping: CheckpointKeeper) -> CellAnswer | None:
        if self._is_halted or not keeping.hurry(system.usage(self._computing)[0] - began):
            return None
        until = time.monotonic() + _LAST_SECONDS
        with contextlib.suppress(ChildLost):
            while time.monotonic() < until:
                message = self._hear(_POLL) or {}
                if "answer" in message:
                    return self._answer(message["answer"])
                if keeping.hear(message, system.usage(self._computing)[0] - began):
                    return None
        return None

    def stop(self) -> None:
        if self.alive:
            system.end(self.pid)
        self._process.wait()
        self._streams.close()
        for stream in (self._stdin, self._stdout, self._stderr):
            with contextlib.suppress(OSError):  # a question that never left; the process is gone
                stream.close()
        self._leave()

    def _settle(self, environment: Mapping[str, str]) -> dict[str, str]:
        self._leave()
        self._bounds = Bounds(self._computing, Path(environment["JAX_COMPILATION_CACHE_DIR"]))
        if self._box:
            self._box.give(self._bounds.scratch)
        limit_data(self._computing, limits.IMPORT_MB)
        return {**environment, **dict.fromkeys(("HOME", "TMPDIR"), str(self._bounds.scratch))}

    def _leave(self) -> None:
        if self._bounds is not None:
            self._bounds.clear()
            self._bounds = None

    def _watch(self, memory_mb: float, who_allows: str) -> float:
        cpu, held_mb = system.usage(self._computing)
        if held_mb > memory_mb:
            self.stop()
            then = "" if self._box else " the task fails here, and"
            raise MemoryLimit(
                f"The computing process held {held_mb:.0f} MB, and {who_allows} {memory_mb:.0f}. It was stopped;{then} "
                "the experiment must say that it needs more."
            )
        excess = self._bounds.excess() if self._bounds is not None else ""
        if excess:
            self.stop()
            raise self._lost(excess)
        return cpu

    def _answer(self, data: object) -> CellAnswer:
        try:
            return outputs.read_answer(data)
        except ValueError as fault:
            raise self._lost(f"it answered out of form: {fault}") from None

    def _demand(self, is_in_form: bool) -> None:
        if not is_in_form:
            raise self._lost(_AMISS)

    def _declaration(self, module: str, item: object) -> ModuleDeclaration:
        answer = item if isinstance(item, dict) else {}
        manifest, fault = answer.get("manifest"), answer.get("fault")
        self._demand(isinstance(manifest, dict) if fault is None else _is_fault(fault))
        return ModuleDeclaration(module=module, manifest=manifest, fault=fault)

    def _early(self, message: Mapping[str, Any], before: tuple[float, ...]) -> tuple[float, ...]:
        try:
            return outputs.read_early(message["early"]) if "early" in message else before
        except ValueError as fault:
            raise self._lost(f"it spoke out of form: {fault}") from None

    def _say(self, **message: Any) -> None:
        try:
            self._stdin.write(canonical_json.canonical_bytes(message) + b"\n")
            self._stdin.flush()
        except OSError:  # on Windows a broken pipe is an invalid argument
            raise self._lost() from None

    def _await(self, key: str, waited: AwakeClock | None = None, patience: float | None = None) -> Any:
        waited, still, message, is_late = waited or AwakeClock(), _Stillness(), None, False
        while message is None and not is_late:
            self._attend()
            message = self._hear(_POLL)
            if message is None:
                cpu, seconds = (
                    self._watch(limits.IMPORT_MB, "while it is imported an experiment may hold"),
                    waited.seconds(),
                )
                is_stuck = cpu > limits.IMPORT_CPU_SECONDS or still.seconds(cpu) > limits.STILL_SECONDS
                is_late = seconds > patience if patience else is_stuck or seconds > limits.IMPORT_SECONDS
        if message is None or key not in message:
            raise self._lost(f"it said nothing for {waited.seconds():.0f} seconds" if message is None else _AMISS)
        return message[key]

    def _attend(self) -> None:
        if self._gate.is_shut:
            system.halt(self.pid)
            self._is_halted = True
            self._gate.wait()
            system.go_on(self.pid)
            self._is_halted = False
        else:
            self._gate.wait()

    def _hear(self, seconds: float) -> dict[str, Any] | None:
        until = time.monotonic() + seconds
        while b"\n" not in self._buffer:
            rest = until - time.monotonic()
            chunks = self._streams.read(rest) if rest > 0 else []
            if not chunks:
                return None
            for stream, chunk in chunks:
                self._drain(stream, chunk)
        line, _, self._buffer = self._buffer.partition(b"\n")
        try:
            return canonical_json.parse_canonical(line, limit=outputs.ANSWER_LIMIT)
        except ValueError as fault:
            raise self._lost(f"it spoke out of form: {fault}") from None

    def _drain(self, stream: IO[bytes], chunk: bytes) -> None:
        if stream is self._stderr:
            self._tail = (self._tail + chunk)[-_TAIL_LIMIT:]
        else:
            self._buffer += chunk
            if not chunk:
                raise self._lost()
            if len(self._buffer) > outputs.ANSWER_LIMIT + _CHUNK:
                raise self._lost(f"it spoke without end: a line may have {outputs.ANSWER_LIMIT:,} bytes")

    def _lost(self, why: str = "") -> ChildLost:
        why, kind = (why, ChildLost) if why else explain_ending(self._process, is_boxed=self._box is not None)
        self.stop()
        then = "Nothing more was computed." if self._box else "The task fails here and is tried again elsewhere."
        return kind(f"The computing process is lost: {why}. {then}")


def _is_fault(fault: object) -> bool:
    if not isinstance(fault, dict) or fault.keys() != {"kind", "text", "where"}:
        return False
    return all(isinstance(word, str) and word.isprintable() for word in fault.values())
