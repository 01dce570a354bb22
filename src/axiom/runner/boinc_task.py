"""The runner as boinc-client starts it: in the folder of one task, with the order in the command line.

    axiom_runner_… --task … --host … --bundle … --seeds … --ticket …

In that folder lie (or are linked) `trust.json`, `bundle.zip` and `bundle.seal`, and `output.jsonl` is written. What the
laboratory's tasks share on this host is kept in the folder `axiom` beside the project's files.
"""

import contextlib
import functools
import shutil
import signal
import sys
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from axiom.domain.work import Exit
from axiom.limits import runner as limits
from axiom.runner.boinc import protocol
from axiom.runner.boinc.delivered_files import SuppliedHome
from axiom.runner.boinc.heartbeat import Heartbeat
from axiom.runner.boinc.protocol import Channels, ClientSetup
from axiom.runner.cells_by_core import take_thread_limit
from axiom.runner.child.pause import PauseGate, RunEnded
from axiom.runner.tasks import Answer, Runner
from axiom.signed.atomic_files import fsync_path

_OUTPUT = "output.jsonl"
_OWN = "task"  # our own folder in the task's, where the output grows: that one's `output.jsonl` may be a link
# boinc-client brings what is said with each report, and the server reads the end of it. A thousand tasks that failed
# while the host was offline come in one request, which may have 16 MB.
_MESSAGE_LIMIT = 8_000
_LATER = "later"  # in the task's folder: how often it was put off
_STOPS = ("SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT")


@dataclass(frozen=True, kw_only=True, slots=True)
class _End:
    status: Exit
    message: str
    may_pass: bool = False


def main() -> int:
    slot = Path.cwd()
    with protocol.lock_slot(slot) as is_alone:
        if not is_alone:
            _put_off(slot, "another process still computes in this folder", without_end=True)
            return 0
        try:
            end = _carry_out(slot, sys.argv[1:])
        except RunEnded as ended:
            sys.stderr.write(f"stopped: {ended}\n")
            return 0  # without the word that the task has ended, so that it goes on when boinc-client starts it again
        except Exception:  # noqa: BLE001  the last line of defence on a host: boinc-client would try for ever
            end = _End(status=Exit.RUNNER_FAULT, message=traceback.format_exc())
        sys.stderr.write(end.message[-_MESSAGE_LIMIT:] + "\n" if end.message else "")
        if end.may_pass and _put_off(slot, end.message) is not None:
            return 0
        protocol.write_finish_file(slot, end.status, end.message)
    return end.status


def retry_delay(times: int) -> int | None:
    """Return how many seconds a task waits that was put off so many times before; None when that was often enough."""
    return (
        min(limits.LONGEST_DELAY_SECONDS, limits.FIRST_DELAY_SECONDS * 2**times)
        if times < limits.PUT_OFF_TIMES
        else None
    )


def _put_off(slot: Path, message: str, *, without_end: bool = False) -> int | None:
    """Have boinc-client start the task again after a while, longer each time; None when it was put off too often.

    Where this process may not speak for the task that is `without_end`: boinc-client itself gives up after a hundred.
    """
    counted = slot / _LATER
    try:
        times = int(counted.read_text("ascii"))
    except (OSError, ValueError):
        times = 0
    seconds = retry_delay(times) or (limits.LONGEST_DELAY_SECONDS if without_end else None)
    if seconds is not None:
        with contextlib.suppress(OSError):  # on a full disk; boinc-client starts it again all the same, only sooner
            counted.write_text(f"{times + 1}\n", "ascii")
            protocol.write_temporary_exit(slot, seconds, message)
    return seconds


def _carry_out(slot: Path, words: Sequence[str]) -> _End:
    try:
        setup = protocol.read_setup(slot)
        channels = Channels(slot, setup.shared)
    except (OSError, ValueError) as fault:
        sentence = (
            f"This runner is started by boinc-client in the folder of a task, and {slot} is none: {fault}. Nothing was "
            "computed. To carry out an order by hand, use axiom.runner.main."
        )
        return _End(status=Exit.RUNNER_FAULT, message=sentence)
    answer = _obey(slot, words, setup, channels)
    if answer.output is not None:
        try:
            _deliver(Path(answer.output), protocol.resolve_link(slot, _OUTPUT, setup.project))
        except OSError as fault:
            sentence = f"The output cannot be written ({fault.strerror}). Make room in {setup.project}."
            return _End(status=Exit.NO_ROOM, message=sentence, may_pass=True)
    return _End(status=answer.exit, message=answer.message, may_pass=answer.may_pass)


def _obey(slot: Path, words: Sequence[str], setup: ClientSetup, channels: Channels) -> Answer:
    gate = PauseGate()
    supply = functools.partial(protocol.resolve_link, slot, project=setup.project)
    home, pause = SuppliedHome(setup.project / "axiom", supply), max(limits.CHECKPOINT_SECONDS, setup.pause)
    order, most_threads = take_thread_limit(words)
    cores = min(setup.cores, most_threads or setup.cores)
    runner = Runner(home, setup.host, gate, device=setup.device, pause=pause, cores=cores)
    pulse = Heartbeat(
        channels, gate, slot=slot, pid=setup.pid, earlier=setup.cpu_seconds, spent=lambda: runner.cpu_seconds
    )
    for name in _STOPS:
        if hasattr(signal, name):  # Windows has two of them
            signal.signal(getattr(signal, name), lambda _number, _frame: pulse.ask())
    pulse.start()
    try:
        return runner.obey(order, slot / _OWN, now=_now(), report=pulse.report)
    except RunEnded:
        raise pulse.fault or RunEnded(pulse.ended.reason) from None
    finally:
        runner.stop()
        pulse.stop()


def _deliver(output: Path, target: Path) -> None:
    """Copy the whole output to where boinc-client looks for it; the one in our folder stays, should we be stopped."""
    shutil.copyfile(output, target)  # in place, as what a kill leaves elsewhere boinc-client would not clear away
    fsync_path(target)


def _now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251  this is the edge: from here on the time is an argument


if __name__ == "__main__":  # as the built runner starts it
    sys.exit(main())
