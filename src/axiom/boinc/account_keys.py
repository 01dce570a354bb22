"""The words by which BOINC knows a volunteer: account keys, weak keys, and digests of the email address.

A key follows from the laboratory's secret, the volunteer and a serial number that goes up when the volunteer asks for
another key. So nothing but its digest is stored, and it can still be told again to whoever proves the password.
"""

import hashlib
import hmac
import re
from functools import lru_cache

_EXPORTED = "exported:"
_KEY = re.compile(r"[0-9a-f]{32}|[1-9][0-9]{0,17}_[0-9a-f]{32}")


def passwd_hash(password: str, email: str) -> str:
    return spelt_passwd_hash(password, email.lower())


def spelt_passwd_hash(password: str, email: str) -> str:
    """The hash that the official site makes; clients make the other, so some passwords are right only there."""
    return _md5(password + email)


def account_key(secret: bytes, volunteer_id: int, serial: int) -> str:
    return _mac(secret, f"axiom-account-1|{volunteer_id}|{serial}")


def weak_key(secret: bytes, volunteer_id: int, password_serial: int) -> str:
    return f"{volunteer_id}_{_mac(secret, f'axiom-weak-1|{volunteer_id}|{password_serial}')}"


def is_key(text: str) -> bool:
    return _KEY.fullmatch(text) is not None


def is_weak(key: str) -> bool:
    return "_" in key


def key_digest(key: str) -> str:
    """Return what is stored of a key. A key has 128 random bits, so a plain hash hides it."""
    return hashlib.sha256(key.encode()).hexdigest()


def internal_cpid(secret: bytes, volunteer_id: int) -> str:
    """Return a volunteer's cross-project id as it first stands; clients carry it from project to project."""
    return _mac(secret, f"axiom-cpid-1|{volunteer_id}")


@lru_cache(maxsize=4_096)  # said at every contact
def external_cpid(internal: str, email: str) -> str:
    """Return the cross-project id that pages and statistics may show, of an address as its owner spelt it."""
    return _md5(internal + email)


@lru_cache(maxsize=4_096)  # likewise
def email_hash(email: str) -> str:
    return _md5(email)


def exported_host_cpid(host_cpid: str, email: str) -> str:
    return host_cpid.removeprefix(_EXPORTED) if host_cpid.startswith(_EXPORTED) else _md5(host_cpid + email)


def placeholder_host_cpid(exported: str) -> str:
    """What stands for a host's own id while nothing is known but what another server exported of it."""
    return _EXPORTED + exported


def _mac(secret: bytes, text: str) -> str:
    return hmac.digest(secret, text.encode(), hashlib.sha256)[:16].hex()


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
