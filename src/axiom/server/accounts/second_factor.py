"""The second factor of operators: six digits that an authenticator shows, another six every 30 seconds (RFC 6238).

Its secret follows from the laboratory's own, as account keys do, so no database and no backup of one holds it.
"""

import base64
import hashlib
import hmac
import io
from datetime import datetime

import pyotp
import segno

_SECRET_BYTES = 20  # as RFC 4226 recommends
_EITHER_SIDE = 1  # steps by which a clock may be wrong


def secret_of(secret: bytes, volunteer_id: int, serial: int) -> str:
    message = f"axiom-second-factor-1\n{volunteer_id}\n{serial}".encode()
    return base64.b32encode(hmac.digest(secret, message, hashlib.sha256)[:_SECRET_BYTES]).decode()


def address_of(secret: str, name: str, laboratory: str) -> str:
    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=laboratory)


def picture_of(address: str) -> tuple[str, str]:
    """Its QR code: as SVG within a page, black on white as cameras want it, and in the letters of a terminal."""
    code, letters = segno.make(address, micro=False), io.StringIO()
    code.terminal(letters, compact=True)
    return code.svg_inline(scale=5, light="#fff"), letters.getvalue()


def link_mark_of(secret: str) -> str:
    """What a link says that shows the code to its owner: it proves that whoever gave the role gave the link."""
    return hashlib.sha256(f"axiom-second-factor-link-1\n{secret}".encode()).hexdigest()[:32]


def step_of(secret: str, code: str, now: datetime, *, used: int) -> int | None:
    totp, matching = pyotp.TOTP(secret), None
    here = totp.timecode(now)
    for step in range(here - _EITHER_SIDE, here + _EITHER_SIDE + 1):
        if hmac.compare_digest(totp.generate_otp(step).encode(), code.encode()) and step > used:
            matching = step
    return matching
