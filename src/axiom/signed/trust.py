"""Who may sign what, until when; and the one envelope that everything signed travels in.

Three roles sign: root says who the others are, bundle signs code, ticket signs orders. Stealing the ticket key, which
is online, must not let anybody ship code.

A trust file is a chain of versions. Each names the one before by its digest and is signed by enough root keys of that
one and by enough of its own, so that a host which saw any version can walk to the newest, and the root keys themselves
can change. The laboratory is named after its first root keys. A version that a host has taken is its anchor: a chain
that does not go on from there is refused, whoever signed it.
"""

import base64
import binascii
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from axiom.signed import canonical_json
from axiom.signed.signing_key import SigningKey, is_signed, key_id

_WORD = b"axiom-joint-1\0"
_LEAF, _BRANCH = b"\0", b"\1"
_DIGEST = 32
_DEEPEST = 8  # branches above a leaf, as many as the first byte of a path has bits
TRUST_FILE = "trust.json"  # its name in every folder that has one
TRUST_LIMIT = 256 * 1024  # more than a hundred versions
_TRUST = "axiom-trust-2"
_HEX = r"[0-9a-f]{64}"


def join_payloads(bodies: Sequence[bytes]) -> tuple[bytes, list[bytes]]:
    """What is to be signed for all of these, and the path of each: at most 256, and two at least."""
    if not 2 <= len(bodies) <= 2**_DEEPEST:
        raise ValueError(f"{len(bodies)} texts cannot share a signature")
    level = [hashlib.sha256(_LEAF + body).digest() for body in bodies]
    # By leaf: on which side its siblings stand, lowest first, and their hashes; and its place in the level.
    sides, siblings, places = [0] * len(bodies), [b""] * len(bodies), list(range(len(bodies)))
    while len(level) > 1:
        for leaf, place in enumerate(places):
            sibling = place ^ 1
            if sibling < len(level):  # the odd one at the end goes up as it is
                sides[leaf] |= (place & 1) << len(siblings[leaf]) // _DIGEST
                siblings[leaf] += level[sibling]
            places[leaf] = place >> 1
        level = [
            hashlib.sha256(_BRANCH + level[at] + level[at + 1]).digest() if at + 1 < len(level) else level[at]
            for at in range(0, len(level), 2)
        ]
    return _WORD + level[0], [bytes([side]) + path for side, path in zip(sides, siblings, strict=True)]


def joint_message(body: bytes, path: bytes) -> bytes:
    """What must have been signed for this body with this path; a ValueError when the path is none."""
    sides, branches = path[:1], path[1:]
    amount = len(branches) // _DIGEST
    if not 1 <= amount <= _DEEPEST or len(branches) != amount * _DIGEST or sides[0] >> amount:
        raise ValueError("it has no path to what was signed")
    here = hashlib.sha256(_LEAF + body).digest()
    for step in range(amount):
        sibling = branches[step * _DIGEST : (step + 1) * _DIGEST]
        pair = sibling + here if sides[0] >> step & 1 else here + sibling
        here = hashlib.sha256(_BRANCH + pair).digest()
    return _WORD + here


class Role(StrEnum):
    ROOT = "root"
    BUNDLE = "bundle"
    TICKET = "ticket"


class NotSealed(ValueError): ...


