"""The keys of one laboratory, in one folder that nobody else may read."""

import os
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from axiom.errors import KeysUnusable
from axiom.signed import roles, strict
from axiom.signed.code_signing import CodeKey
from axiom.signed.roles import Role, Signers, Trust
from axiom.signed.signing import SigningKey, read_private, sync_folder, write_once

__all__ = ["Keys", "Secrets", "SigningKey", "load_keys", "load_secrets", "make_keys", "make_secrets"]

_TRUST_FILE = "trust.json"
_ACCOUNTS, _UPLOAD, _CODE = "accounts.key", "upload.key", "code.key"
_SECRET_FORMAT = "axiom-secret-1"  # noqa: S105  a name
_SECRET_BYTES = 32
_LIFETIME = timedelta(days=365)
_RENEW_BEFORE = timedelta(days=30)
_EXPIRY_NOT_ASKED = datetime.min.replace(tzinfo=UTC)  # a trust file that has run out is still ours to renew


@dataclass(frozen=True, kw_only=True)
class Keys:
    """The three keys that a laboratory signs with, and the trust that says so."""

    root: SigningKey
    bundle: SigningKey
    ticket: SigningKey
    trust: Trust


def make_keys(folder: Path, now: datetime) -> Keys:
    """Make what is missing, renew a trust file that runs out within a month, and load all.

    A folder with a trust file but without one of its keys has lost something: that is refused, never patched over.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not (folder / _TRUST_FILE).exists():
        for role in Role:
            path = folder / f"{role.value}.key"
            if not path.exists():
                SigningKey.make().save(path)
        signing = _load_signing(folder)
        write_once(folder / _TRUST_FILE, _trust_file(signing, version=1, now=now))
    else:
        signing = _load_signing(folder)
        _renew(folder, signing, now)
    return load_keys(folder, now)


def load_keys(folder: Path, now: datetime) -> Keys:
    """Load keys and trust; whatever is missing, damaged, loose, expired or does not fit together is refused."""
    signing = _load_signing(folder)
    trust = _load_trust(folder, signing, now)
    for role, key in signing.items():
        if key.id not in trust.roles[role].keys:
            raise KeysUnusable(
                f"{folder / role.value}.key is not a key that {folder / _TRUST_FILE} names, so hosts would refuse "
                "what it signs. Restore the whole folder from one backup."
            )
    return Keys(root=signing[Role.ROOT], bundle=signing[Role.BUNDLE], ticket=signing[Role.TICKET], trust=trust)


def _load_signing(folder: Path) -> dict[Role, SigningKey]:
    mode = folder.stat().st_mode & 0o777 if folder.is_dir() else 0
    if os.name == "posix" and mode & 0o077:
        raise KeysUnusable(
            f"The folder {folder} is open to others (mode {mode:03o}), who could put their keys in place of these. "
            f"Type: chmod 700 {folder}"
        )
    return {role: SigningKey.load(folder / f"{role.value}.key") for role in Role}


def _load_trust(folder: Path, signing: dict[Role, SigningKey], now: datetime) -> Trust:
    path = folder / _TRUST_FILE
    try:
        return roles.read_trust(path.read_bytes(), lab=signing[Role.ROOT].id, now=now)
    except OSError as fault:
        raise KeysUnusable(
            f"{path} cannot be read ({fault.strerror}), so hosts cannot be told whom to trust. "
            "Restore the whole folder from its backup."
        ) from None
    except ValueError as fault:
        raise KeysUnusable(f"{path} cannot be used. {fault} Restore the whole folder from its backup.") from None


def _renew(folder: Path, signing: dict[Role, SigningKey], now: datetime) -> None:
    """The version grows with each renewal, so that hosts take the new file and never again the old one."""
    trust = _load_trust(folder, signing, _EXPIRY_NOT_ASKED)
    if trust.expires - now > _RENEW_BEFORE:
        return
    path, fresh = folder / _TRUST_FILE, folder / ".trust-next"
    fresh.unlink(missing_ok=True)
    write_once(fresh, _trust_file(signing, version=trust.version + 1, now=now))
    fresh.replace(path)
    sync_folder(folder)


def _trust_file(signing: dict[Role, SigningKey], *, version: int, now: datetime) -> bytes:
    trust = Trust(
        lab=signing[Role.ROOT].id,
        version=version,
        expires=now + _LIFETIME,
        roles={role: Signers(threshold=1, keys={key.id: key.public}) for role, key in signing.items()},
    )
    return roles.write_trust(trust, [signing[Role.ROOT]])


@dataclass(frozen=True, kw_only=True)
class Secrets:
    """What the laboratory needs beside its signing keys to have volunteers. None of it leaves the server."""

    accounts: bytes = field(repr=False)  # what all account keys follow from
    upload: bytes = field(repr=False)  # what names outputs and lets hosts bring them
    code: CodeKey = field(repr=False)  # what BOINC's own client checks the runner's files by


def make_secrets(folder: Path) -> Secrets:
    """Make what is missing beside the signing keys, which are there already, and load all."""
    for name in (_ACCOUNTS, _UPLOAD):
        if not (folder / name).exists():
            secret = secrets.token_hex(_SECRET_BYTES)
            write_once(folder / name, strict.canonical({"format": _SECRET_FORMAT, "secret": secret}))
    if not (folder / _CODE).exists():
        CodeKey.make().save(folder / _CODE)
    return load_secrets(folder)


def load_secrets(folder: Path) -> Secrets:
    """Load what the server needs to have volunteers; whatever is missing, damaged or loose is refused."""
    return Secrets(
        accounts=_load_secret(folder / _ACCOUNTS),
        upload=_load_secret(folder / _UPLOAD),
        code=CodeKey.load(folder / _CODE),
    )


def _load_secret(path: Path) -> bytes:
    raw = read_private(
        path, what="secret", without="no volunteer would be known again", others="act in any volunteer's name"
    )
    try:
        fields = strict.Fields(strict.parse(raw, limit=1_000), "the secret", ("format", "secret"))
        fields.text("format", _SECRET_FORMAT)
        return bytes.fromhex(fields.text("secret", r"[0-9a-f]{64}"))
    except ValueError:
        # The reader's words may quote the secret itself, so they are not repeated.
        raise KeysUnusable(
            f"The secret {path} is damaged, so no volunteer would be known again. "
            "Restore it from the backup of the folder it is in."
        ) from None
