"""The runner's two ways to start: one order in the command line, or many on standard input.

    python -m axiom.runner.main --home DIR --slot DIR --task … --host … --bundle … --seeds … --ticket …
    python -m axiom.runner.main --serve

The first ends with the task's exit status. The second can be started before it is known for whom: its child imports
meanwhile what nearly every experiment needs. It reads one JSON object per line: {"home": DIR, "host": N} says for whom,
and then {"order": [words], "slot": DIR} is answered with lines of progress and a last line per order. Before the first,
{"describe": [modules], "tree": DIR, "cache": DIR} is answered with what the modules of an unpacked bundle declare. It
ends with its standard input, even amid an order: whoever held the other end is gone.
"""

import argparse
import contextlib
import json
import os
import queue
import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from axiom.domain.work import Exit
from axiom.errors import ChildLost, MalformedTicket
from axiom.runner.children import Child
from axiom.runner.gate import Ended
from axiom.runner.home import Home
from axiom.runner.limits import environment
from axiom.runner.tasks import Answer, Runner, answer_data
from axiom.signed import strict

_NEARLY_ALWAYS = ("numpy", "numpy.random")  # what experiments import, and takes longest


def main(argv: Sequence[str] | None = None) -> int:
    """Start in one of the two ways and return the exit status."""
    words = list(sys.argv[1:] if argv is None else argv)
    signal.signal(signal.SIGTERM, _end)
    try:
        if words == ["--serve"]:
            _serve()
        return _once(words)
    except (Ended, KeyboardInterrupt):
        return 0 if words == ["--serve"] else Exit.ABORTED_BY_USER


def _once(words: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="axiom-runner", allow_abbrev=False)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--slot", type=Path, required=True)
    known, order = parser.parse_known_args(words)
    home = Home(known.home)
    home.create()
    said = dict(zip(order[::2], order[1::2], strict=False))
    host = said.get("--host", "")
    runner = Runner(home, int(host) if host.isdecimal() else 0)  # an order without a host is refused as such
    try:
        answer = runner.obey(order, known.slot, now=_now(), report=_ignore)
    finally:
        runner.stop()
    if answer.message:
        sys.stderr.write(answer.message + "\n")
    return answer.exit


def _serve() -> NoReturn:
    with contextlib.ExitStack() as ending:
        spare = Child(environment(), preloaded=_NEARLY_ALWAYS)
        ending.callback(spare.stop)
        lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        threading.Thread(target=_listen, args=(lines,), daemon=True).start()
        runner = _engaged(spare, lines)
        ending.callback(runner.stop)
        while True:
            _say(answer_data(_obey(runner, lines.get())))


def _engaged(spare: Child, lines: "queue.SimpleQueue[str]") -> Runner:
    """The runner, once it is said for whom it computes. Until then, what bundles declare can be asked."""
    said = json.loads(lines.get())
    while "describe" in said:
        _say({"described": _described(spare, said)})
        said = json.loads(lines.get())
    home = Home(Path(said["home"]))
    home.create()
    return Runner(home, said["host"], spare=spare)


def _described(spare: Child, said: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """What the modules declare; None when this child cannot say, and another process has to be asked."""
    if sys.platform != "linux":  # elsewhere a process that has imported much is not copied safely
        return None
    try:
        found = spare.describe(Path(said["tree"]), said["describe"], environment(Path(said["cache"])), apart=True)
    except ChildLost:
        return None
    return [asdict(one) for one in found]


def _obey(runner: Runner, line: str) -> Answer:
    try:
        fields = strict.Fields(json.loads(line), "the line", ("order", "slot"))
        argv, slot = fields.each("order", strict.text), Path(fields.text("slot", ".+"))
    except (ValueError, RecursionError) as fault:
        return Answer(
            task=None,
            exit=Exit(MalformedTicket.exit_code),
            output=None,
            cpu_seconds=0.0,
            elapsed_seconds=0.0,
            message=f"A line with an order and a slot was expected: {fault}. Nothing was computed.",
        )
    return runner.obey(argv, slot, now=_now(), report=_progress)


def _listen(lines: "queue.SimpleQueue[str]") -> None:
    """Hand over each line; the end of the input ends the runner, wherever it is."""
    for line in sys.stdin:
        lines.put(line)
    os.kill(os.getpid(), signal.SIGTERM)


def _end(_number: int, _frame: FrameType | None) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # the way out is taken once
    raise Ended


def _progress(task: int, fraction: float, kept: int) -> None:
    _say({"task": task, "progress": round(fraction, 4), "kept": kept})


def _ignore(_task: int, _fraction: float, _kept: int) -> None:
    """One order in a command line has nobody who listens."""


def _say(message: dict[str, object]) -> None:
    try:
        sys.stdout.write(json.dumps(message) + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        raise Ended from None


def _now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251  this is the edge: from here on the time is an argument


if __name__ == "__main__":
    raise SystemExit(main())
