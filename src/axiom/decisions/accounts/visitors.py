"""Who a visitor is, by the address from which a request came, and how much of a scarce thing each one has."""

import contextlib
import functools
import ipaddress
from collections import Counter
from collections.abc import Iterator

THIS_COMPUTER = ("127.0.0.1", "::1")
_REMEMBERED = 4_096
_LONGEST = 45  # signs of an address
_UNREADABLE = "?"


class Shares:
    """How many of a scarce thing each visitor has now; this computer's own programs may have as many as there are."""

    def __init__(self) -> None:
        self._held = Counter[str]()

    @contextlib.contextmanager
    def hold(self, visitor: str, most: int) -> Iterator[bool]:
        """One more for this visitor for a while; false where it has as many already."""
        is_granted = not visitor or self._held[visitor] < most
        self._held[visitor] += is_granted
        try:
            yield is_granted
        finally:
            self._held[visitor] -= is_granted
            if not self._held[visitor]:
                del self._held[visitor]


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
