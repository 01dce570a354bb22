"""What a server asks to have signed where the keys are: a file that is carried there, signed, and carried back.

It holds everything that whoever signs has to look at: the trust file as it stands and its next version, whole bundles,
the names and digests of programs. What is not there to be looked at is not signed.
"""

import base64
import hashlib
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from axiom.errors import KeysUnusable
from axiom.signed import canonical_json
from axiom.signed import trust as roles
from axiom.signed.boinc_code_signing import CodeKey, sign_change
from axiom.signed.bundles import Seal, open_bundle, read_seal, read_seal_body
from axiom.signed.offline_keys import HeldKeys
from axiom.signed.trust import Anchor, Role, Trust, join_signatures, signatures_of

LIMIT = 256 * 1024 * 1024

_FORMAT = "axiom-request-1"
_FIELDS = ("before", "change", "code", "format", "next_code", "programs", "programs_signed", "seals", "signed", "trust")
_HEX32, _HEX64 = r"[0-9a-f]{32}", r"[0-9a-f]{64}"
_NO_EXPIRY = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, kw_only=True, slots=True)
class WantedSeal:
    body: bytes
    archive: bytes

    @property
    def seal(self) -> Seal:
        return read_seal_body(self.body)


@dataclass(frozen=True, kw_only=True, slots=True)
class WantedProgram:
    name: str
    md5: str
    sha256: str
    size: int


@dataclass(frozen=True, kw_only=True)
class SigningRequest:
    before: bytes  # the trust file as it stands; empty before the first
    trust: bytes = b""  # what the root keys shall sign; empty when nothing about keys changes
    code: str = ""  # the public code-signing key as it stands
    next_code: str = ""  # the one that shall take its place
    seals: tuple[WantedSeal, ...] = ()
    programs: tuple[WantedProgram, ...] = ()
    signed: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # by the digest of what is signed, by key
    programs_signed: Mapping[str, str] = field(default_factory=dict)  # by MD5
    change: str = ""  # the code-signing key's word for the next one

    @property
    def current(self) -> Trust | None:
        return roles.read_trust(self.before, now=_NO_EXPIRY) if self.before else None

    @property
    def proposed(self) -> Trust | None:
        return roles.read_trust_body(self.trust) if self.trust else None

    @property
    def is_empty(self) -> bool:
        return not (self.trust or self.next_code or self.seals or self.programs)

    def trust_file(self, now: datetime) -> bytes:
        raw = roles.add_version(self.trust, self.signatures(self.trust), self.before)
        current = self.current
        seen = Anchor(version=current.version, link=current.link) if current else None
        roles.read_trust(raw, now=now, lab=current.lab if current else None, seen=seen)
        return raw

    def seal_text(self, wanted: WantedSeal, trust: Trust, now: datetime) -> str:
        text = join_signatures(wanted.body, self.signatures(wanted.body))
        read_seal(text, trust=trust, now=now)
        return text

    def signatures(self, body: bytes) -> Mapping[str, str]:
        return self.signed.get(_digest(body), {})


def add_signatures(
    request: SigningRequest,
    our_keys: HeldKeys,
    *,
    seen: Collection[str],
    now: datetime,
    lab: str = "",
    roots: Collection[str] = (),
) -> SigningRequest:
    """Add what these keys may sign. Of programs only those whose MD5 is in `seen`: they were here to be looked at.

    The code-signing key signs the trust file of `lab`, or one that was signed by a root key which is known here or
    among `roots`: any other is a stranger's, and a host that saw it first would work for strangers.
    """
    current, proposed = request.current, request.proposed
    newest = proposed or current
    if newest is None:
        raise KeysUnusable(
            "The request says neither who may sign today nor who shall, so nobody can. Nothing was signed."
        )
    both = [trust.roles[Role.ROOT].keys for trust in (current, proposed) if trust]
    signed = dict(request.signed)
    if request.trust:
        _add(signed, request.trust, [key for key in our_keys.signing if any(key.id in keys for keys in both)])
    sealers = [key for key in our_keys.signing if key.id in newest.roles[Role.BUNDLE].keys]
    for wanted in request.seals:
        open_bundle(wanted.archive, wanted.seal)  # which refuses an archive that is not what the seal says
        _add(signed, wanted.body, sealers)
    request = replace(request, signed=signed)
    if our_keys.code is None:
        return request
    return _sign_code(request, our_keys.code, seen, _trust_file(request, lab, {*roots, *our_keys.roots}, now))


def _add(signed: dict[str, Mapping[str, str]], body: bytes, keys: Collection[Any]) -> None:
    if keys:
        signed[_digest(body)] = {**signed.get(_digest(body), {}), **signatures_of(body, list(keys))}


