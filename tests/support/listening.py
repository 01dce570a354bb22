"""A site that listens while somebody talks to it."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from patience import PATIENCE

from axiom.server.http.serving import ServedSocket, StopSignal, serve_sockets

Heard = TypeVar("Heard")


def while_listening(listeners: Sequence[ServedSocket], talk: Callable[[], Heard]) -> Heard:
    """What `talk` returns. The loop needs the main thread, so the talking gets another."""
    stopping = StopSignal()

    def talking() -> Heard:
        try:
            return talk()
        finally:
            stopping.now()

    with ThreadPoolExecutor(1) as pool:
        talked = pool.submit(talking)
        assert serve_sockets(listeners, stopping) is None
        return talked.result(timeout=PATIENCE)
