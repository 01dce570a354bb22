"""Computes on this computer's own cores: one warm runner per core, given tickets exactly as any host gets them."""

import contextlib
import json
import logging
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from axiom.domain.work import Exit, Report
from axiom.errors import AxiomError, CannotStart, HeldByAnother, NotAllowed, StoreError
from axiom.limits import tasks as limits
from axiom.runner.child.environment import child_environment
from axiom.runner.child.spawn import NEARLY_ALWAYS, spawn_template
from axiom.signed import bundles, outputs
from axiom.signed.atomic_files import write_atomically
from axiom.signed.tickets import Order
from axiom.signed.trust import TRUST_FILE

STOP_SECONDS = 5.0  # for a runner to end by itself
_TAKES_LONG = (*NEARLY_ALWAYS, "jax", "jax.numpy")
log = logging.getLogger("axiom.local")
_IDLE_SECONDS = 0.5  # between two questions when no work is waiting
_TROUBLE_SECONDS = 1.0
_KEPT = {".zip", ".seal"}


class TemplateProcess:
    """A process that imports JAX once, when it is first wanted, and copies itself for the runners of one engine.

    It ends when this end and those of all runners are closed, so also when this process is killed.
    """

    def __init__(self) -> None:
        """Start it. Where it cannot work it ends at once, and runners start their processes in the plain way."""
        self.asked, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = spawn_template(theirs.fileno(), child_environment(), _TAKES_LONG)

    @property
    def pid(self) -> int:
        return self._process.pid

    def end(self) -> None:
        """Let it end, after the runners."""
        self.asked.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=STOP_SECONDS)
        self._process.kill()
        self._process.wait()


def start_template() -> TemplateProcess | None:
    return TemplateProcess() if sys.platform == "linux" else None


def start_runner(*, is_modest: bool, template: TemplateProcess | None = None) -> subprocess.Popen[str]:
    """A runner that waits to be told for whom it computes. It ends when its standard input does.

    `is_modest`: it lets other programs on this computer come first. `template` gives it its computing processes.
    """
    modest = ["--low-priority"] if is_modest else []
    copies = ["--template", str(template.asked.fileno())] if template else []
    return subprocess.Popen(
        # No folder of ours or of the person's is looked through for modules: the package is installed.
        [sys.executable, "-P", "-m", "axiom.runner.main", "--serve", *modest, *copies],
        pass_fds=(template.asked.fileno(),) if template else (),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,
        start_new_session=True,  # Ctrl-C is the laboratory's to handle, not each runner's
    )


def send_to_runner(runner: subprocess.Popen[str], line: dict[str, Any]) -> None:
    """Say a line. That a runner is gone is heard where its answer is awaited."""
    with contextlib.suppress(BrokenPipeError):
        if runner.stdin is not None:
            runner.stdin.write(json.dumps(line) + "\n")
            runner.stdin.flush()


def end_runner(runner: subprocess.Popen[str]) -> None:
    if runner.stdin is not None:
        with contextlib.suppress(OSError, ValueError):
            runner.stdin.close()
    try:
        runner.wait(timeout=STOP_SECONDS)
    except subprocess.TimeoutExpired:
        runner.kill()
        runner.wait()


def end_runners(runners: Sequence[subprocess.Popen[str]]) -> None:
    """Have all of them end, at the same time: each may take seconds to keep what it computes."""
    threads = [threading.Thread(target=end_runner, args=(runner,), daemon=True) for runner in runners]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def close_runner_output(runner: subprocess.Popen[str]) -> None:
    """Listen no more: only once nobody reads from it."""
    if runner.stdout is not None:
        runner.stdout.close()


class WorkSource(Protocol):
    """Hands out orders and takes reports. What a report says is committed when it returns."""

    def held_tasks(self) -> frozenset[int]: ...

    def ask(self, holding: frozenset[int], wanted: int) -> Sequence[Order]: ...

    def report(self, finished: Sequence[tuple[Report, bytes | None]]) -> None: ...

    def to_drop(self, holding: frozenset[int]) -> tuple[frozenset[int], frozenset[int]]: ...

    def give_back(self, tasks: Collection[int]) -> None: ...

    def seal(self, digest: str) -> str: ...

    def bundle(self, digest: str) -> bytes: ...


@dataclass(frozen=True, kw_only=True)
class EnginePace:
    ahead: int = 0  # tasks for each core beside the one that it computes
    linger: float = 0.0  # seconds that a report may wait for others, while no core waits for work
    beat: float = 30.0  # seconds between two words at most
    idle: float = _IDLE_SECONDS  # seconds after a question in vain, doubled each time
    longest_idle: float = _IDLE_SECONDS


