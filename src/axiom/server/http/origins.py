"""Whom a request asks, by the name that it gives, and which page sent it, by what its browser says."""

import functools
import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from axiom.server.http.old_addresses import OldPaths

_OWN_PAGES = frozenset({b"same-origin", b"none"})  # as browsers say from where a request comes
_LONGEST_NAME = 261  # signs of a name and a port
_HERE = "localhost"
_BROWSERS = b"Mozilla/"  # how all of them begin what they are called
_AMISS = re.compile(rb"[^A-Za-z0-9._\-:\[\]]")

Headers = Mapping[bytes, bytes]


@dataclass(frozen=True, kw_only=True, slots=True)
class PublicAddress:
    """Where others find a laboratory: by which names and paths, and what a browser calls its pages' origin."""

    names: frozenset[str] = frozenset()
    origin: str = ""
    old_paths: OldPaths | None = None


def origin_of(address: str) -> str:
    """What a browser calls the origin of pages at this address."""
    parts = urlsplit(address.lower())
    return f"{parts.scheme}://{parts.netloc}"


def is_asked_here(headers: Headers, own_origin: str) -> bool:
    """Does a page of ours ask, or no page at all? Whoever asks by a name of ours; a browser says from where it does."""
    site, origin = headers.get(b"sec-fetch-site"), headers.get(b"origin")
    if site is not None:
        return site in _OWN_PAGES
    if origin is None:
        return True
    source = origin.decode("latin-1").lower()
    host = headers.get(b"host", b"").decode("latin-1").lower()
    return source in {own_origin, f"http://{host}", f"https://{host}"}


def is_asked_by_program(headers: Headers, method: str, own_origin: str) -> bool:
    """Is no page behind this? Over plain http a browser says nothing of the page with a question, but its own name."""
    says_page = b"sec-fetch-site" in headers or b"origin" in headers
    is_silent_browser = not says_page and headers.get(b"user-agent", b"").startswith(_BROWSERS)
    return is_asked_here(headers, own_origin) and method != "HEAD" and not is_silent_browser


def is_known(host: bytes, names: frozenset[str]) -> bool:
    """Is this a name of ours, or the number of a computer? Nobody can lead such a number elsewhere."""
    name = _name_in(host) if len(host) <= _LONGEST_NAME else ""
    return name in names or name == _HERE or _is_number(name)


@functools.lru_cache(maxsize=1_024)
def _name_in(host: bytes) -> str:
    try:
        return (urlsplit(f"//{host.decode('ascii')}").hostname or "").rstrip(".") if not _AMISS.search(host) else ""
    except ValueError:
        return ""


@functools.lru_cache(maxsize=1_024)
def _is_number(name: str) -> bool:
    try:
        return bool(ipaddress.ip_address(name))
    except ValueError:
        return False
