"""Ten times a second: hear what boinc-client wants, and once a second tell it how far the task is."""

import contextlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from axiom.limits import runner as limits
from axiom.runner.boinc import protocol
from axiom.runner.boinc.protocol import Channel, Channels
from axiom.runner.child.pause import AwakeClock, PauseGate
from axiom.runner.platform.system import system

_BEAT = 0.1
_BEATS_PER_STATUS = 10


class ClientWish(StrEnum):
    SAME = "goes on as it is"
    HALT = "halts"
    GO_ON = "goes on"
    QUIT = "stops, to be started again"
    ABORT = "stops for good"


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    turn: ClientWish
    reason: str


_WORDS = {
    "<abort/>": Decision(turn=ClientWish.ABORT, reason="boinc-client gives the task up"),
    "<quit/>": Decision(turn=ClientWish.QUIT, reason="boinc-client asks for a stop"),
    "<suspend/>": Decision(turn=ClientWish.HALT, reason="boinc-client asks for a pause"),
    "<resume/>": Decision(turn=ClientWish.GO_ON, reason="boinc-client lets the task go on"),
}


def decide(control: str, *, silent: float, is_there: bool) -> Decision:
    for word, decision in _WORDS.items():  # the weightiest first
        if word in control:
            return decision
    if not is_there:
        return Decision(turn=ClientWish.QUIT, reason="boinc-client is gone")
    if silent >= limits.BOINC_GONE_AFTER_SECONDS:
        return Decision(turn=ClientWish.QUIT, reason=f"boinc-client was silent for {silent:.0f} seconds")
    return Decision(turn=ClientWish.SAME, reason="boinc-client wants nothing")


class Heartbeat:
    def __init__(
        self,
        channels: Channels,
        gate: PauseGate,
        *,
        slot: Path,
        pid: int,
        earlier: float,
        spent: Callable[[], float],
        every: float = limits.TELL_EVERY_SECONDS,
    ) -> None:
        self._slot = slot
        self._every = every
        self._untold = AwakeClock()
        self._channels = channels
        self._gate = gate
        self._pid = pid
        self._earlier = earlier
        self._spent = spent  # CPU seconds of the processes that compute
        self._cpu = self._kept_cpu = earlier
        self._kept = 0
        self._fraction = 0.0
        self._silence = AwakeClock()
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="pulse", daemon=True)
        self._is_asked = False
        self.ended = Decision(turn=ClientWish.QUIT, reason="this process was asked to end")
        self.fault: Exception | None = None  # why this thread ended, when nobody stopped it

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._is_over.set()
        self._thread.join()

    def ask(self) -> None:
        """Have the computing stop soon. Nothing is locked for that: whatever this interrupts may hold the lock."""
        self._is_asked = True

    def report(self, _task: int, fraction: float, kept: int) -> None:
        """Take how far the task is. What is kept will not be computed again, whatever happens to this process."""
        self._fraction = fraction
        if kept != self._kept:
            self._kept, self._kept_cpu = kept, self._cpu_now()

    def _run(self) -> None:
        beat = 0
        try:
            while not self._is_over.wait(_BEAT):
                self._hear()
                if self._is_asked:
                    self._gate.end()
                beat += 1
                if beat % _BEATS_PER_STATUS == 0:
                    self._tell()
            self._tell()
        except Exception as fault:  # noqa: BLE001  whoever started this thread raises it
            self.fault = fault
        finally:
            self._gate.end()  # without this thread nobody hears boinc-client

    def _hear(self) -> None:
        if self._channels.take(Channel.HEARTBEAT):
            self._silence = AwakeClock()
        control = self._channels.take(Channel.CONTROL)
        decided = decide(control, silent=self._silence.seconds(), is_there=system.is_there(self._pid))
        if decided.turn is ClientWish.HALT:
            self._gate.shut()
        elif decided.turn is ClientWish.GO_ON:
            self._gate.open()
        elif decided.turn in (ClientWish.QUIT, ClientWish.ABORT):
            self.ended = decided
            self._gate.end()

    def _tell(self) -> None:
        self._channels.put(
            Channel.STATUS,
            protocol.status_text(cpu_seconds=self._cpu_now(), kept_cpu_seconds=self._kept_cpu, fraction=self._fraction),
        )
        if self._untold.seconds() >= self._every:
            self._untold = AwakeClock()
            with contextlib.suppress(OSError):  # word of this kind may be lost
                protocol.tell_progress(self._slot, fraction=self._fraction, cpu_seconds=self._cpu_now())
                self._channels.put(Channel.TRICKLE_UP, "<have_new_trickle_up/>")

    def _cpu_now(self) -> float:
        """CPU time of the whole task; it never falls, though a child may end between two looks."""
        self._cpu = max(self._cpu, self._earlier + time.process_time() + self._spent())
        return self._cpu
