"""A pilot: runners that compute for a laboratory in another process until told to stop.

A cluster's scheduler starts it for a laboratory elsewhere; all that it keeps lies in one folder of its scratch, which a
pilot that comes back to the node finds again. A person starts one beside a laboratory on the same computer.
"""

import contextlib
import json
import logging
import os
import re
import secrets
import shutil
import signal
import socket
import stat
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from axiom.domain.fleet import Capacity
from axiom.engines.available_resources import lent_capacity, own_capacity
from axiom.engines.http_work_source import HttpWorkSource
from axiom.engines.local_engine import EnginePace, LocalEngine
from axiom.errors import AxiomError, CannotStart, FolderInUse, WrongUse
from axiom.gate.client import UnixConnection
from axiom.limits import clusters as limits
from axiom.runner.files.file_lock import take_file_lock
from axiom.runner.platform.host import platform_here
from axiom.signed.atomic_files import write_atomically
from axiom.signed.program_tokens import CLUSTER_PREFIX
from axiom.signed.trust import read_trust
from axiom.store.engine.folder import Folder, read_lock_holder
from axiom_weigh.terminal import print_remark, wall_clock

log = logging.getLogger("axiom.pilot")

_SLOTS = 4_096  # pilots on one node
_REMEMBERED = 4  # secrets of pilots before this one
_STEP = 0.25  # seconds between two looks at the clock
_LOOK = 2.0  # seconds between two looks at who holds a folder


@dataclass(frozen=True, kw_only=True)
class PilotOrders:
    server: str
    lab: str  # the name that the laboratory's first keys give it: no other is computed for
    key_file: Path
    scratch: Path | None
    cores: int
    name: str
    seconds: float | None  # after which nothing more is begun
    waits: bool  # whether it waits for more work where none is left
    is_on_leash: bool = False  # ends when standard input does


def seconds_of_work(job_seconds: float) -> float:
    """For how long a pilot begins something whose job has so long: at least for half of a short one."""
    return max(job_seconds - limits.JOB_MARGIN_SECONDS, job_seconds / 2)


def run_pilot_job(orders: PilotOrders, *, quiet: bool) -> None:
    stopping = _stopping_by_signals()
    if orders.is_on_leash:
        threading.Thread(target=_feel_leash, args=(stopping,), daemon=True).start()
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(asctime)s %(message)s")
    source = HttpWorkSource(orders.server, _key(orders.key_file))
    with _home(orders) as (home, name), contextlib.closing(source):
        threading.Thread(target=_hurry_when, args=(stopping, source), daemon=True).start()
        _say_hello(source, home, name, lent_capacity(orders.cores))
        trust = source.trust()
        _demand_lab(trust, orders.lab)
        pace = EnginePace(ahead=1, linger=1.0, beat=source.beat_seconds, idle=1.0, longest_idle=source.beat_seconds)
        engine = LocalEngine(
            source, home=home, host_id=source.host_id, cores=orders.cores, reported=lambda: None, pace=pace
        )
        source.renew = engine.renew
        engine.start(trust)
        print_remark(
            f"{orders.cores} cores compute for {orders.server} as {source.name}, host {source.host_id}.", quiet=quiet
        )
        why = _stay(engine, source, stopping, seconds=orders.seconds, waits=orders.waits)
        source.hurry()
        engine.stop(keeps=orders.scratch is not None)
        with contextlib.suppress(AxiomError):
            source.give_back((), is_over=True)
    if source.refused is not None:
        raise source.refused
    print_remark(why, quiet=quiet)


def run_pilot_beside(
    folder: Folder, name: str, cores: int, *, seconds: float | None, is_modest: bool, quiet: bool
) -> None:
    """The same for the laboratory that runs in this folder, until it is gone; without work it waits for some."""
    stopping = _stopping_by_signals()
    home = folder.path / "engines" / "".join(sign if sign.isalnum() else "-" for sign in name)
    source = HttpWorkSource("http://localhost/", connect=lambda timeout: UnixConnection(folder.socket, timeout))
    with _alone(home, name), contextlib.closing(source):
        for watch in (partial(_stop_when_gone, stopping, folder), partial(_hurry_when, stopping, source)):
            threading.Thread(target=watch, daemon=True).start()
        _say_hello(source, home, name, own_capacity(cores))
        engine = LocalEngine(
            source,
            home=home,
            host_id=source.host_id,
            cores=cores,
            reported=lambda: None,
            is_modest=is_modest,
            is_ours=True,
        )
        source.renew = engine.renew
        engine.start(source.trust())
        print_remark(f"{cores} cores compute as host {source.host_id}. Ctrl-C stops them.", quiet=quiet)
        _stay(engine, source, stopping, seconds=seconds, waits=True)
        source.hurry()
        engine.stop()
    if source.refused is not None:
        raise source.refused
    print_remark("Stopped. The same command goes on from here.", quiet=quiet)


def _stopping_by_signals() -> threading.Event:
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: stopping.set())
    return stopping


