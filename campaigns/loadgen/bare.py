"""What a bare answer costs: uvicorn, which says "hello" and does nothing else.

It tells one computer from another, and not one hour from another: code as short as this stays in the processor's own
memory, whoever else is at work beside us, and that of a request of ours does not.
"""

import socket
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import uvicorn

from loadgen.processes import cpu

CONNECTIONS, ROUNDS = 32, 600
_CAMPAIGNS = Path(__file__).resolve().parents[1]
_ASKED = b"GET / HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n"
_HELLO = b"hello"


async def _hello(_scope: Any, _receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
    await send({"type": "http.response.body", "body": _HELLO})


def milliseconds(rounds: int = ROUNDS, connections: int = CONNECTIONS) -> float:
    """CPU of one bare answer; all connections are kept, and ask at once in each round."""
    server = subprocess.Popen([sys.executable, "-m", "loadgen.bare"], cwd=_CAMPAIGNS, stdout=subprocess.PIPE, text=True)
    try:
        if server.stdout is None:
            raise RuntimeError("it was to have one")
        address = "127.0.0.1", int(server.stdout.readline())
        with ExitStack() as stack:
            asking = [stack.enter_context(socket.create_connection(address, timeout=30)) for _ in range(connections)]
            for _ in range(rounds // 10):  # what is made once is not counted
                _ask(asking)
            before = cpu(server.pid)
            for _ in range(rounds):
                _ask(asking)
            return 1e3 * (cpu(server.pid) - before) / (rounds * connections)
    finally:
        server.kill()
        server.communicate()


def _ask(asking: list[socket.socket]) -> None:
    for connection in asking:
        connection.sendall(_ASKED)
    for connection in asking:
        reply = b""
        while not reply.endswith(_HELLO):
            piece = connection.recv(4096)
            if not piece:
                raise SystemExit("the bare server left")
            reply += piece


def _serve() -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(CONNECTIONS)
        print(listening.getsockname()[1], flush=True)
        config = uvicorn.Config(_hello, lifespan="off", log_config=None, access_log=False, server_header=False)
        uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    _serve()
