"""The keys of one laboratory that are here, in one folder that nobody else may read.

Ticket key and secrets are always here, for the server needs them day and night. Root, bundle and code-signing keys may
be here or on a computer without a network: then the server does what was signed before, and asks for the rest.
"""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from axiom.errors import KeysUnusable
from axiom.signed import canonical_json
from axiom.signed import trust as trust_file
from axiom.signed.atomic_files import fsync_path, write_atomically, write_once
from axiom.signed.boinc_code_signing import CARRIED, CODE_KEY, CodeKey, CodeSigning, load_code, take_up_code
from axiom.signed.signing_key import SigningKey, read_private
from axiom.signed.trust import TRUST_FILE, Role, Trust, Untrusted, signers_by

__all__ = ["Keys", "Secrets", "SigningKey", "load_keys", "load_secrets", "make_keys", "make_secrets"]

LIFETIME = timedelta(days=365)
# How long before a trust file runs out its next version is made. Where enough root keys are here that is a matter of an
# instant, and hosts learn it with their next tasks. Where they are elsewhere, people carry files to and fro first.
RENEW_HERE = timedelta(days=30)
RENEW_ELSEWHERE = timedelta(days=90)
EXPIRY_NOT_ASKED = datetime.min.replace(tzinfo=UTC)  # a trust file that has run out is still ours to renew

_ACCOUNTS, _UPLOAD = "accounts.key", "upload.key"
_SECRET_FORMAT = "axiom-secret-1"  # noqa: S105  a name
_SECRET_BYTES = 32


@dataclass(frozen=True, kw_only=True)
class Keys:
    """The keys that are here, and the trust that says what they may sign."""

    roots: tuple[SigningKey, ...]
    sealers: tuple[SigningKey, ...]
    ticket: SigningKey
    trust: Trust

    @property
    def root(self) -> SigningKey:
        return self.roots[0]

    @property
    def bundle(self) -> SigningKey:
        return self.sealers[0]

    def can(self, role: Role) -> bool:
        here = {Role.ROOT: self.roots, Role.BUNDLE: self.sealers, Role.TICKET: (self.ticket,)}
        return len(here[role]) >= self.trust.roles[role].threshold


def list_lost_keys(folder: Path, *, has_signed: bool, has_accounts: bool) -> list[str]:
    """The files that are not here of those by which others know a laboratory, once it signed something or has accounts.

    Root, bundle and code-signing keys may be kept elsewhere.
    """
    wanted: list[tuple[str, ...]] = []
    if has_signed or has_accounts:
        wanted += [(TRUST_FILE,), (f"{Role.TICKET.value}.key",)]
    if has_accounts:
        wanted += [(_ACCOUNTS,), (_UPLOAD,), (CODE_KEY, CARRIED)]
    return [names[0] for names in wanted if not any((folder / name).exists() for name in names)]


