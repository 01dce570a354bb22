"""How every part of the program asks a server over HTTP: once, without a proxy, and following nobody elsewhere.

The SDKs of language models bring a client of their own, and a release is fetched by `urllib`, which knows proxies.
"""

import http.client
from collections.abc import Callable, Mapping
from urllib.parse import SplitResult, urlsplit

_KINDS = {"https": http.client.HTTPSConnection, "http": http.client.HTTPConnection}

Connect = Callable[[float], http.client.HTTPConnection]  # with the seconds that an answer may take


def parse_http_address(address: str, such_as: str = "https://lab.example/") -> tuple[SplitResult, Connect]:
    """What it says, and what opens a connection there; a ValueError ends the sentence that this is no address."""
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise ValueError(f"({error})") from error
    if not host or parts.scheme not in _KINDS:
        raise ValueError(f"such as {such_as}")
    return parts, lambda seconds: _KINDS[parts.scheme](host, port, timeout=seconds)


def exchange_http(
    connection: http.client.HTTPConnection,
    method: str,
    path: str,
    body: bytes | None,
    headers: Mapping[str, str],
    most: int | None = None,
) -> tuple[http.client.HTTPResponse, bytes]:
    """One request, and what is answered to it; an OSError or an HTTPException where nothing is."""
    connection.request(method, path, body=body, headers=headers)
    reply = connection.getresponse()
    return reply, reply.read(most)
