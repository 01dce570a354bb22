"""The runner's two ways to start: one order in the command line, or many on standard input.

    python -m axiom.runner.main --home DIR --slot DIR --task … --host … --bundle … --seeds … --ticket …
    python -m axiom.runner.main --home DIR --host N --serve

The first ends with the task's exit status. The second reads one JSON object per line, {"order": [words], "slot": DIR},
answers with lines of progress and a last line per order, and ends with its standard input, even amid an order: whoever
held the other end is gone.
"""

import argparse
import json
import os
import queue
import signal
import sys
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

from axiom.domain.work import Exit
from axiom.errors import MalformedTicket
from axiom.runner.gate import Ended
from axiom.runner.home import Home
from axiom.runner.tasks import Answer, Runner, answer_data
from axiom.signed import strict


def main(argv: Sequence[str] | None = None) -> int:
    """Start in one of the two ways and return the exit status."""
    words = list(sys.argv[1:] if argv is None else argv)
    parser = argparse.ArgumentParser(prog="axiom-runner", allow_abbrev=False)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--slot", type=Path)
    parser.add_argument("--serve", action="store_true")
    known, rest = parser.parse_known_args(words)
    home = Home(known.home)
    home.create()
    signal.signal(signal.SIGTERM, _end)
    try:
        if known.serve:
            return _serve(home, _host(rest))
        if known.slot is None:
            parser.error("one order wants a --slot")
        return _once(home, rest, known.slot)
    except (Ended, KeyboardInterrupt):
        return 0 if known.serve else Exit.ABORTED_BY_USER


def _once(home: Home, order: Sequence[str], slot: Path) -> int:
    words = dict(zip(order[::2], order[1::2], strict=False))
    host = words.get("--host", "")
    runner = Runner(home, int(host) if host.isdecimal() else 0)  # an order without a host is refused as such
    try:
        answer = runner.obey(order, slot, now=_now(), report=_ignore)
    finally:
        runner.stop()
    if answer.message:
        sys.stderr.write(answer.message + "\n")
    return answer.exit


def _serve(home: Home, host: int) -> int:
    runner = Runner(home, host)
    lines: queue.SimpleQueue[str] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(lines,), daemon=True).start()
    try:
        while True:
            _say(answer_data(_obey(runner, lines.get())))
    finally:
        runner.stop()


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


def _host(words: Sequence[str]) -> int:
    if len(words) != 2 or words[0] != "--host" or not words[1].isdecimal():
        raise SystemExit("--serve wants --home DIR and --host N, and nothing else")
    return int(words[1])


def _now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251  this is the edge: from here on the time is an argument


if __name__ == "__main__":
    raise SystemExit(main())