def make_keys(folder: Path, now: datetime) -> Keys:
    """Make what is missing, renew a trust file that runs out within a month if that can be done here, and load all.

    A folder with a trust file but without its ticket key has lost something: that is refused, never patched over.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / TRUST_FILE
    if not path.exists():
        if next_names(folder, Role.ROOT).exists():
            raise KeysUnusable(
                f"The first trust file of {folder} waits for the signatures of keys that are kept elsewhere, so no "
                "host could be told whom to trust. Type `axiom keys request`, there `axiom keys sign`, here "
                "`axiom keys accept`."
            )
        for role in Role:
            if not (folder / f"{role.value}.key").exists():
                SigningKey.make().save(folder / f"{role.value}.key")
        signing = load_signing(folder)
        write_once(path, _first_trust(signing, now))
        return load_keys(folder, now)
    load_trust(folder, EXPIRY_NOT_ASKED)  # keys are removed on its word alone
    take_up(folder)
    keys = load_keys(folder, EXPIRY_NOT_ASKED)
    if keys.trust.expires - now <= RENEW_HERE and keys.can(Role.ROOT):
        renewed = Trust(
            lab=keys.trust.lab, version=keys.trust.version + 1, expires=now + LIFETIME, roles=keys.trust.roles
        )
        write_atomically(path, trust_file.write_trust(renewed, keys.roots, path.read_bytes()))
    return load_keys(folder, now)


def load_keys(folder: Path, now: datetime) -> Keys:
    signing = load_signing(folder)
    trust = load_trust(folder, now)
    for role, keys in signing.items():
        for key in keys:
            if key.id not in trust.roles[role].keys:
                raise KeysUnusable(
                    f"A {role.value} key in {folder} is not a key that {folder / TRUST_FILE} names, so hosts would "
                    "refuse what it signs. Restore the whole folder from one backup."
                )
    return Keys(roots=signing[Role.ROOT], sealers=signing[Role.BUNDLE], ticket=signing[Role.TICKET][0], trust=trust)


def next_key(folder: Path, role: Role) -> Path:
    return folder / f"next-{role.value}.key"


def next_names(folder: Path, role: Role) -> Path:
    return folder / f"next-{role.value}.json"


def take_up(folder: Path) -> None:
    """Bring the folder in step with its trust file: withdrawn keys go, and those that it names by now are used."""
    versions = trust_file.versions_of((folder / TRUST_FILE).read_bytes())
    for role in Role:
        named = versions[-1].roles[role].keys
        before = {name for trust in versions[:-1] for name in trust.roles[role].keys}
        fresh = next_key(folder, role)
        if fresh.exists() and SigningKey.load(fresh).id in named:
            fresh.replace(folder / f"{role.value}.key")
        for path in key_files(folder, role):
            name = SigningKey.load(path).id
            if name in before and name not in named:
                path.unlink()
    fsync_path(folder)


def load_signing(folder: Path) -> dict[Role, tuple[SigningKey, ...]]:
    demand_closed(folder)
    by_role = {role: tuple(SigningKey.load(path) for path in key_files(folder, role)) for role in Role}
    return {**by_role, Role.TICKET: (SigningKey.load(folder / f"{Role.TICKET.value}.key"),)}


def key_files(folder: Path, role: Role) -> list[Path]:
    """Where the keys of a role lie that are in this folder: `root.key`, `root-2.key` and so on."""
    return sorted(folder.glob(f"{role.value}.key")) + sorted(folder.glob(f"{role.value}-*.key"))


def demand_closed(folder: Path) -> None:
    mode = folder.stat().st_mode & 0o777 if folder.is_dir() else 0
    if os.name == "posix" and mode & 0o077:
        raise KeysUnusable(
            f"The folder {folder} is open to others (mode {mode:03o}), who could put their keys in place of these. "
            f"Type: chmod 700 {folder}"
        )


def load_trust(folder: Path, now: datetime) -> Trust:
    path = folder / TRUST_FILE
    try:
        return trust_file.read_trust(path.read_bytes(), now=now)
    except OSError as fault:
        raise KeysUnusable(
            f"{path} cannot be read ({fault.strerror}), so hosts cannot be told whom to trust. "
            "Restore the whole folder from its backup, or have it signed: `axiom keys request`."
        ) from None
    except ValueError as fault:
        # What is damaged cannot be gone on from, so nothing could be signed behind it either.
        or_else = ", or have the next version signed: `axiom keys request`" if isinstance(fault, Untrusted) else ""
        raise KeysUnusable(
            f"{path} cannot be used. {fault} Restore the whole folder from its backup{or_else}."
        ) from None


def _first_trust(signing: Mapping[Role, tuple[SigningKey, ...]], now: datetime) -> bytes:
    by_role = {role: signers_by(*keys) for role, keys in signing.items()}
    trust = Trust(lab=trust_file.lab_name(by_role[Role.ROOT]), version=1, expires=now + LIFETIME, roles=by_role)
    return trust_file.write_trust(trust, signing[Role.ROOT])


@dataclass(frozen=True, kw_only=True)
class Secrets:
    """What the laboratory needs beside its signing keys to have volunteers. None of it leaves the server."""

    accounts: bytes = field(repr=False)  # what all account keys follow from
    upload: bytes = field(repr=False)  # what names outputs and lets hosts bring them
    code: CodeSigning = field(repr=False)  # what BOINC's own client checks the runner's files by


def make_secrets(folder: Path) -> Secrets:
    for name in (_ACCOUNTS, _UPLOAD):
        if not (folder / name).exists():
            write_once(folder / name, _fresh_secret())
    if not (folder / CODE_KEY).exists() and not (folder / CARRIED).exists():
        CodeKey.make().save(folder / CODE_KEY)
    take_up_code(folder)
    return load_secrets(folder)


def replace_upload(folder: Path) -> None:
    """Put another secret in the place of the one that names outputs: what is out under the old one is refused."""
    write_atomically(folder / _UPLOAD, _fresh_secret())


def load_secrets(folder: Path) -> Secrets:
    return Secrets(
        accounts=_load_secret(folder / _ACCOUNTS),
        upload=_load_secret(folder / _UPLOAD),
        code=load_code(folder),
    )


def _fresh_secret() -> bytes:
    return canonical_json.canonical_bytes({"format": _SECRET_FORMAT, "secret": secrets.token_hex(_SECRET_BYTES)})


def _load_secret(path: Path) -> bytes:
    raw = read_private(
        path, what="secret", without="no volunteer would be known again", others="act in any volunteer's name"
    )
    try:
        fields = canonical_json.Fields(
            canonical_json.parse_canonical(raw, limit=1_000), "the secret", ("format", "secret")
        )
        fields.text("format", _SECRET_FORMAT)
        return bytes.fromhex(fields.text("secret", r"[0-9a-f]{64}"))
    except ValueError:
        # The reader's words may quote the secret itself, so they are not repeated.
        raise KeysUnusable(
            f"The secret {path} is damaged, so no volunteer would be known again. "
            "Restore it from the backup of the folder it is in."
        ) from None
