"""A real browser, and an application that it can look at."""

import asyncio
import contextlib
import shutil
import socket
import threading
from collections.abc import Iterator
from typing import Any

import uvicorn
from playwright.sync_api import Browser, sync_playwright

CHROMIUM = shutil.which("chromium")
_ARGUMENTS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
]


class _Server(uvicorn.Server):
    """Leaves signals to the tests."""

    def install_signal_handlers(self) -> None:
        pass

    def run(self, sockets: Any = None) -> None:
        asyncio.run(self._serve(sockets))


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """The browser, for as long as somebody looks."""
    assert CHROMIUM, "chromium is missing, so no page was looked at: apt-get install chromium"
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=_ARGUMENTS)
        yield started
        started.close()


@contextlib.contextmanager
def serving(app: Any, listening: socket.socket) -> Iterator[None]:
    """Serve an application on this socket, for as long as somebody wants it."""
    server = _Server(uvicorn.Config(app, lifespan="off", log_config=None))
    thread = threading.Thread(target=server.run, args=([listening],))
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join()
