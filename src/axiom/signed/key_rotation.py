"""How a laboratory's keys change: the next version of its trust file, who has to sign it, and how it comes into force.

What shall change lies beside the keys until it is in force: `next-ticket.key` and the like were made here,
`next-root.json` and `next-bundle.json` name keys that may be elsewhere.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from axiom.errors import KeysUnusable, Refused, WrongUse
from axiom.signed import canonical_json
from axiom.signed import trust as roles
from axiom.signed.atomic_files import write_atomically
from axiom.signed.boinc_code_signing import (
    CARRIED,
    CODE_KEY,
    NEXT_CODE_KEY,
    CodeKey,
    CodeKeyChange,
    CodeSigning,
    code_facts,
    load_code,
    sign_change,
    take_up_code,
)
from axiom.signed.keys import (
    EXPIRY_NOT_ASKED,
    LIFETIME,
    RENEW_ELSEWHERE,
    key_files,
    load_trust,
    make_secrets,
    next_key,
    next_names,
    replace_upload,
    take_up,
)
from axiom.signed.offline_keys import HeldKeys, PublicKeys
from axiom.signed.signing_key import SigningKey
from axiom.signed.signing_requests import SigningRequest, add_signatures
from axiom.signed.trust import TRUST_FILE, Anchor, Role, Signers, Trust, Untrusted, signers_by, signers_data, signers_of

UPLOAD, CODE = "upload", "code"
ROLES = (*(role.value for role in Role), UPLOAD, CODE)

_NEXT_CODE = "next-code.json"
_LIMIT = 64 * 1024
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, slots=True)
class Rotation:
    role: str  # one of ROLES
    public: PublicKeys | None = None  # keys that are kept elsewhere; None: made here
    withdraw: bool = False  # the ticket key of before counts no more


def read_current_trust(folder: Path) -> Trust | None:
    return load_trust(folder, EXPIRY_NOT_ASKED) if (folder / TRUST_FILE).exists() else None


def begin_with_public(folder: Path, public: PublicKeys) -> None:
    if (folder / TRUST_FILE).exists():
        raise KeysUnusable(
            f"The laboratory of {folder} has its keys. Nothing was changed; `axiom keys rotate` gives it others."
        )
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    if not (folder / "ticket.key").exists():
        SigningKey.make().save(folder / "ticket.key")
    for role in (Role.ROOT, Role.BUNDLE):
        name_next(folder, role, public.of(role))
    if not (folder / CODE_KEY).exists():
        write_atomically(
            folder / CARRIED, code_facts(CodeSigning(public_text=public.code, key=None, changes={}, carried={}))
        )


def name_next(folder: Path, role: Role, signers: Signers) -> None:
    write_atomically(next_names(folder, role), canonical_json.canonical_bytes(signers_data(signers)))


def make_next(folder: Path, role: Role) -> None:
    if role is not Role.TICKET and not key_files(folder, role):
        raise KeysUnusable(
            f"The {role.value} keys are kept elsewhere, so others are made there, too. Nothing was changed; "
            "`axiom keys make` on that computer, and then here --public FILE."
        )
    if not next_key(folder, role).exists():
        SigningKey.make().save(next_key(folder, role))
    if role is not Role.TICKET:
        name_next(folder, role, signers_by(SigningKey.load(next_key(folder, role))))


def propose_trust(folder: Path, now: datetime, *, withdraw: bool = False) -> bytes:
    """What the root keys shall sign; empty when nothing changes and nothing runs out.

    A ticket key that another takes the place of counts for one version more, since orders by it are under way;
    `withdraw` is for one that was stolen.
    """
    current = read_current_trust(folder)
    named = dict(current.roles) if current else {}
    for role in (Role.ROOT, Role.BUNDLE):
        if (path := next_names(folder, role)).exists():
            named[role] = _read_next(path, signers_of)
    named[Role.TICKET] = _ticket_signers(folder, withdraw=withdraw)
    if current and named == dict(current.roles) and current.expires - now > RENEW_ELSEWHERE:
        return b""
    if Role.ROOT not in named or Role.BUNDLE not in named:
        raise KeysUnusable(
            f"There is no trust file in {folder} and nothing to make the first one of. Nothing was changed; give the "
            "public half of the keys that are kept elsewhere: --public FILE."
        )
    trust = Trust(
        lab=current.lab if current else roles.lab_name(named[Role.ROOT]),
        version=current.version + 1 if current else 1,
        expires=now + LIFETIME,
        roles=named,
    )
    return roles.trust_body(trust, trust_file(folder))


def trust_file(folder: Path) -> bytes:
    path = folder / TRUST_FILE
    return path.read_bytes() if path.exists() else b""


def install_trust(folder: Path, raw: bytes, now: datetime) -> Trust:
    """Put the next trust file into force. It must go on from the one that is here, and name a ticket key that is."""
    current = read_current_trust(folder)
    seen = Anchor(version=current.version, link=current.link) if current else None
    try:
        trust = roles.read_trust(raw, now=now, lab=current.lab if current else None, seen=seen)
    except ValueError as fault:
        raise KeysUnusable(f"{fault} Nothing was changed.") from None
    tickets = [SigningKey.load(path).id for path in _ticket_paths(folder)]
    if not set(tickets) & trust.roles[Role.TICKET].keys.keys():
        raise KeysUnusable(
            "The next trust file names no ticket key that this server has, so no host would obey it. Nothing was "
            "changed; ask for signatures again: `axiom keys request`."
        )
    write_atomically(folder / TRUST_FILE, raw)
    take_up(folder)
    for role in (Role.ROOT, Role.BUNDLE):
        next_names(folder, role).unlink(missing_ok=True)
    return trust


def change_here(folder: Path, now: datetime, *, withdraw: bool = False) -> Trust | None:
    request = SigningRequest(before=trust_file(folder), trust=propose_trust(folder, now, withdraw=withdraw))
    paths = [*key_files(folder, Role.ROOT), next_key(folder, Role.ROOT)]
    here = HeldKeys(signing=tuple(SigningKey.load(path) for path in paths if path.exists()), code=None)
    try:
        raw = add_signatures(request, here, seen=(), now=now).trust_file(now)
    except Untrusted:
        return None
    return install_trust(folder, raw, now)


def change_code(folder: Path, public_text: str | None) -> bool:
    """Let another code-signing key follow: a new one, or one that is kept elsewhere. False: the old one must sign it.

    Where the old key is here, its successor is in force at once.
    """
    before = load_code(folder)
    if before.key is not None:
        follow_code_change(folder, sign_change(before.key, public_text or make_next_code(folder)))
        return True
    if public_text is None:
        raise KeysUnusable(
            "The code-signing key is kept elsewhere, so another one is made there, too. Nothing was changed; "
            "`axiom keys make` on that computer, and then here --public FILE."
        )
    write_atomically(folder / _NEXT_CODE, canonical_json.canonical_bytes({"public": public_text}))
    return False


def make_next_code(folder: Path) -> str:
    fresh = CodeKey.make()
    (folder / NEXT_CODE_KEY).unlink(missing_ok=True)  # of a change that was interrupted before anybody knew
    fresh.save(folder / NEXT_CODE_KEY)
    return fresh.public_text


def follow_code_change(folder: Path, change: CodeKeyChange) -> None:
    write_atomically(folder / CARRIED, code_facts(load_code(folder).followed_by(change)))
    take_up_code(folder)
    (folder / _NEXT_CODE).unlink(missing_ok=True)


def rotate_keys(folder: Path, wanted: Rotation, now: datetime) -> bool:
    """Give a role other keys at once; False where signatures are wanted first that cannot be made here."""
    make_secrets(folder)
    if wanted.role == UPLOAD:
        replace_upload(folder)
        return True
    if wanted.role == CODE:
        return change_code(folder, wanted.public.code if wanted.public else None)
    role = Role(wanted.role)
    if wanted.public is None:
        make_next(folder, role)
    elif role is Role.TICKET:
        raise WrongUse("A ticket key is made on the server, which needs it day and night. Nothing was changed.")
    else:
        name_next(folder, role, wanted.public.of(role))
    return change_here(folder, now, withdraw=wanted.withdraw) is not None


def accept_signatures(folder: Path, request: SigningRequest, now: datetime) -> Trust | None:
    raw = next_trust(folder, request, now)
    trust = install_trust(folder, raw, now) if raw else None
    if has_new_code_key(folder, request):
        follow_code_change(folder, CodeKeyChange(public_text=request.next_code, signature=request.change))
    carry_signatures(folder, signatures_to_carry(folder, request))
    return trust


def next_trust(folder: Path, request: SigningRequest, now: datetime) -> bytes:
    if not request.trust:
        return b""
    try:
        raw = request.trust_file(now)
    except Untrusted as fault:
        raise Refused(f"{fault} Nothing was changed; have the request signed by more keys.") from None
    here = trust_file(folder)
    if here not in (request.before, raw):
        raise Refused(
            "Another version of the trust file has come into force since this was asked for. Nothing was changed; "
            "ask again: `axiom keys request`."
        )
    return b"" if raw == here else raw


def has_new_code_key(folder: Path, request: SigningRequest) -> bool:
    return bool(request.change) and request.next_code not in ("", load_code(folder).public_text)


def signatures_to_carry(folder: Path, request: SigningRequest) -> Mapping[str, str]:
    if request.next_code and not request.change:
        return {}  # what the next key has signed counts once the key before has named it
    return request.programs_signed if load_code(folder).key is None else {}


def carry_signatures(folder: Path, signatures: Mapping[str, str]) -> None:
    code = load_code(folder)
    if not signatures.items() <= code.carried.items():
        write_atomically(folder / CARRIED, code_facts(code.carrying(signatures)))


def keys_in_force(folder: Path) -> dict[str, object]:
    trust, code = read_current_trust(folder), load_code(folder)
    return {
        "version": trust.version if trust else 0,
        "trust": trust.link if trust else "",
        "code": hashlib.sha256("".join(code.public_text.split()).encode()).hexdigest(),
    }


def read_next_code(folder: Path) -> str:
    path = folder / _NEXT_CODE
    if not path.exists():
        return ""
    return _read_next(path, lambda facts, what: canonical_json.Fields(facts, what, ("public",)).text("public"))


def _read_next(path: Path, read: Callable[[dict[str, Any], str], T]) -> T:
    try:
        return read(canonical_json.parse_canonical(path.read_bytes(), limit=_LIMIT), path.name)
    except (OSError, ValueError) as fault:
        why = fault.strerror if isinstance(fault, OSError) else fault
        raise KeysUnusable(
            f"{path} cannot be used ({why}), so it is not known which keys shall come next. Nothing was changed; "
            "remove it and name them again: `axiom keys rotate`, or `axiom keys request FILE --public FILE` before "
            "the first trust file."
        ) from None


def _ticket_paths(folder: Path) -> list[Path]:
    return [path for path in (next_key(folder, Role.TICKET), folder / "ticket.key") if path.exists()]


def _ticket_signers(folder: Path, *, withdraw: bool) -> Signers:
    keys = [SigningKey.load(path) for path in _ticket_paths(folder)]
    return signers_by(*keys[:1] if withdraw else keys)