def _stay(
    engine: LocalEngine, source: HttpWorkSource, stopping: threading.Event, *, seconds: float | None, waits: bool
) -> str:
    over_at = None if seconds is None else time.monotonic() + seconds
    while not stopping.wait(_STEP):
        if source.refused is not None:
            return str(source.refused)
        if not waits and engine.in_vain >= limits.QUESTIONS_IN_VAIN:
            return "No work is left."
        if over_at is not None and time.monotonic() >= over_at:
            engine.drain()
            until = time.monotonic() + limits.ENDING_SECONDS
            while engine.in_hand and time.monotonic() < until and not stopping.wait(_STEP) and source.refused is None:
                continue
            return "The time is over."
    return "Stopped. A pilot that comes back to this folder goes on from here."


def _stop_when_gone(stopping: threading.Event, folder: Folder) -> None:
    while not stopping.wait(_LOOK) and read_lock_holder(folder) is not None:
        continue
    stopping.set()


def _feel_leash(stopping: threading.Event) -> None:
    """Whoever started us holds the other end of standard input, and it ends when they do, however they die."""
    with contextlib.suppress(OSError):
        while os.read(0, 4_096):
            continue
    stopping.set()


def _hurry_when(stopping: threading.Event, source: HttpWorkSource) -> None:
    """Whoever waits for a laboratory that does not answer is told to end as well."""
    stopping.wait()
    source.hurry()


def _say_hello(source: HttpWorkSource, home: Path, name: str, capacity: Capacity) -> None:
    file, session = home / "pilot.json", secrets.token_hex(32)
    before: list[str] = []
    with contextlib.suppress(OSError, ValueError):
        before = [str(secret) for secret in json.loads(file.read_bytes())["sessions"]]
    sessions = [*before, session][-_REMEMBERED:]
    write_atomically(file, json.dumps({"sessions": sessions}).encode())
    source.hello(name, platform_here(), capacity, session=session, before=sessions[:-1])


def _demand_lab(trust: bytes, lab: str) -> None:
    """Refuse to compute for any laboratory but the one that was named: who has the server need not have its keys."""
    try:
        read_trust(trust, lab=lab, seen=None, now=wall_clock())
    except ValueError as fault:
        raise WrongUse(
            f"The server is not of the laboratory {lab[:12]} that --lab names ({fault}). Nothing was computed."
        ) from None


def _key(file: Path) -> str:
    try:
        mode, key = file.stat().st_mode, file.read_text(encoding="ascii", errors="replace").strip()
    except OSError as error:
        raise CannotStart(f"The key in {file} cannot be read ({error.strerror}). Nothing was started.") from error
    if stat.S_IMODE(mode) & 0o077:
        raise CannotStart(
            f"Others than you may read {file} (mode {stat.S_IMODE(mode):04o}), and whoever has the key can compute in "
            f"the cluster's name. Nothing was started; `chmod 600 {file}`."
        )
    if not re.fullmatch(rf"{CLUSTER_PREFIX}[A-Za-z0-9_\-]{{20,100}}", key):
        raise WrongUse(f"{file} holds no key of a cluster. Nothing was started; `axiom cluster add` makes one.")
    return key


@contextlib.contextmanager
def _home(orders: PilotOrders) -> Iterator[tuple[Path, str]]:
    node = orders.name or socket.gethostname().partition(".")[0] or "node"
    plain = "".join(sign if sign.isalnum() or sign in "-_." else "-" for sign in node).lstrip(".") or "node"
    with _scratch(orders.scratch) as scratch:
        for slot in range(1, _SLOTS):
            home = scratch / plain / str(slot)
            try:
                home.mkdir(mode=0o700, parents=True, exist_ok=True)
                _demand_ours(scratch, home.parent, home)
                lock = take_file_lock(home / "pilot.lock")
            except OSError as error:
                raise CannotStart(f"{home} cannot be used ({error.strerror}). Nothing was started.") from error
            if lock is not None:
                try:
                    yield home, f"{node}-{slot}"
                finally:
                    os.close(lock)
                return
    raise CannotStart(f"{_SLOTS} pilots compute below {scratch} already. Nothing was started.")


@contextlib.contextmanager
def _alone(home: Path, name: str) -> Iterator[None]:
    home.mkdir(parents=True, exist_ok=True)
    lock = take_file_lock(home / "engine.lock")
    if lock is None:
        raise FolderInUse(
            f"An engine named {name!r} computes already. Nothing was started; give this one another --name."
        )
    try:
        yield
    finally:
        os.close(lock)


def _demand_ours(scratch: Path, *below: Path) -> None:
    """Refuse a folder that another user of the node made in our place: they could change what we start from it."""
    us = os.geteuid()
    if scratch.stat().st_uid not in {us, 0} or any(folder.stat().st_uid != us for folder in below):
        raise CannotStart(
            f"{scratch}, or a folder in it, belongs to another user, who could change what computes there. Nothing was "
            "started; name another folder with --scratch."
        )


@contextlib.contextmanager
def _scratch(wanted: Path | None) -> Iterator[Path]:
    if wanted is not None:
        yield wanted
        return
    made = Path(tempfile.mkdtemp(prefix="axiom-pilot-"))
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)