@dataclass(frozen=True, kw_only=True)
class _FinishedTask:
    report: Report
    output: bytes | None
    slot: Path
    at: float


class LocalEngine:
    """Keeps `cores` runners busy with orders from its source. Runners end when this process ends, however it ends.

    A thread for each core computes; one more speaks with the source for all of them.
    """

    def __init__(
        self,
        source: WorkSource,
        *,
        home: Path,
        host_id: int,
        cores: int,
        reported: Callable[[], None],
        is_modest: bool = False,
        is_ours: bool = False,
        pace: EnginePace = EnginePace(),
    ) -> None:
        """`is_modest`: let other programs on this computer come first. `is_ours`: it is the laboratory's own."""
        self._source = source
        self._home = home.absolute()  # runners and their children work in other folders than we do
        self._host_id = host_id
        self._cores = cores
        self._reported = reported
        self._pace = pace
        self._change = threading.Condition()  # guards the next six
        self._ready: deque[Order] = deque()
        self._computing: dict[int, int] = {}  # task to core
        self._done: list[_FinishedTask] = []
        self._dropped: set[int] = set()  # tasks that nobody wants any more, until their core has noticed
        self._ask_at = 0.0
        self._is_draining = False
        self._pause = pace.idle
        self._in_vain = 0
        self._fetching = threading.Lock()
        self._proven: set[str] = set()  # bundles whose file was seen to be whole since this engine began
        self._stopping = threading.Event()
        self._runners: dict[int, subprocess.Popen[str]] = {}
        self._template: TemplateProcess | None = None
        self._is_modest, self._is_ours = is_modest, is_ours
        self._threads: list[threading.Thread] = []
        self.progress: dict[int, float] = {}  # task id to the share that is done, for the status page

    @property
    def in_vain(self) -> int:
        return self._in_vain

    @property
    def in_hand(self) -> int:
        with self._change:
            return len(self._holding())

    def start(self, trust: bytes) -> None:
        self._home.mkdir(parents=True, exist_ok=True)
        self.renew(trust)
        self._clear()
        self._template = start_template()
        work = {f"core-{core}": partial(self._loop, core) for core in range(self._cores)} | {"source": self._speak}
        for name, what in work.items():
            thread = threading.Thread(target=what, name=name, daemon=True)
            thread.start()
            self._threads.append(thread)

    def renew(self, trust: bytes) -> None:
        write_atomically(self._home / TRUST_FILE, trust)

    def drain(self) -> None:
        """Begin nothing more. What has begun goes on to its end."""
        with self._change:
            self._is_draining = True
            ahead = [order.task for order in self._ready]
            self._ready.clear()
            self._change.notify_all()
        if ahead:
            try:
                self._source.give_back(ahead)
            except AxiomError as error:
                log.info("local.unsaid %s", error)

    def stop(self, *, keeps: bool = True) -> None:
        """End the runners. What they were computing stays theirs and goes on after the next start.

        What has not begun goes to others; with `keeps` false, so does what has.
        """
        with self._change:
            self._stopping.set()
            self._change.notify_all()
            runners = list(self._runners.values())
        end_runners(runners)
        for thread in self._threads:
            thread.join(timeout=STOP_SECONDS)
        for runner in list(self._runners.values()):
            close_runner_output(runner)  # only now: a core listens until its runner is gone
        with self._change:
            back = {order.task for order in self._ready} | (set() if keeps else set(self._computing))
        try:
            if self._done:
                self._report()
            if back:
                self._source.give_back(back)
        except AxiomError as error:  # whoever is not there any more hears of it at the next start, or by our silence
            log.info("local.unsaid %s", error)
        if self._template:
            self._template.end()

    def _clear(self) -> None:
        in_hand, used = {str(task) for task in self._source.held_tasks()}, set()
        for slot in (self._home / "slots").glob("*"):
            if slot.name in in_hand:
                used.add(_bundle_of(slot))
            else:
                shutil.rmtree(slot, ignore_errors=True)
        for tree in (self._home / "unpacked").glob("*"):
            if tree.name not in used:
                shutil.rmtree(tree, ignore_errors=True)
        for file in (self._home / "bundles").glob("*"):
            if file.stem not in used or file.suffix not in _KEPT:
                file.unlink(missing_ok=True)

    def _speak(self) -> None:
        looked_at = time.monotonic()
        while not self._stopping.is_set():
            try:
                self._wait(looked_at + self._pace.beat)
                if self._done and not self._stopping.is_set():
                    self._report()
                if (wanted := self._wanted()) and not self._stopping.is_set():
                    self._ask(wanted)
                if time.monotonic() >= looked_at + self._pace.beat and not self._stopping.is_set():
                    looked_at = time.monotonic()
                    self._drop_tasks()
            except Exception as error:  # the source must not fall silent for ever because of one answer
                self._note("source", error)

    def _wait(self, beat_at: float) -> None:
        with self._change:
            while not self._stopping.is_set():
                now, times = time.monotonic(), [beat_at]
                idle = self._cores - len(self._computing)
                if self._done:
                    times.append(self._done[0].at + (0.0 if idle and not self._ready else self._pace.linger))
                if self._room_in_hand():
                    times.append(self._ask_at)
                if min(times) <= now:
                    return
                self._change.wait(min(times) - now)

    def _room_in_hand(self) -> int:
        """How many tasks more could be in hand. Whoever takes some ahead asks when none is left, for many at once."""
        if self._is_draining or self._ready:
            return 0
        return (1 + self._pace.ahead) * self._cores - len(self._computing)

    def _wanted(self) -> int:
        with self._change:
            return self._room_in_hand() if time.monotonic() >= self._ask_at else 0

    def _holding(self) -> frozenset[int]:
        """Everything that this engine has. With the condition held."""
        ready = (order.task for order in self._ready)
        return frozenset((*ready, *self._computing, *(task.report.task_id for task in self._done)))

    def _ask(self, wanted: int) -> None:
        with self._change:
            holding = self._holding()
        orders = self._source.ask(holding, wanted)
        with self._change:
            has = self._holding()
            new = [order for order in orders if order.task not in has]
            late = [order.task for order in new] if self._is_draining else []
            if not late:
                self._ready.extend(new)
            self._in_vain = 0 if orders or holding else self._in_vain + 1
            self._pause = self._pace.idle if orders else min(self._pace.longest_idle, 2 * self._pause)
            self._ask_at = time.monotonic() + (0.0 if len(orders) >= wanted else self._pause)
            self._change.notify_all()
        if late:
            self._source.give_back(late)

    def _report(self) -> None:
        """Bring what is finished. Where that fails it is forgotten here, and sent again to us as something we lost."""
        with self._change:
            done = list(self._done)
        try:
            self._source.report([(task.report, task.output) for task in done])
            for task in done:
                shutil.rmtree(task.slot, ignore_errors=True)
        finally:
            with self._change:
                self._done = self._done[len(done) :]
                self._ask_at = 0.0  # with less in hand there may be more for us
        for _ in done:
            self._reported()

    def _drop_tasks(self) -> None:
        with self._change:
            holding = self._holding()
        at_once, if_not_begun = self._source.to_drop(holding)
        with self._change:
            waiting = {order.task for order in self._ready} & (at_once | if_not_begun)
            self._ready = deque(order for order in self._ready if order.task not in waiting)
            cores = [core for task, core in self._computing.items() if task in at_once]
            begun = {task for task in self._computing if task in at_once}
            self._dropped |= begun
        for runner in [self._runners[core] for core in cores if core in self._runners]:
            end_runner(runner)
        if waiting or begun:
            log.info("local.dropped tasks=%s", sorted(waiting | begun))
            self._source.give_back(waiting | begun)

    def _loop(self, core: int) -> None:
        while (order := self._next(core)) is not None:
            is_kept = False
            try:
                is_kept = self._compute(core, order)
            except Exception as error:  # a core must not fall idle for ever because of one task
                is_kept = self._stopping.is_set()  # then stop() says what becomes of it
                self._note(f"core={core}", error)
            finally:
                self.progress.pop(order.task, None)
                with self._change:
                    if not is_kept:
                        self._computing.pop(order.task, None)
                    self._change.notify_all()

    def _next(self, core: int) -> Order | None:
        with self._change:
            while not self._stopping.is_set():
                if self._ready:
                    order = self._ready.popleft()
                    self._computing[order.task] = core
                    self._change.notify_all()
                    return order
                self._change.wait()
        return None

    def _note(self, where: str, error: Exception) -> None:
        if not self._stopping.is_set():
            foreseen = isinstance(error, AxiomError)
            log.error("local.trouble %s %s", where, error, exc_info=not foreseen)
            self._stopping.wait(_TROUBLE_SECONDS)

    def _compute(self, core: int, order: Order) -> bool:
        slot = self._home / "slots" / str(order.task)
        answer = self._without_bundle(order) or self._try_order(core, order, slot)
        if answer is None:
            with self._change:
                is_dropped = order.task in self._dropped
                self._dropped.discard(order.task)
            if is_dropped:
                shutil.rmtree(slot, ignore_errors=True)
            return not is_dropped
        if answer["exit"] == Exit.BAD_BUNDLE:
            self._forget(order.bundle)
        output = Path(answer["output"]).read_bytes() if answer["output"] else None
        report = _report(order, answer, self._host_id)
        with self._change:
            self._done.append(_FinishedTask(report=report, output=output, slot=slot, at=time.monotonic()))
            self._computing.pop(order.task, None)
        return False

    def _try_order(self, core: int, order: Order, slot: Path) -> dict[str, Any] | None:
        """How an order ended; None when it was stopped. Whose processes were killed it goes on with what was kept."""
        for _ in range(limits.ENGINE_TRIES - 1):
            answer = self._obey(core, order, slot)
            if answer is None or not answer.get("may_pass"):
                return answer
            if self._stopping.wait(_TROUBLE_SECONDS):
                return None  # it was no accident: all of us are being ended
        return self._obey(core, order, slot)

    def _without_bundle(self, order: Order) -> dict[str, Any] | None:
        try:
            self._fetch(order.bundle)
        except (StoreError, CannotStart, NotAllowed, HeldByAnother):
            raise  # a disk or a way that fails now may not fail for ever: the task stays ours
        except AxiomError as error:
            return _failure(Exit.BAD_BUNDLE, str(error))
        return None

    def _fetch(self, digest: str) -> None:
        with self._fetching:
            archive, sealed = self._files(digest)
            archive.parent.mkdir(parents=True, exist_ok=True)
            seal = self._source.seal(digest).encode()
            if not sealed.exists() or sealed.read_bytes() != seal:
                write_atomically(sealed, seal)
            if digest not in self._proven or not archive.exists():  # one that was long unused has gone
                if not archive.exists() or bundles.digest_bundle(archive.read_bytes()) != digest:
                    write_atomically(archive, self._source.bundle(digest))
                self._proven.add(digest)

    def _forget(self, digest: str) -> None:
        with self._fetching:
            self._proven.discard(digest)
            for file in self._files(digest):
                file.unlink(missing_ok=True)

    def _files(self, digest: str) -> tuple[Path, Path]:
        folder = self._home / "bundles"
        return folder / f"{digest}.zip", folder / f"{digest}.seal"

    def _obey(self, core: int, order: Order, slot: Path) -> dict[str, Any] | None:
        runner = self._runner(core)
        if runner is None:
            return None
        slot.mkdir(parents=True, exist_ok=True)
        if runner.stdout is None:
            raise ValueError("a runner without pipes cannot be listened to")
        send_to_runner(runner, {"order": order.argv(), "slot": str(slot)})
        for line in runner.stdout:
            message = json.loads(line)
            if message.get("task") not in {order.task, None}:
                continue
            if "exit" in message:
                return dict(message)
            self.progress[order.task] = float(message.get("progress", 0.0))
        end_runner(runner)
        close_runner_output(runner)
        self._runners.pop(core, None)
        if self._stopping.is_set() or order.task in self._dropped:
            return None
        why = f"the runner ended by itself with status {runner.returncode}"
        return _failure(Exit.RUNNER_FAULT, why) | {"may_pass": True}

    def _runner(self, core: int) -> subprocess.Popen[str] | None:
        """The runner of this core; none once `stop` has taken those that it ends, since nobody would end another."""
        runner = self._runners.get(core)
        if runner is not None and runner.poll() is not None:
            end_runner(runner)
            close_runner_output(runner)
            runner = None
        if runner is None:
            with self._change:
                if self._stopping.is_set():
                    return None
                runner = self._runners[core] = start_runner(is_modest=self._is_modest, template=self._template)
            send_to_runner(runner, {"home": str(self._home), "host": self._host_id, "is_ours": self._is_ours})
        return runner


def _report(order: Order, answer: dict[str, Any], host_id: int) -> Report:
    return Report(
        task_id=order.task,
        host_id=host_id,
        exit_status=int(answer["exit"]),
        output_digest=None,
        cpu_seconds=float(answer["cpu_seconds"]),
        elapsed_seconds=float(answer["elapsed_seconds"]),
        message=str(answer.get("message", "")),
    )


def _failure(status: Exit, message: str) -> dict[str, Any]:
    return {"exit": status, "output": None, "cpu_seconds": 0.0, "elapsed_seconds": 0.0, "message": message}


def _bundle_of(slot: Path) -> str:
    """The bundle under which a task began; nothing when it has not begun, and then any bundle is fetched again."""
    try:
        with (slot / "output.jsonl").open("rb") as file:
            return outputs.read_header(file.readline().removesuffix(b"\n")).bundle
    except (OSError, ValueError):
        return ""
