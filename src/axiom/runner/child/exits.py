import signal
import subprocess

from axiom.runner.child.spawn import StartedProcess

KILLED = "it was ended by SIGKILL"
_SIGNALLED, _LAST = 128, 64  # what a box adds to the number of the signal by which the process in it ended; the highest
_WAITING = 2.0  # seconds between the end of its pipe and its own


def how_ended(process: StartedProcess, *, is_boxed: bool) -> str:
    try:
        status = process.wait(timeout=_WAITING)
    except subprocess.TimeoutExpired:
        return "it closed its pipe"
    if is_boxed and _SIGNALLED < status <= _SIGNALLED + _LAST:
        status = _SIGNALLED - status
    if status >= 0:
        return f"it ended by itself with status {status}"
    names = {number.value: number.name for number in signal.Signals}
    name = names.get(-status, f"signal {-status}")  # those of real time have no names
    return f"{KILLED}, perhaps because the host ran out of memory" if name == "SIGKILL" else f"it was ended by {name}"
