"""Pilots on the workers of a Dask cluster: one long task on each, which runs a pilot and ends with it.

Dask carries who starts a pilot and nothing of the work: the pilot fetches that itself, signed, from the laboratory. So
when the scheduler, this process or a worker dies, pilots end and the laboratory lends their tasks to others.
"""

import contextlib
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import CancelledError

from distributed import Client, Future, Status, get_worker
from distributed.comm import registry
from distributed.comm.addressing import parse_address, parse_host_port

from axiom.errors import CannotStart, WrongUse
from axiom.limits import clusters as limits

_STEP = 1.0  # seconds between two looks
_SAID = 300  # characters of what a pilot said last
_SIGNALLED = 128  # and the signal's number, as a shell says it
_LONGEST = 999_999  # seconds that `--for` takes

_ALIVE = {Status.running, Status.paused}

Ended = tuple[int, str]  # a pilot's exit status, and what it said last


def run_pilot(words: Sequence[str], seconds: float | None, cores: int | None) -> Ended:
    """What a worker does: start a pilot, and end it when Dask no longer wants it. Its leash is for our own death."""
    worker = get_worker()
    task = worker.get_current_task()
    command = [sys.executable, "-m", "axiom", "work", "--leash", *words, "--cores", str(cores or worker.state.nthreads)]
    if seconds is not None:
        command += ["--for", f"{min(_LONGEST, max(1, int(seconds)))}s"]
    with tempfile.TemporaryFile() as printed:
        with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=printed) as pilot:
            while pilot.poll() is None:
                task_state = worker.state.tasks.get(task)  # Dask cannot interrupt a task: it only marks it as cancelled
                if task_state is None or task_state.state != "executing" or worker.status not in _ALIVE:
                    pilot.terminate()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    pilot.wait(_STEP)
        printed.seek(0)
        lines = printed.read().decode(errors="replace").strip().splitlines()
    status = pilot.returncode if pilot.returncode >= 0 else _SIGNALLED - pilot.returncode
    return status, lines[-1][-_SAID:] if lines else ""


def run_pilots_on_dask(
    scheduler: str,
    words: Sequence[str],
    *,
    cores: int | None,
    seconds: float | None,
    stop: threading.Event,
    remark: Callable[[str], None],
) -> Ended:
    """Keep a pilot on every worker until all have ended or `stop` is set; the worst that a pilot ended with.

    Workers that come later, within `seconds`, get one too. `words` are the pilot's, without its cores and its time.
    """
    _demand_address(scheduler)
    until = None if seconds is None else time.monotonic() + seconds
    flying: dict[str, Future[Ended]] = {}
    ends: dict[str, Ended] = {}
    try:
        with Client(scheduler, timeout=limits.DASK_ANSWERS_SECONDS, set_as_default=False) as client:
            while not stop.wait(_STEP):
                workers: Mapping[str, int] = client.nthreads()
                rest = None if until is None else until - time.monotonic()
                is_over = rest is not None and rest <= 0
                for gone in flying.keys() - workers.keys():
                    flying.pop(gone).cancel()
                    remark(f"The worker {gone} is gone.")
                for new in () if is_over else workers.keys() - flying.keys() - ends.keys():
                    flying[new] = client.submit(
                        run_pilot, words, rest, cores, workers=[new], allow_other_workers=False, pure=False, retries=0
                    )
                    remark(f"A pilot starts on {new}.")
                for worker in [address for address, pilot in flying.items() if pilot.done()]:
                    ends[worker] = _result(worker, flying.pop(worker))
                    remark(f"The pilot on {worker} ended with {ends[worker][0]}: {ends[worker][1]}")
                if (ends or is_over) and not flying:
                    break
            client.cancel(list(flying.values()))
    except OSError as error:  # CommClosedError and TimeoutError are
        raise CannotStart(
            f"The Dask scheduler {scheduler} does not answer ({str(error)[:_SAID]}). Pilots that it started end, and "
            "the laboratory gives their tasks to others."
        ) from error
    return max(ends.values(), default=(0, "No pilot was started."))


def _demand_address(scheduler: str) -> None:
    """A client of Dask that fails at its address would keep the process from ending."""
    try:
        scheme, place = parse_address(scheduler)
        registry.get_backend(scheme)
        parse_host_port(place)
    except ValueError as error:
        raise WrongUse(f"{scheduler!r} is no address of a Dask scheduler ({error}). Nothing was started.") from error


def _result(worker: str, pilot: Future[Ended]) -> Ended:
    try:
        status, last_words = pilot.result()
    except CancelledError as error:
        raise OSError("it forgot what it was told to do") from error
    except Exception as error:
        raise CannotStart(
            f"The worker {worker} could not start a pilot ({str(error)[:_SAID]}). Axiom of this version must be in the "
            "environment of the workers."
        ) from error
    return status, last_words
