"""The runner as boinc-client starts it: in the folder of one task, with the order in the command line.

    axiom_runner_….pyz --task … --host … --bundle … --seeds … --ticket …

In that folder lie (or are linked) `trust.json`, `bundle.zip` and `bundle.seal`, and `output.jsonl` is written. What the
laboratory's tasks share on this host is kept in the folder `axiom` beside the project's files.
"""

import functools
import os
import shutil
import signal
import sys
import traceback
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from axiom.domain.work import Exit
from axiom.runner import boinc
from axiom.runner.boinc import Channels, Given
from axiom.runner.gate import Ended, Gate
from axiom.runner.pulse import Pulse
from axiom.runner.supplies import SuppliedHome
from axiom.runner.tasks import Answer, Runner

_OUTPUT = "output.jsonl"
_OWN = "task"  # our own folder in the task's, where the output grows: that one's `output.jsonl` may be a link
_MESSAGE_LIMIT = 60_000  # boinc-client brings the last 63 kB of what is said
_LATER = 600


def main() -> int:
    """Carry out the order in the command line and return the exit status."""
    slot = Path.cwd()
    with boinc.alone(slot) as is_alone:
        if not is_alone:
            boinc.come_again(slot, _LATER, "another process still computes in this folder")
            return 0
        try:
            status, message = _carry_out(slot, sys.argv[1:])
        except Ended as ended:
            sys.stderr.write(f"stopped: {ended}\n")
            return 0  # without the word that the task has ended, so that it goes on when boinc-client starts it again
        except Exception:  # noqa: BLE001  the last line of defence on a host: boinc-client would try for ever
            status, message = Exit.RUNNER_FAULT, traceback.format_exc()
        sys.stderr.write(message[-_MESSAGE_LIMIT:] + "\n" if message else "")
        boinc.finish(slot, status, message)
    return status


def _carry_out(slot: Path, words: Sequence[str]) -> tuple[Exit, str]:
    try:
        given, channels = boinc.read_given(slot), Channels(slot)
    except (OSError, ValueError) as fault:
        return Exit.RUNNER_FAULT, (
            f"This runner is started by boinc-client in the folder of a task, and {slot} is none: {fault}. Nothing was "
            "computed. To carry out an order by hand, use axiom.runner.main."
        )
    answer = _obey(slot, words, given, channels)
    if answer.output is not None:
        try:
            _deliver(Path(answer.output), boinc.resolve(slot, _OUTPUT, given.project))
        except OSError as fault:
            return Exit.NO_ROOM, f"The output cannot be written ({fault.strerror}). Make room in {given.project}."
    return answer.exit, answer.message


def _obey(slot: Path, words: Sequence[str], given: Given, channels: Channels) -> Answer:
    """Compute what was ordered while boinc-client is heard; an Ended with the reason when it wants a stop."""
    gate = Gate()
    supply = functools.partial(boinc.resolve, slot, project=given.project)
    runner = Runner(SuppliedHome(given.project / "axiom", supply), given.host, gate)
    pulse = Pulse(channels, gate, pid=given.pid, earlier=given.cpu_seconds, spent=lambda: runner.cpu_seconds)
    signal.signal(signal.SIGTERM, lambda _number, _frame: gate.end())
    pulse.start()
    try:
        return runner.obey(words, slot / _OWN, now=_now(), report=pulse.report)
    except Ended:
        raise Ended(pulse.ended.reason) from None
    finally:
        runner.stop()
        pulse.stop()


def _deliver(output: Path, target: Path) -> None:
    """Copy the whole output to where boinc-client looks for it; the one in our folder stays, should we be stopped."""
    with output.open("rb") as source, target.open("wb") as file:
        shutil.copyfileobj(source, file)
        file.flush()
        os.fsync(file.fileno())


def _now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251  this is the edge: from here on the time is an argument
