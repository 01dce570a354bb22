"""The links in mails: whoever has one may do the one thing that it is for, without signing in.

A link says what it is for, whose it is and until when. It is bound to something that changes when it should be worth
nothing any more: the address that it confirms, the password that it replaces.
"""

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

_TOKEN = re.compile(r"([a-z]{1,10})\.([1-9][0-9]{0,17})\.(0|[1-9][0-9]{0,11})\.([0-9a-f]{32})")


class LinkPurpose(StrEnum):
    """What a link does; the last two end the mail of this name."""

    CONFIRM = "confirm"
    RESET = "reset"
    DIGEST = "digest"
    SILENCE = "silence"


@dataclass(frozen=True, kw_only=True, slots=True)
class MailLink:
    """What a link says. Nobody has looked yet at whether the laboratory wrote it."""

    purpose: LinkPurpose
    volunteer_id: int
    expires: int  # seconds since 1970; 0 is never
    signature: str


def link_token(
    secret: bytes, purpose: LinkPurpose, volunteer_id: int, bound_to: str = "", *, expires: datetime | None = None
) -> str:
    until = int(expires.timestamp()) if expires else 0
    return f"{purpose}.{volunteer_id}.{until}.{_signature(secret, purpose, volunteer_id, until, bound_to)}"


def read_link(token: str) -> MailLink | None:
    match = _TOKEN.fullmatch(token)
    if match is None or match[1] not in list(LinkPurpose):
        return None
    return MailLink(
        purpose=LinkPurpose(match[1]), volunteer_id=int(match[2]), expires=int(match[3]), signature=match[4]
    )


def is_valid(secret: bytes, link: MailLink, bound_to: str, now: datetime) -> bool:
    wanted = _signature(secret, link.purpose, link.volunteer_id, link.expires, bound_to)
    is_over = link.expires and now.timestamp() >= link.expires
    return hmac.compare_digest(wanted, link.signature) and not is_over


def _signature(secret: bytes, purpose: LinkPurpose, volunteer_id: int, expires: int, bound_to: str) -> str:
    text = f"axiom-mail-1|{purpose}|{volunteer_id}|{expires}|{bound_to}"
    return hmac.digest(secret, text.encode(), hashlib.sha256)[:16].hex()