class Untrusted(ValueError): ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Signers:
    threshold: int
    keys: Mapping[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Trust:
    lab: str
    version: int
    expires: datetime
    roles: Mapping[Role, Signers]
    link: str = field(default="", compare=False)  # digest of this version as it was read; empty before it is written
    sealers_before: Mapping[str, str] = field(default_factory=dict, compare=False)  # bundle keys of earlier versions

    @property
    def in_hindsight(self) -> "Trust":
        """This trust with everybody who could ever seal a bundle: to look at what was stored, never to obey it."""
        bundle = self.roles[Role.BUNDLE]
        ever = Signers(threshold=1, keys={**self.sealers_before, **bundle.keys})
        return replace(self, roles={**self.roles, Role.BUNDLE: ever})


@dataclass(frozen=True, kw_only=True, slots=True)
class Anchor:
    """The version that somebody has taken last, known again by its digest."""

    version: int
    link: str


@dataclass(frozen=True, kw_only=True, slots=True)
class _Link:
    trust: Trust
    before: str
    body: bytes
    signatures: Mapping[str, Any]


def seal_payload(body: bytes, role_keys: Sequence[SigningKey]) -> str:
    """Sign a payload that is canonical and says its kind, as one word without spaces: for a command line and a file."""
    return join_signatures(body, signatures_of(body, role_keys))


def seal_together(bodies: Sequence[bytes], key: SigningKey) -> list[str]:
    """Sign payloads that are canonical already with one signature, each as a word that is verified by itself."""
    if len(bodies) < 2:
        return [seal_payload(body, [key]) for body in bodies]
    word, paths = join_payloads(bodies)
    signatures = _encode(_canonical(signatures_of(word, [key])))
    return [f"{_encode(body)}.{signatures}.{_encode(path)}" for body, path in zip(bodies, paths, strict=True)]


def join_signatures(body: bytes, signatures: Mapping[str, str]) -> str:
    return f"{_encode(body)}.{_encode(_canonical(signatures))}"


def _canonical(signatures: Mapping[str, str]) -> bytes:
    """The canonical form, written by hand since every order has one: names and signatures are hexadecimal."""
    pairs = ",".join(f'"{name}":"{signature}"' for name, signature in sorted(signatures.items()))
    return f"{{{pairs}}}".encode()


def unseal_payload(
    text: str, *, kind: str, role: Role, trust: Trust, limit: int, may_be_joint: bool = False
) -> dict[str, Any]:
    """Return the payload without its kind, once enough keys of the role are seen to have signed it.

    `may_be_joint`: or to have signed several payloads at once, of which it is one.
    """
    if len(text) > limit:
        raise NotSealed(f"it has {len(text)} characters, and {limit} are allowed")
    parts = text.split(".")
    if len(parts) not in ((2, 3) if may_be_joint else (2,)):
        raise NotSealed("it has not the two parts that a sealed text has")
    try:
        body, signatures, *path = (_decode(part) for part in parts)
        message = joint_message(body, path[0]) if path else body
        _verify(message, canonical_json.parse_canonical(signatures, limit=limit), trust.roles[role], role)
        payload = canonical_json.parse_canonical(body, limit=limit)
    except (Untrusted, NotSealed):
        raise
    except ValueError as fault:
        raise NotSealed(str(fault)) from None
    if payload.pop("kind", None) != kind:
        raise NotSealed(f"it is signed, but it is not {kind}")
    return payload


def lab_name(root: Signers) -> str:
    """Name a laboratory after its first root keys, all of them, so that one stolen key cannot take the name over."""
    return _digest(canonical_json.canonical_bytes({"keys": sorted(root.keys), "threshold": root.threshold}))


def signatures_of(body: bytes, keys: Sequence[SigningKey]) -> dict[str, str]:
    return {key.id: key.sign(body).hex() for key in keys}


def trust_body(trust: Trust, before: bytes = b"") -> bytes:
    """Return what the root keys sign: a version that follows the newest one of the trust file `before`."""
    links = _chain(before) if before else []
    return canonical_json.canonical_bytes(
        {
            "before": links[-1].trust.link if links else "",
            "expires": canonical_json.utc_text(trust.expires),
            "format": _TRUST,
            "lab": trust.lab,
            "roles": {role.value: signers_data(signers) for role, signers in trust.roles.items()},
            "version": trust.version,
        }
    )


def read_trust_body(body: bytes) -> Trust:
    try:
        return _read_payload(canonical_json.parse_canonical(body, limit=TRUST_LIMIT))[0]
    except ValueError as fault:
        raise NotSealed(f"The proposed trust is damaged: {fault}.") from None


def previous_digest(body: bytes) -> str:
    """The digest of the version from which one goes on that was read before; empty of the first."""
    return _read_payload(canonical_json.parse_canonical(body, limit=TRUST_LIMIT))[1]


def add_version(body: bytes, signatures: Mapping[str, str], before: bytes = b"") -> bytes:
    chain = canonical_json.parse_canonical(before, limit=TRUST_LIMIT)["chain"] if before else []
    link = {"signatures": dict(signatures), "trust": canonical_json.parse_canonical(body, limit=TRUST_LIMIT)}
    return canonical_json.canonical_bytes({"chain": [*chain, link]})


def write_trust(trust: Trust, root_keys: Sequence[SigningKey], before: bytes = b"") -> bytes:
    body = trust_body(trust, before)
    return add_version(body, signatures_of(body, root_keys), before)


def read_trust(raw: bytes, *, now: datetime, lab: str | None = None, seen: Anchor | None = None) -> Trust:
    """Read the newest version of a trust file of the pinned `lab` (None at first sight) that goes on from `seen`."""
    try:
        links = _chain(raw)
    except ValueError as fault:
        raise NotSealed(f"The trust file is damaged: {fault}. Fetch it again from the laboratory.") from None
    trust = links[-1].trust
    if lab is not None and trust.lab != lab:
        raise Untrusted(
            f"The trust file is of laboratory {trust.lab[:12]}, and this host works for {lab[:12]}. "
            "Nothing of it is used; give the other laboratory a folder of its own."
        )
    if seen is not None:
        _check_anchor(links, seen)
    try:
        _check_chain(links, since=seen.version if seen is not None else 1)
    except Untrusted as fault:
        raise Untrusted(f"The trust file is not to be trusted: {fault}. Nothing of it is used.") from None
    if trust.expires <= now:
        raise Untrusted(
            f"The trust file ran out at {trust.expires:%Y-%m-%d %H:%M} UTC, so nobody's signature counts. "
            "Fetch the newest one from the laboratory, and see that this host's clock is right."
        )
    before = [link.trust.roles[Role.BUNDLE].keys for link in links[:-1]]
    return replace(trust, sealers_before={name: public for keys in before for name, public in keys.items()})


def versions_of(raw: bytes) -> tuple[Trust, ...]:
    return tuple(link.trust for link in _chain(raw))


def newest_signers(raw: bytes) -> frozenset[str]:
    return frozenset(_chain(raw)[-1].signatures)


def _check_anchor(links: Sequence[_Link], seen: Anchor) -> None:
    newest = links[-1].trust.version
    if newest < seen.version:
        raise Untrusted(
            f"The trust file is version {newest}, and version {seen.version} was seen before: keys that were "
            "withdrawn since would be trusted again. Fetch the newest one from the laboratory."
        )
    if links[seen.version - 1].trust.link != seen.link:
        raise Untrusted(
            f"The trust file has another version {seen.version} than the one that was seen before, so it does not go "
            "on from there. Nothing of it is used; fetch the laboratory's own."
        )


def _check_chain(links: Sequence[_Link], since: int) -> None:
    """The digests that lead to the anchor were compared already, so signatures are looked at from there on alone."""
    for link in links[since - 1 :]:
        root = link.trust.roles[Role.ROOT]
        before = links[link.trust.version - 2].trust.roles[Role.ROOT] if link.trust.version > 1 else root
        _check_each(link.body, link.signatures, {**before.keys, **root.keys}, Role.ROOT)
        for signers, whose in ((root, "of its own"), (before, "of the version before")):
            count = len(link.signatures.keys() & signers.keys.keys())
            if count < signers.threshold:
                raise Untrusted(
                    f"version {link.trust.version} has {count} of the {signers.threshold} root signatures {whose} "
                    "that it needs"
                )


def _chain(raw: bytes) -> list[_Link]:
    outer = canonical_json.Fields(canonical_json.parse_canonical(raw, limit=TRUST_LIMIT), "the trust file", ("chain",))
    links = list(outer.array("chain", _read_link))
    before: _Link | None = None
    for number, link in enumerate(links, start=1):
        lab = before.trust.lab if before else lab_name(link.trust.roles[Role.ROOT])
        if link.trust.version != number:
            raise ValueError(f"its version {link.trust.version} stands in the place of version {number}")
        if link.trust.lab != lab:
            raise ValueError("the laboratory is not named after its first root keys")
        if link.before != (before.trust.link if before else ""):
            raise ValueError(f"version {number} does not name the one before it")
        before = link
    if before is None:
        raise ValueError("it has no version at all")
    return links


def _read_link(data: Any, what: str) -> _Link:
    fields = canonical_json.Fields(data, what, ("signatures", "trust"))
    trust, before = _read_payload(fields.part("trust"))
    return _Link(
        trust=replace(trust, link=_digest(canonical_json.canonical_bytes(fields.data))),
        before=before,
        body=canonical_json.canonical_bytes(fields.part("trust")),
        signatures=fields.part("signatures"),
    )


def _read_payload(data: dict[str, Any]) -> tuple[Trust, str]:
    fields = canonical_json.Fields(data, "trust", ("before", "expires", "format", "lab", "roles", "version"))
    fields.text("format", _TRUST)
    roles = canonical_json.Fields(fields.part("roles"), "roles", [role.value for role in Role])
    trust = Trust(
        lab=fields.text("lab", _HEX),
        version=fields.whole("version", least=1),
        expires=fields.moment("expires"),
        roles={role: signers_of(roles.part(role.value), role.value) for role in Role},
    )
    names = [name for signers in trust.roles.values() for name in signers.keys]
    if len(set(names)) != len(names):
        raise ValueError("a key has two roles, so that who steals one steals both")
    return trust, fields.text("before", rf"|{_HEX}")


def signers_by(*keys: SigningKey) -> Signers:
    return Signers(threshold=1, keys={key.id: key.public for key in keys})


def signers_data(signers: Signers) -> dict[str, Any]:
    return {"keys": dict(signers.keys), "threshold": signers.threshold}


def signers_of(data: dict[str, Any], what: str) -> Signers:
    fields = canonical_json.Fields(data, what, ("keys", "threshold"))
    names = fields.part("keys")
    keys = canonical_json.Fields(names, f"{what}: keys", names)
    signers = Signers(
        threshold=fields.whole("threshold", least=1), keys={name: keys.text(name, _HEX) for name in names}
    )
    if any(key_id(public) != name for name, public in signers.keys.items()):
        raise ValueError(f"{what}: a key is named after another key")
    if signers.threshold > len(signers.keys):
        raise ValueError(f"{what}: {signers.threshold} signatures are wanted of {len(signers.keys)} keys")
    return signers


def _verify(body: bytes, signatures: Mapping[str, Any], signers: Signers, role: Role) -> None:
    _check_each(body, signatures, signers.keys, role)
    if len(signatures) < signers.threshold:
        raise Untrusted(f"it has {len(signatures)} of the {signers.threshold} {role.value} signatures that it needs")


def _check_each(body: bytes, signatures: Mapping[str, Any], keys: Mapping[str, str], role: Role) -> None:
    """Every signature must count: one that does not is either damage or an attempt."""
    for name, signature in signatures.items():
        if name not in keys:
            raise Untrusted(f"it is signed by the key {name[:12]}, which may not sign as {role.value}")
        if not isinstance(signature, str) or not is_signed(body, signature, keys[name]):
            raise Untrusted(f"its signature by the {role.value} key {name[:12]} is false")


def _digest(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


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