def _trust_file(request: SigningRequest, lab: str, roots: Collection[str], now: datetime) -> bytes:
    """The trust file that clients are to be given; empty where too few have signed it so far."""
    try:
        raw = request.trust_file(now) if request.trust else request.before
    except roles.Untrusted:
        return b""  # whoever signs last signs the file, too
    trust = roles.read_trust(raw, now=_NO_EXPIRY)
    if trust.lab != lab and not roles.newest_signers(raw) & set(roots):
        raise KeysUnusable(
            f"The trust file in the request is of laboratory {trust.lab}, and none of the root keys that are known "
            "here has signed it, so it may be a stranger's. Nothing was signed. If the laboratory is yours, name it "
            "with --lab, or give the folder of its root keys, too."
        )
    return raw


def _sign_code(request: SigningRequest, key: CodeKey, seen: Collection[str], trust_file: bytes) -> SigningRequest:
    """The key of before signs the next one; programs and trust file are signed by the one that is told to clients."""
    if request.next_code and key.public_text == request.code:
        request = replace(request, change=sign_change(key, request.next_code).signature)
    if key.public_text != (request.next_code or request.code):
        return request
    made = {program.md5: key.sign_digest(program.md5) for program in request.programs if program.md5 in seen}
    if trust_file:
        md5 = hashlib.md5(trust_file, usedforsecurity=False).hexdigest()
        made[md5] = key.sign_digest(md5)
    return replace(request, programs_signed={**request.programs_signed, **made})


def write_request(request: SigningRequest) -> bytes:
    return canonical_json.canonical_bytes(
        {
            "before": request.before.decode(),
            "change": request.change,
            "code": request.code,
            "format": _FORMAT,
            "next_code": request.next_code,
            "programs": [asdict(program) for program in request.programs],
            "programs_signed": dict(request.programs_signed),
            "seals": [
                {"archive": base64.b64encode(seal.archive).decode(), "seal": seal.body.decode()}
                for seal in request.seals
            ],
            "signed": {what: dict(signatures) for what, signatures in request.signed.items()},
            "trust": request.trust.decode(),
        }
    )


def read_request(raw: bytes) -> SigningRequest:
    try:
        fields = canonical_json.Fields(canonical_json.parse_canonical(raw, limit=LIMIT), "the request", _FIELDS)
        fields.text("format", _FORMAT)
        signed = fields.part("signed")
        request = SigningRequest(
            before=fields.text("before").encode(),
            trust=fields.text("trust").encode(),
            code=fields.text("code"),
            next_code=fields.text("next_code"),
            seals=fields.array("seals", _wanted_seal),
            programs=fields.array("programs", _wanted_program),
            signed={what: _texts(signed[what], "signed") for what in signed},
            programs_signed=_texts(fields.part("programs_signed"), "programs_signed"),
            change=fields.text("change"),
        )
        current, proposed = request.current, request.proposed
    except ValueError as fault:
        raise KeysUnusable(
            f"The request is damaged: {fault}. Nothing was signed or changed; carry it over again."
        ) from None
    if proposed:
        _check_order(current, proposed, roles.previous_digest(request.trust))
    return request


def _check_order(current: Trust | None, proposed: Trust, before: str) -> None:
    """What shall be signed goes on from what stands beside it to be looked at, and from nothing else."""
    meant = (current.lab, current.version + 1) if current else (roles.lab_name(proposed.roles[Role.ROOT]), 1)
    if meant != (proposed.lab, proposed.version):
        after = f"version {current.version} of {current.lab[:12]}" if current else "none at all"
        raise KeysUnusable(
            f"The request proposes version {proposed.version} of {proposed.lab[:12]} after {after}. Nothing was signed "
            "or changed; ask the server for another request."
        )
    if before != (current.link if current else ""):
        raise KeysUnusable(
            f"The request proposes version {proposed.version} of {proposed.lab[:12]} after another one than it "
            "carries. Nothing was signed or changed; ask the server for another request."
        )


def _wanted_seal(data: Any, what: str) -> WantedSeal:
    fields = canonical_json.Fields(data, what, ("archive", "seal"))
    wanted = WantedSeal(
        body=fields.text("seal").encode(), archive=base64.b64decode(fields.text("archive"), validate=True)
    )
    read_seal_body(wanted.body)
    return wanted


def _wanted_program(data: Any, what: str) -> WantedProgram:
    fields = canonical_json.Fields(data, what, ("md5", "name", "sha256", "size"))
    return WantedProgram(
        name=fields.text("name", r"[A-Za-z0-9._-]{1,200}"),
        md5=fields.text("md5", _HEX32),
        sha256=fields.text("sha256", _HEX64),
        size=fields.whole("size", least=1),
    )


def _texts(data: Any, what: str) -> dict[str, str]:
    fields = canonical_json.Fields(data, what, data if isinstance(data, dict) else ())
    return {name: fields.text(name) for name in fields.data}


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
