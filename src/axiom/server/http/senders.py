"""Who is at the other end of a connection, also behind a reverse proxy, and how many connections there may be."""

import contextlib
import functools
import ipaddress
import resource
from collections.abc import Sequence

from axiom.limits import server as limits

_OTHER_FILES = 200  # that the laboratory itself may have open
OURSELVES = "127.0.0.1,::1"
_REMEMBERED = 4_096
_LONGEST = 45  # signs of an address

Peer = tuple[str, int]
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@functools.lru_cache(maxsize=_REMEMBERED)
def sender(address: str, proxies: str) -> str:
    """Who shares one allowance of connections with this address; empty for a reverse proxy, which has no limit.

    A household has one address of the older kind, or a whole network of the newer.
    """
    parsed = _parsed(address)
    if parsed is None or is_proxy(address, proxies) or is_proxy(address, OURSELVES):
        return ""
    return str(parsed) if parsed.version == 4 else str(ipaddress.ip_network((int(parsed), 64), strict=False))


@functools.lru_cache(maxsize=_REMEMBERED)
def is_proxy(address: str, proxies: str) -> bool:
    """Is this one of the proxies: addresses and networks with commas between, or `*` for whatever comes?"""
    named = [name.strip() for name in proxies.split(",")]
    parsed = _parsed(address)
    return "*" in named or (parsed is not None and any(_is_in(parsed, name) for name in named))


def forwarded(headers: Sequence[tuple[bytes, bytes]], proxy: Peer | None, proxies: str) -> tuple[str, Peer | None]:
    """Over what and from where a request came that this proxy brings: the nearest address that is no proxy's."""
    scheme, brought = "http", list[str]()
    for name, value in headers:
        if name == b"x-forwarded-proto" and value.strip() in {b"http", b"https"}:
            scheme = value.strip().decode()
        elif name == b"x-forwarded-for":
            brought += value.decode("latin-1").split(",")
    client = ""
    for address in reversed(brought):  # what stands before the nearest stranger is that stranger's word
        client = _without_port(address.strip())[:_LONGEST]
        if not is_proxy(client, proxies):
            break
    return scheme, (client, 0) if client else proxy


@functools.cache
def most_connections() -> int:
    """How many connections there may be at once. On each a file may be brought or fetched, which is open, too.

    Many a service may have 1,024 files open until it asks for more, which it may: half a fleet that fetches a new
    runner would leave none for the records.
    """
    wanted = 2 * limits.CONNECTIONS + _OTHER_FILES
    allowed, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if _lacks(allowed, wanted):
        allowed = wanted if not _lacks(most, wanted) else most
        with contextlib.suppress(OSError, ValueError):  # a system may let it have fewer than it says
            resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, most))
        allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return limits.CONNECTIONS if not _lacks(allowed, wanted) else max(1, (allowed - _OTHER_FILES) // 2)


def _lacks(files: int, wanted: int) -> bool:
    return files != resource.RLIM_INFINITY and files < wanted


def _parsed(address: str) -> Address | None:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return None  # a socket of this computer, or nonsense
    return getattr(parsed, "ipv4_mapped", None) or parsed


def _is_in(address: Address, named: str) -> bool:
    try:
        return address in ipaddress.ip_network(named, strict=False)
    except ValueError:
        return False  # no address


def _without_port(address: str) -> str:
    if address.startswith("["):
        return address[1:].partition("]")[0]
    return address.partition(":")[0] if address.count(":") == 1 else address
