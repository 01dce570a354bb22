"""Who a visitor is, by the address from which a request came, and how many connections there may be."""

import contextlib
import functools
import ipaddress
import resource

from axiom.limits import server as limits

THIS_COMPUTER = ("127.0.0.1", "::1")
_OTHER_FILES = 200  # that the laboratory itself may have open
_REMEMBERED = 4_096
_LONGEST = 45  # signs of an address
_UNREADABLE = "?"


def is_this_computer(address: str) -> bool:
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(address).is_loopback
    return address == "localhost"


def visitor_of(address: str) -> str:
    """Who shares one allowance with this address; empty for this computer, which has no limit.

    A household has one address of the older kind, or a whole network of the newer.
    """
    return _visitor_of(address[:_LONGEST])  # whatever a proxy passes on, little of it is remembered


@functools.lru_cache(maxsize=_REMEMBERED)
def _visitor_of(address: str) -> str:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return _UNREADABLE if address else ""
    if isinstance(parsed, ipaddress.IPv6Address):
        parsed = parsed.ipv4_mapped or parsed
    if str(parsed) in THIS_COMPUTER:
        return ""
    return str(parsed) if parsed.version == 4 else str(ipaddress.ip_network((int(parsed), 64), strict=False))


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
