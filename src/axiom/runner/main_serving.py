"""A runner that serves: many orders on standard input, one after the other.

It reads one JSON object per line: {"home": DIR, "host": N} says for whom, and then {"order": [words], "slot": DIR} is
answered with lines of progress and a last line per order. It ends with its standard input, even amid an order: whoever
held the other end is gone.
"""

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

from axiom.domain.work import Exit
from axiom.errors import MalformedTicket
from axiom.runner.child.environment import environment
from axiom.runner.child.gate import Ended
from axiom.runner.child.process import Child
from axiom.runner.files.home import Home
from axiom.runner.tasks import Answer, Runner, answer_data
from axiom.signed import canonical_json


def serve(process: subprocess.Popen[bytes]) -> NoReturn:
    """Obey line after line. The process was started for this, and imports meanwhile."""
    with contextlib.ExitStack() as ending:
        spare = Child(environment(), process=process)
        ending.callback(spare.stop)
        lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        threading.Thread(target=_listen, args=(lines,), daemon=True).start()
        runner = _engaged(spare, json.loads(lines.get()))
        ending.callback(runner.stop)
        while True:
            _say(answer_data(_obey(runner, lines.get())))


def _engaged(spare: Child, said: dict[str, Any]) -> Runner:
    """The runner, now that it is said for whom it computes."""
    home = Home(Path(said["home"]))
    home.create()
    return Runner(home, said["host"], spare=spare)


def _obey(runner: Runner, line: str) -> Answer:
    try:
        fields = canonical_json.Fields(json.loads(line), "the line", ("order", "slot"))
        argv, slot = fields.each("order", canonical_json.text), Path(fields.text("slot", ".+"))
    except (ValueError, RecursionError) as fault:
        return Answer(
            task=None,
            exit=Exit(MalformedTicket.exit_code),
            output=None,
            cpu_seconds=0.0,
            elapsed_seconds=0.0,
            message=f"A line with an order and a slot was expected: {fault}. Nothing was computed.",
        )
    return runner.obey(argv, slot, now=now(), report=_progress)


def _listen(lines: "queue.SimpleQueue[str]") -> None:
    """Hand over each line; the end of the input ends the runner, wherever it is."""
    for line in sys.stdin:
        lines.put(line)
    os.kill(os.getpid(), signal.SIGTERM)


def _progress(task: int, fraction: float, kept: int) -> None:
    _say({"task": task, "progress": round(fraction, 4), "kept": kept})


def _say(message: dict[str, object]) -> None:
    try:
        sys.stdout.write(json.dumps(message) + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        raise Ended from None


def now() -> datetime:
    """Return the time as this computer says it."""
    return datetime.now(UTC)  # noqa: TID251  this is the edge: from here on the time is an argument
