import hashlib
import os
import re
from pathlib import Path
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from axiom.errors import KeysUnusable
from axiom.signed import canonical_json
from axiom.signed.atomic_files import write_once

_FORMAT = "axiom-key-1"


def key_id(public: str) -> str:
    return hashlib.sha256(bytes.fromhex(public)).hexdigest()


def is_signed(body: bytes, signature: str, public: str) -> bool:
    if not re.fullmatch(r"[0-9a-f]{128}", signature):  # capitals and spaces would say the same bytes in another text
        return False
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public)).verify(bytes.fromhex(signature), body)
    except (InvalidSignature, ValueError):
        return False
    return True


class SigningKey:
    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        self.public = private.public_key().public_bytes_raw().hex()
        self.id = key_id(self.public)

    @classmethod
    def make(cls) -> Self:
        return cls(Ed25519PrivateKey.generate())

    def sign(self, body: bytes) -> bytes:
        return self._private.sign(body)

    def save(self, path: Path) -> None:
        """Write the key where no file is yet, readable by nobody else, and on the disk before this returns."""
        private = self._private.private_bytes_raw().hex()
        write_once(path, canonical_json.canonical_bytes({"format": _FORMAT, "private": private, "public": self.public}))

    @classmethod
    def load(cls, path: Path) -> Self:
        raw = read_private(
            path, what="key", without="nothing can be signed with it", others="sign in this laboratory's name"
        )
        try:
            fields = canonical_json.Fields(
                canonical_json.parse_canonical(raw, limit=1_000), "the key", ("format", "private", "public")
            )
            fields.text("format", _FORMAT)
            key = cls(Ed25519PrivateKey.from_private_bytes(bytes.fromhex(fields.text("private", r"[0-9a-f]{64}"))))
            fields.text("public", key.public)
        except ValueError as fault:
            # The reader's words may quote the key itself, so they are not repeated.
            raise KeysUnusable(
                f"The key {path} is damaged ({type(fault).__name__} while reading it), so nothing can be signed "
                "with it. Restore it from the backup of the folder it is in."
            ) from None
        return key


def read_private(path: Path, *, what: str, without: str, others: str) -> bytes:
    """Read a file that only we may read; `without` and `others` say what follows when it is missing or open."""
    try:
        mode = path.stat().st_mode & 0o777
        raw = path.read_bytes()
    except OSError as fault:
        raise KeysUnusable(
            f"The {what} {path} cannot be read ({fault.strerror}), so {without}. "
            "Restore it from the backup of the folder it is in."
        ) from None
    if os.name == "posix" and mode & 0o077:
        raise KeysUnusable(
            f"The {what} {path} is open to others (mode {mode:03o}), who could {others}. Type: chmod 600 {path}"
        )
    return raw
