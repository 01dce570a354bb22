"""Serves all sockets of a laboratory in one loop, until something asks to stop."""

import asyncio
import gc
import os
import signal
import socket
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from axiom.server.http.connection import App, Connection, Site
from axiom.server.http.fast_lane import Lanes
from axiom.server.http.senders import OURSELVES

_PROXIES = "FORWARDED_ALLOW_IPS"  # addresses of reverse proxies on other computers
_BACKLOG = 2_048
_LAST_SECONDS = 3.0  # in which what has begun may end
_STEP = 0.05  # seconds between two looks


@dataclass(frozen=True, kw_only=True)
class ServedSocket:
    app: App
    socket: socket.socket
    lanes: Lanes | None = None


class StopSignal:
    def __init__(self) -> None:
        self.by: signal.Signals | None = None
        self._asked = threading.Event()
        self._wake: Callable[[], object] | None = None

    @property
    def is_asked(self) -> bool:
        return self._asked.is_set()

    def now(self, by: signal.Signals | None = None) -> None:
        """Stop soon; may be called from any thread."""
        self.by = self.by or by
        self._asked.set()
        if self._wake is not None:
            self._wake()

    async def wait(self) -> None:
        loop, woken = asyncio.get_running_loop(), asyncio.Event()
        self._wake = lambda: loop.call_soon_threadsafe(woken.set)
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.now, number)
        if not self._asked.is_set():
            await woken.wait()


def serve(listeners: Sequence[ServedSocket], stopping: StopSignal) -> signal.Signals | None:
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
    loop, proxies = asyncio.get_running_loop(), os.environ.get(_PROXIES, OURSELVES)
    sites = [Site(listener.app, listener.lanes, loop, proxies) for listener in listeners]
    servers = [
        await loop.create_server(partial(Connection, site), sock=listener.socket, backlog=_BACKLOG)
        for site, listener in zip(sites, listeners, strict=True)
    ]
    await stopping.wait()
    for server in servers:
        server.close()
    await asyncio.gather(*map(_finish, sites))


async def _finish(site: Site) -> None:
    for connection in list(site.connections):
        connection.finish()
    until = site.loop.time() + _LAST_SECONDS
    while (site.connections or site.tasks) and site.loop.time() < until:
        await asyncio.sleep(_STEP)
    for connection in list(site.connections):
        connection.transport.abort()  # whoever runs the loop ends its tasks


def _loop() -> asyncio.AbstractEventLoop:
    try:
        import uvloop
    except ImportError:  # Windows has none; the standard loop serves it
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()
