"""The runner's two ways to start: one order in the command line, or many on standard input.

    python -m axiom.runner.main --home DIR --slot DIR --task … --host … --bundle … --seeds … --ticket …
    python -m axiom.runner.main --serve [--low-priority] [--template SOCKET]

The first ends with the task's exit status. The second reads one JSON object per line: {"home": DIR, "host": N,
"is_ours": BOOL} says for whom it computes, and then {"order": [words], "slot": DIR} is answered with lines of progress
and a last line per order. It ends with its standard input, even amid an order: whoever held the other end is gone.
"""

import argparse
import contextlib
import json
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from axiom.domain.work import Exit
from axiom.errors import MalformedTicket
from axiom.limits import runner as limits
from axiom.runner.child.environment import child_environment
from axiom.runner.child.parent_end import Child
from axiom.runner.child.pause import RunEnded
from axiom.runner.child.spawn import NEARLY_ALWAYS, spawn_child
from axiom.runner.files.home import RunnerHome
from axiom.runner.tasks import Answer, Runner, answer_data
from axiom.signed import canonical_json

_MODEST = 10  # behind whoever builds the runner beside us, which others wait for, and before what has the lowest, 19


def main(argv: Sequence[str] | None = None) -> int:
    words = list(sys.argv[1:] if argv is None else argv)
    is_serving = words[:1] == ["--serve"]
    signal.signal(signal.SIGTERM, _end)
    try:
        if is_serving:
            if "--low-priority" in words:
                _step_back()
            process = spawn_child(child_environment(), NEARLY_ALWAYS)
            serve(process, _template(words))
        return once(words)
    except (RunEnded, KeyboardInterrupt):
        return 0 if is_serving else Exit.ABORTED_BY_USER


def _step_back() -> None:
    """Let a person's programs on this computer come first, and still get something where they never rest."""
    if hasattr(os, "nice"):
        os.nice(_MODEST)


def _template(words: Sequence[str]) -> socket.socket | None:
    if "--template" not in words:
        return None
    template = socket.socket(fileno=int(words[words.index("--template") + 1]))
    template.set_inheritable(False)
    return template


def _end(_number: int, _frame: FrameType | None) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # the way out is taken once
    raise RunEnded


def once(words: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="axiom-runner", allow_abbrev=False)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--slot", type=Path, required=True)
    options, order = parser.parse_known_args(words)
    home = RunnerHome(options.home)
    home.create()
    values = dict(zip(order[::2], order[1::2], strict=False))
    host = values.get("--host", "")
    runner = Runner(home, int(host) if host.isdecimal() else 0)  # an order without a host is refused as such
    now = datetime.now(UTC)  # noqa: TID251  this is the edge: from here on the time is an argument
    try:
        answer = runner.obey(order, options.slot, now=now, report=_ignore)
    finally:
        runner.stop()
    if answer.message:
        sys.stderr.write(answer.message + "\n")
    return answer.exit


def _ignore(_task: int, _fraction: float, _kept: int) -> None: ...


def serve(process: subprocess.Popen[bytes], template: socket.socket | None = None) -> NoReturn:
    with contextlib.ExitStack() as ending:
        spare = Child(child_environment(), process=process)
        ending.callback(spare.stop)
        lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        threading.Thread(target=_listen, args=(lines,), daemon=True).start()
        runner = _runner_for(spare, template, json.loads(lines.get()))
        ending.callback(runner.stop)
        while True:
            _say(answer_data(_obey(runner, lines.get())))


def _runner_for(spare: Child, template: socket.socket | None, setup: dict[str, Any]) -> Runner:
    home = RunnerHome(Path(setup["home"]))
    home.create()
    return Runner(
        home,
        setup["host"],
        spare=spare,
        template=template,
        most_starts=limits.PILOT_STARTS_WITHOUT_PROGRESS,
        tells_words=setup["is_ours"],
    )


def _obey(runner: Runner, line: str) -> Answer:
    try:
        fields = canonical_json.Fields(json.loads(line), "the line", ("order", "slot"))
        argv, slot = fields.array("order", canonical_json.check_text), Path(fields.text("slot", ".+"))
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
        raise RunEnded from None


def now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251  this is the edge: from here on the time is an argument


if __name__ == "__main__":
    raise SystemExit(main())
