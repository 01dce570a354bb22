"""Who a visitor is, by the address from which a request came, and how much of a scarce thing each one has."""

import functools
import ipaddress
from collections import Counter

THIS_COMPUTER = ("127.0.0.1", "::1")
_REMEMBERED = 4_096
_LONGEST = 45  # signs of an address
_UNREADABLE = "?"


class VisitorShares:
    """How many of a scarce thing each visitor has now; this computer's own programs may have as many as there are."""

    def __init__(self) -> None:
        self._held = Counter[str]()

    def take(self, visitor: str, most: int) -> bool:
        """One more for this visitor, which is to be given back; false where it has as many already."""
        if visitor and self._held[visitor] >= most:
            return False
        self._held[visitor] += 1
        return True

    def give(self, visitor: str) -> None:
        self._held[visitor] -= 1
        if not self._held[visitor]:
            del self._held[visitor]


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
