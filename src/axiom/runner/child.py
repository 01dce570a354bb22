"""The computing end of the pipe: a plain script in a clean process that sees one unpacked bundle and no key.

Started as `python -I child.py PARENT [MODULE]...`. Only the standard library, and these modules of what is
installed, until the bundle is at the head of `sys.path`: of our own, what is imported after that is the bundle's, never
what happens to be installed beside it. One JSON object per line comes in on the first standard input and goes out on
the first standard output; whatever the experiment prints goes elsewhere.
"""

import contextlib
import ctypes
import importlib
import json
import math
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO

_SET_PARENT_DEATH_SIGNAL = 1  # the kernel's name for it is PR_SET_PDEATHSIG
_EARLY_LIMIT = 8
_PROGRESS_EVERY = 0.5


class Pipe:
    """The two ends that the parent holds, out of the experiment's reach."""

    def __init__(self) -> None:
        self.hear: BinaryIO = os.fdopen(os.dup(0), "rb")
        self._say = os.dup(1)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(2, 1)  # the parent drains and bounds what is printed

    def say(self, **message: Any) -> None:
        """Send one line in the one form that the parent reads."""
        text = json.dumps(message, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        rest = text.encode() + b"\n"
        while rest:
            rest = rest[os.write(self._say, rest) :]


class Listener:
    """What the kit tells while a cell is computed: the early fingerprint, once, and how far it is."""

    def __init__(self, pipe: Pipe) -> None:
        self._pipe = pipe
        self._told_at = time.monotonic()  # a short cell says nothing on its way
        self.values: list[float] = []

    def early(self, values: Iterable[float]) -> None:
        """Keep the first few values of the first call, up to the first that is no number."""
        if self.values:
            return
        for value in values:
            number = float(value)
            if not math.isfinite(number) or len(self.values) == _EARLY_LIMIT:
                break
            self.values.append(number)
        self._pipe.say(early=self.values)

    def progress(self, fraction: float) -> None:
        """Tell how much of the cell is done, at most twice a second."""
        moment = time.monotonic()
        if 0.0 <= fraction <= 1.0 and moment - self._told_at >= _PROGRESS_EVERY:
            self._told_at = moment
            self._pipe.say(progress=float(fraction))


class Bench:
    """The loaded experiment and what is asked of it."""

    def __init__(self, pipe: Pipe) -> None:
        self._tree = ""
        self._pipe = pipe
        self._experiment: Any = None

    def answer(self, line: bytes) -> None:
        """Do what one line asks for, and send the answer."""
        asked = json.loads(line)
        if asked["do"] == "describe" and asked["apart"]:
            self._describe_apart(asked)
        elif asked["do"] == "describe":
            self._describe(asked)
        elif asked["do"] == "load":
            self._enter(asked["tree"], asked["environment"])
            self._pipe.say(loaded=self._load(asked["module"]))
        else:
            self._compute(asked["config"], asked["seed"])

    def _enter(self, tree: str, environment: dict[str, str]) -> None:
        """Belong to this bundle; whoever was started ahead learns only now where it may write.

        What was imported before is kept as bytecode, like everywhere; a bundle's folder holds its signed files alone.
        """
        sys.dont_write_bytecode = True
        os.environ.update(environment)
        os.chdir(environment["TMPDIR"])
        self._tree = tree
        sys.path.insert(0, tree)

    def _describe(self, asked: dict[str, Any]) -> None:
        self._enter(asked["tree"], asked["environment"])
        self._pipe.say(described=[self._described(module) for module in asked["modules"]])

    def _describe_apart(self, asked: dict[str, Any]) -> None:
        """Describe in a copy of this process: what it imports stays out of what is computed here."""
        parent, copy = os.getpid(), os.fork()
        if copy == 0:
            with contextlib.suppress(BaseException):
                _end_with(parent)
                self._describe(asked)
                os._exit(0)
            os._exit(1)
        status = os.waitstatus_to_exitcode(os.waitpid(copy, 0)[1])
        if status:
            fault = {"kind": "SystemExit", "where": "its import", "text": f"the process ended with status {status}"}
            self._pipe.say(described=[{"fault": fault} for _ in asked["modules"]])

    def _load(self, module: str) -> dict[str, str] | None:
        """Import the experiment; return what went wrong, or None."""
        try:
            self._experiment = importlib.import_module(module).experiment
            declaration = importlib.import_module("axiom.domain.declaration")
            self._plain = declaration.plain
            self._measures = declaration.measures(self._experiment.measures)
            self._config = type(self._experiment.sweep[0])
        except BaseException as fault:
            return self._fault(fault)
        return None

    def _described(self, module: str) -> dict[str, Any]:
        try:
            experiment = importlib.import_module(module).experiment
            declaration = importlib.import_module("axiom.domain.declaration")
            manifest = declaration.declare(experiment, avx="jax" in sys.modules)
            json.dumps(manifest, allow_nan=False)
        except BaseException as fault:
            return {"fault": self._fault(fault)}
        return {"manifest": manifest}

    def _compute(self, config: dict[str, Any], seed: int) -> None:
        listener = Listener(self._pipe)
        began = time.process_time()
        error = values = None
        try:
            _attach(listener)
            values, diverged = self._plain(self._experiment.run(self._config(**config), seed), self._measures)
            outcome = "diverged" if diverged else "ok"
        except BaseException as fault:
            traceback.print_exc()
            found = self._fault(fault)
            error = {"kind": found["kind"], "where": found["where"]}
            outcome, values = "failed", None
        spent = time.process_time() - began
        answer = {
            "cpu_seconds": spent,
            "early": listener.values,
            "error": error,
            "measures": values,
            "outcome": outcome,
        }
        self._pipe.say(answer=answer)

    def _fault(self, fault: BaseException) -> dict[str, str]:
        """Name what was raised and the last line of the bundle that it passed."""
        where = "outside the bundle"
        for frame, line in traceback.walk_tb(fault.__traceback__):
            path = frame.f_code.co_filename
            if path.startswith(self._tree + os.sep):
                where = f"{Path(path).relative_to(self._tree).as_posix()}:{line}"
        text = "".join(sign if sign.isprintable() else " " for sign in str(fault))
        return {"kind": type(fault).__name__[:80], "where": where[:200], "text": text[:500]}


def _preload(modules: list[str]) -> None:
    for module in modules:
        with contextlib.suppress(ImportError):  # a bundle that needs it will say so itself
            importlib.import_module(module)


def _attach(listener: Listener) -> None:
    try:
        pace = importlib.import_module("axiom.kit.pace")
    except ModuleNotFoundError:
        return  # a bundle without a kit says nothing on its way
    pace.attach(listener)


def _end_with(parent: int) -> None:
    """End when the parent ends: at once where the kernel can tell, within half a second elsewhere."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGKILL)
    threading.Thread(target=_watch, args=(parent,), daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


def main() -> None:
    """Answer line after line until the parent closes the pipe."""
    _end_with(int(sys.argv[1]))
    pipe = Pipe()
    _preload(sys.argv[2:])
    bench = Bench(pipe)
    for line in pipe.hear:
        bench.answer(line)
    os._exit(0)  # threads that an experiment left behind must not keep the process


if __name__ == "__main__":
    main()
