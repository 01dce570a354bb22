"""Serves all sockets of a laboratory in one loop, until something asks to stop.

uvicorn speaks HTTP, by its public interface. What it leaves open is bounded by `RequestGuard` or by a reverse proxy.
"""

import asyncio
import contextlib
import gc
import os
import signal
import socket
import threading
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass

import uvicorn
from starlette.types import ASGIApp

from axiom.limits import server as limits
from axiom.rules.accounts.visitors import THIS_COMPUTER
from axiom.server.http.connections import most_connections
from axiom.server.http.fast_lane import Lanes
from axiom.server.http.origins import PublicAddress
from axiom.server.http.refused_requests import RequestGuard

_PROXIES = "FORWARDED_ALLOW_IPS"  # addresses of reverse proxies on other computers
_BACKLOG = 2_048
_LAST_SECONDS = 3  # in which what has begun may end
_STARTING = 0.005  # seconds between two looks


@dataclass(frozen=True, kw_only=True)
class ServedSocket:
    app: ASGIApp
    socket: socket.socket
    lanes: Lanes | None = None
    address: PublicAddress | None = None  # None where only this computer reaches it


class StopSignal:
    def __init__(self) -> None:
        self.by: signal.Signals | None = None
        self._asked = threading.Event()
        self._wake: Callable[[], object] | None = None

    @property
    def is_asked(self) -> bool:
        return self._asked.is_set()

    def now(self, by: signal.Signals | None = None) -> None:
        """Stop soon; may be called from any thread, and after the end."""
        self.by = self.by or by
        self._asked.set()
        if self._wake is not None:
            with contextlib.suppress(RuntimeError):  # the loop has ended
                self._wake()

    async def wait(self) -> None:
        loop, woken = asyncio.get_running_loop(), asyncio.Event()
        self._wake = lambda: loop.call_soon_threadsafe(woken.set)
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.now, number)
        if not self._asked.is_set():
            await woken.wait()


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Leaves them to the StopSignal: two servers would restore each other's handlers, and the last one stays."""
        yield


def serve_sockets(listeners: Sequence[ServedSocket], stopping: StopSignal) -> signal.Signals | None:
    spare_the_collector()
    with asyncio.Runner(loop_factory=_loop) as runner:
        runner.run(_serve(listeners, stopping))
    return stopping.by


def spare_the_collector() -> None:
    """What is there by now stays, and of what comes next to nothing points in a circle: it is seldom looked for.

    Otherwise a twentieth of the time goes into that, now and then a tenth of a second at once.
    """
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


async def _serve(listeners: Sequence[ServedSocket], stopping: StopSignal) -> None:
    stop = asyncio.create_task(stopping.wait())
    servers = [_Server(_config(listener)) for listener in listeners]
    serving = [
        asyncio.create_task(server.serve(sockets=[listener.socket]))
        for server, listener in zip(servers, listeners, strict=True)
    ]
    while not all(server.started for server in servers):
        await asyncio.sleep(_STARTING)
    await asyncio.wait([stop, *serving], return_when=asyncio.FIRST_COMPLETED)
    for server in servers:
        server.should_exit = True
    await asyncio.gather(*serving)
    stop.cancel()


def _config(listener: ServedSocket) -> uvicorn.Config:
    return uvicorn.Config(
        RequestGuard(listener.app, listener.lanes, listener.address),
        http="httptools",
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        log_level="critical",  # what a stranger sends amiss is no line of ours, and a fault has its line elsewhere
        access_log=False,
        server_header=False,
        forwarded_allow_ips=os.environ.get(_PROXIES) or list(THIS_COMPUTER),
        limit_concurrency=most_connections(),
        backlog=_BACKLOG,
        timeout_keep_alive=limits.IDLE_SECONDS,
        timeout_graceful_shutdown=_LAST_SECONDS,
    )


def _loop() -> asyncio.AbstractEventLoop:
    try:
        import uvloop
    except ImportError:  # Windows has none; the standard loop serves it
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()
