"""Requests in which another one hides, for whoever takes their end to be elsewhere than the next in line does."""

HIDDEN = b"GET /healthz HTTP/1.1\r\nX-Hidden: "  # whatever another one asks goes on from here
WHOLE = HIDDEN + b"1\r\nHost: 127.0.0.1\r\n\r\n"
_CHUNK = b"%x\r\n%b\r\n0\r\n" % (len(WHOLE), WHOLE)
_PATH = b"/lookup_account.php"  # whose answer keeps the connection


def _post(*lines: bytes, body: bytes = b"", path: bytes = _PATH, version: bytes = b"1.1") -> bytes:
    return b"\r\n".join((b"POST %b HTTP/%b" % (path, version), b"Host: 127.0.0.1", *lines)) + b"\r\n\r\n" + body


def _sized(*lines: bytes, body: bytes = WHOLE, path: bytes = _PATH) -> bytes:
    return _post(*lines, b"Content-Length: %d" % len(body), body=body, path=path)


_TE = b"Transfer-Encoding: chunked"
CASES: dict[str, bytes] = {
    "an offer of h2c before half a request": _sized(b"Connection: Upgrade", b"Upgrade: h2c", body=HIDDEN),
    "an offer of websockets before half a request": _sized(b"Connection: upgrade", b"Upgrade: websocket", body=HIDDEN),
    "an offer before chunks": _post(b"Connection: upgrade", b"Upgrade: h2c", _TE, body=_CHUNK + b"\r\n"),
    "trailers and an end": _post(b"Connection: close", _TE, body=b"1\r\na\r\n0\r\nX: y\r\n\r\n"),
    "trailers that name a sender": _post(_TE, body=b"1\r\na\r\n0\r\nX-Forwarded-For: 127.0.0.1\r\n\r\n"),
    "trailers that name a length": _post(_TE, body=b"1\r\na\r\n0\r\nContent-Length: 99\r\n\r\n"),
    "a length and chunks": _post(b"Content-Length: 6", _TE, body=b"0\r\n\r\n" + WHOLE),
    "chunks and a length of all": _post(_TE, b"Content-Length: %d" % (len(WHOLE) + 5), body=b"0\r\n\r\n" + WHOLE),
    "chunks by another name": _post(b"Transfer-Encoding: xchunked", b"Content-Length: 5", body=b"0\r\n\r\n" + WHOLE),
    "chunks behind a tab": _post(b"Transfer-Encoding:\tchunked", b"Content-Length: 5", body=b"0\r\n\r\n" + WHOLE),
    "chunks said twice": _post(_TE, b"Transfer-Encoding: identity", b"Content-Length: 5", body=b"0\r\n\r\n" + WHOLE),
    "chunks of HTTP/1.0": _post(_TE, b"Connection: keep-alive", body=b"0\r\n\r\n" + WHOLE, version=b"1.0"),
    "a chunk with a bare line": _post(_TE, body=b"1;a\nb\r\na\r\n0\r\n\r\n" + WHOLE),
    "a chunk beyond all numbers": _post(_TE, body=b"10000000000000001\r\na\r\n0\r\n\r\n" + WHOLE),
    "two lengths": _post(b"Content-Length: 0", b"Content-Length: %d" % len(WHOLE), body=WHOLE),
    "a length with a sign": _post(b"Content-Length: +5", body=b"aaaaa" + WHOLE),
    "a length in pieces": _post(b"Content-Length: 5 5", body=b"aaaaa" + WHOLE),
    "a length behind a space": _post(b"Content-Length : %d" % len(WHOLE), body=WHOLE),
    "a length in a folded line": _post(b"X: y", b" Content-Length: %d" % len(WHOLE), body=WHOLE),
    "a length under another name": _post(b"Content_Length: %d" % len(WHOLE), body=WHOLE),
    "a body behind GET": _sized().replace(b"POST", b"GET", 1),
    "a body behind HEAD": _sized().replace(b"POST", b"HEAD", 1),
    "a body that is waited for": _sized(b"Expect: 100-continue"),
    "a body behind bare lines": _sized().replace(b"\r\nContent-Length", b"\nContent-Length"),
    "a name in the address": _sized().replace(b"POST /", b"POST http://127.0.0.1/"),
    "a body for a page": _sized(path=b"/findings"),
    "a body for a client's address": _sized(path=b"/scheduler"),
    "a large body that is refused": _post(b"Content-Length: 2000000", body=WHOLE * 100),
    "two requests at once": b"GET /readyz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" + WHOLE,
}
