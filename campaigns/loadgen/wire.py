"""The smallest HTTP/1.1 that a BOINC client needs: POST a body, read the answer."""

import re
import socket
import struct
from urllib.parse import urlsplit

_LENGTH = re.compile(rb"\r\ncontent-length:\s*(\d+)", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding:\s*chunked", re.IGNORECASE)
_CLOSING = re.compile(rb"\r\nconnection:\s*close", re.IGNORECASE)
_PIECE = 262_144
_AGENT = "BOINC client (x86_64-pc-linux-gnu 7.20.5)"


class Line:
    """A connection to one server at a time: opened when it is needed, closed after each answer unless it is kept."""

    def __init__(self, *, keep: bool, timeout: float) -> None:
        self._keep = keep
        self._timeout = timeout
        self._socket: socket.socket | None = None
        self._server: tuple[str, int] | None = None
        self._buffer = b""
        self._heads: dict[str, tuple[tuple[str, int], bytes]] = {}

    def post(self, url: str, body: bytes) -> tuple[int, bytes]:
        """Send a body; the status and the body of what came back. An OSError when there is nobody."""
        server, head = self._heads.get(url) or self._address(url)
        again = self._socket is not None and self._server == server
        if not again:
            self._open(server)
        try:
            return self._ask(head, body)
        except OSError:
            self.close()
            if not again:
                raise
        self._open(server)  # a kept connection may have been closed meanwhile, which is nobody's fault
        return self._ask(head, body)

    def close(self) -> None:
        """Hang up."""
        if self._socket is not None:
            self._socket.close()
        self._socket, self._buffer = None, b""

    def _address(self, url: str) -> tuple[tuple[str, int], bytes]:
        parts = urlsplit(url)
        if parts.scheme != "http" or parts.hostname is None:
            raise ValueError(f"The load generator speaks plain HTTP alone, and the address is {url[:200]!r}.")
        path = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        head = (
            f"POST {path} HTTP/1.1\r\nHost: {parts.netloc}\r\nUser-Agent: {_AGENT}\r\nAccept: */*\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\n"
            f"Connection: {'keep-alive' if self._keep else 'close'}\r\nContent-Length: "
        )
        address = ((socket.gethostbyname(parts.hostname), parts.port or 80), head.encode())
        self._heads[url] = address
        return address

    def _open(self, server: tuple[str, int]) -> None:
        self.close()
        opened = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        limit = struct.pack("@ll", int(self._timeout), int(self._timeout % 1 * 1e6))
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, limit)  # the kernel's limits: Python's own cost a
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, limit)  # poll before each call
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            opened.connect(server)
        except OSError:
            opened.close()
            raise
        self._socket, self._server = opened, server

    def _ask(self, head: bytes, body: bytes) -> tuple[int, bytes]:
        if self._socket is None:
            raise ConnectionError("the line is closed")
        self._socket.sendall(b"%b%d\r\n\r\n%b" % (head, len(body), body))
        end = self._upto(b"\r\n\r\n")
        top, self._buffer = self._buffer[: end + 2], self._buffer[end + 4 :]
        length = _LENGTH.search(top)
        if length is not None:
            answer = self._exactly(int(length[1]))
        elif _CHUNKED.search(top):
            answer = self._chunks()
        else:
            answer = self._rest()
        if not self._keep or length is None or _CLOSING.search(top):
            self.close()
        return int(top[9:12]), answer

    def _more(self) -> bool:
        piece = self._socket.recv(_PIECE) if self._socket is not None else b""
        self._buffer += piece
        return bool(piece)

    def _upto(self, mark: bytes) -> int:
        while (end := self._buffer.find(mark)) < 0:
            if not self._more():
                raise ConnectionResetError("the answer was cut")
        return end

    def _exactly(self, amount: int) -> bytes:
        while len(self._buffer) < amount:
            if not self._more():
                raise ConnectionResetError("the answer was cut")
        piece, self._buffer = self._buffer[:amount], self._buffer[amount:]
        return piece

    def _chunks(self) -> bytes:
        whole = []
        while True:
            end = self._upto(b"\r\n")
            size = int(self._buffer[:end].split(b";")[0], 16)
            self._buffer = self._buffer[end + 2 :]
            whole.append(self._exactly(size + 2)[:-2])
            if size == 0:
                return b"".join(whole)

    def _rest(self) -> bytes:
        while self._more():
            pass
        piece, self._buffer = self._buffer, b""
        return piece
