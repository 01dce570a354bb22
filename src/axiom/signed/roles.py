"""Who may sign what, until when; and the one envelope that everything signed travels in.

Three roles sign: root says who the others are, bundle signs code, ticket signs orders. Stealing the ticket key, which
is online, must not let anybody ship code. A trust file carries a version that may only grow, so that an old one, whose
keys may be stolen by now, cannot be served again.
"""

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from axiom.signed import strict
from axiom.signed.signing import SigningKey, is_signed, key_id

_TRUST = "axiom-trust-1"
_TRUST_LIMIT = 64 * 1024
_HEX = r"[0-9a-f]{64}"


class Role(StrEnum):
    """What a key may sign."""

    ROOT = "root"
    BUNDLE = "bundle"
    TICKET = "ticket"


class NotSealed(ValueError):
    """The text is not a sealed one: empty, truncated, altered or of another kind."""


class Untrusted(ValueError):
    """The text is sealed, but not by those who may."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Signers:
    """The keys of a role (id to public key) and how many of them must sign."""

    threshold: int
    keys: Mapping[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Trust:
    """Who may sign what in one laboratory. `lab` is the id of its root key."""

    lab: str
    version: int
    expires: datetime
    roles: Mapping[Role, Signers]


def seal(kind: str, payload: Mapping[str, Any], role_keys: Sequence[SigningKey]) -> str:
    """Sign a payload as one word without spaces, fit for a command line and a file."""
    return sealed(strict.canonical({**payload, "kind": kind}), role_keys)


def sealed(body: bytes, role_keys: Sequence[SigningKey]) -> str:
    """Sign a payload that is canonical already and says its kind."""
    signatures = sorted(_signatures(body, role_keys).items())
    # The canonical form, written by hand since every order has one: names and signatures are hexadecimal.
    canonical = "{" + ",".join(f'"{name}":"{signature}"' for name, signature in signatures) + "}"
    return f"{_encode(body)}.{_encode(canonical.encode())}"


def unseal(text: str, *, kind: str, role: Role, trust: Trust, limit: int) -> dict[str, Any]:
    """Return the payload without its kind, once enough keys of the role are seen to have signed it."""
    if len(text) > limit:
        raise NotSealed(f"it has {len(text)} characters, and {limit} are allowed")
    halves = text.split(".")
    if len(halves) != 2:
        raise NotSealed("it has not the two parts that a sealed text has")
    try:
        body, signatures = (_decode(half) for half in halves)
        _verify(body, strict.parse(signatures, limit=limit), trust.roles[role], role)
        payload = strict.parse(body, limit=limit)
    except (Untrusted, NotSealed):
        raise
    except ValueError as fault:
        raise NotSealed(str(fault)) from None
    if payload.pop("kind", None) != kind:
        raise NotSealed(f"it is signed, but it is not {kind}")
    return payload


def write_trust(trust: Trust, root_keys: Sequence[SigningKey]) -> bytes:
    """Write the trust file, signed by the root keys."""
    payload = {
        "expires": strict.utc(trust.expires),
        "format": _TRUST,
        "lab": trust.lab,
        "roles": {
            role.value: {"keys": dict(signers.keys), "threshold": signers.threshold}
            for role, signers in trust.roles.items()
        },
        "version": trust.version,
    }
    body = strict.canonical(payload)
    return strict.canonical({"signatures": _signatures(body, root_keys), "trust": payload})


def read_trust(raw: bytes, *, now: datetime, lab: str | None = None, newest: int = 0) -> Trust:
    """Read a trust file of the pinned `lab` (None at first sight) that is not older than the `newest` seen."""
    try:
        outer = strict.Fields(strict.parse(raw, limit=_TRUST_LIMIT), "the trust file", ("signatures", "trust"))
        trust = _trust(outer.part("trust"))
    except ValueError as fault:
        raise NotSealed(f"The trust file is damaged: {fault}. Fetch it again from the laboratory.") from None
    if lab is not None and trust.lab != lab:
        raise Untrusted(
            f"The trust file is of laboratory {trust.lab[:12]}, and this host works for {lab[:12]}. "
            "Nothing of it is used; give the other laboratory a folder of its own."
        )
    signatures = outer.part("signatures")
    root = trust.roles[Role.ROOT]
    try:
        _verify(strict.canonical(outer.part("trust")), signatures, root, Role.ROOT)
    except Untrusted as fault:
        raise Untrusted(f"The trust file is not to be trusted: {fault}. Nothing of it is used.") from None
    if trust.lab not in signatures:
        raise Untrusted("The trust file is not signed by the root key that names the laboratory. It is not used.")
    if trust.version < newest:
        raise Untrusted(
            f"The trust file is version {trust.version}, and version {newest} was seen before: keys that were "
            "withdrawn since would be trusted again. Fetch the newest one from the laboratory."
        )
    if trust.expires <= now:
        raise Untrusted(
            f"The trust file ran out at {trust.expires:%Y-%m-%d %H:%M} UTC, so nobody's signature counts. "
            "Fetch the newest one from the laboratory, and see that this host's clock is right."
        )
    return trust


def _trust(data: dict[str, Any]) -> Trust:
    fields = strict.Fields(data, "trust", ("expires", "format", "lab", "roles", "version"))
    fields.text("format", _TRUST)
    roles = strict.Fields(fields.part("roles"), "roles", [role.value for role in Role])
    trust = Trust(
        lab=fields.text("lab", _HEX),
        version=fields.whole("version", least=1),
        expires=fields.moment("expires"),
        roles={role: _signers(roles.part(role.value), role.value) for role in Role},
    )
    if trust.lab not in trust.roles[Role.ROOT].keys:
        raise ValueError("the laboratory is not named after one of its root keys")
    return trust


def _signers(data: dict[str, Any], what: str) -> Signers:
    fields = strict.Fields(data, what, ("keys", "threshold"))
    names = fields.part("keys")
    keys = strict.Fields(names, f"{what}: keys", names)
    signers = Signers(
        threshold=fields.whole("threshold", least=1), keys={name: keys.text(name, _HEX) for name in names}
    )
    if any(key_id(public) != name for name, public in signers.keys.items()):
        raise ValueError(f"{what}: a key is named after another key")
    if signers.threshold > len(signers.keys):
        raise ValueError(f"{what}: {signers.threshold} signatures are wanted of {len(signers.keys)} keys")
    return signers


def _signatures(body: bytes, keys: Sequence[SigningKey]) -> dict[str, str]:
    return {key.id: key.sign(body).hex() for key in keys}


def _verify(body: bytes, signatures: Mapping[str, Any], signers: Signers, role: Role) -> None:
    """Every signature must count: one that does not is either damage or an attempt."""
    for name, signature in signatures.items():
        if name not in signers.keys:
            raise Untrusted(f"it is signed by the key {name[:12]}, which may not sign as {role.value}")
        if not isinstance(signature, str) or not is_signed(body, signature, signers.keys[name]):
            raise Untrusted(f"its signature by the {role.value} key {name[:12]} is false")
    if len(signatures) < signers.threshold:
        raise Untrusted(f"it has {len(signatures)} of the {signers.threshold} {role.value} signatures that it needs")


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    try:
        raw = base64.urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    except (binascii.Error, UnicodeError):
        raise NotSealed("it is damaged: not base64") from None
    if _encode(raw) != text:  # base64 can say the same bytes in several ways; only one is taken
        raise NotSealed("it is damaged: not base64 in its one form")
    return raw
