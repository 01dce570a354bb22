"""BOINC's own signature on the files of a program, as every released client checks it: RSA of 1024 bits over MD5.

That is weak, so it guards against accidents alone. What a host may run is decided by the runner, by Ed25519. The key
may be kept on a computer without a network; when it changes, the one before signs the new one.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import (
    RSAPrivateKey,
    RSAPrivateNumbers,
    RSAPublicKey,
    RSAPublicNumbers,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.utils import NoDigestInfo

from axiom.errors import KeysUnusable
from axiom.signed import canonical_json
from axiom.signed.atomic_files import write_once
from axiom.signed.signing_key import read_private

CODE_KEY, NEXT_CODE_KEY, CARRIED = "code.key", "next-code.key", "code.json"

_FORMAT = "axiom-code-1"
_LIMIT = 4 * 1024 * 1024
_BITS = 1024  # the most that a released client takes
_MODULUS = _BITS // 8
_PRIME = _MODULUS // 2
_EXPONENT = 65_537
_PUBLIC = (_MODULUS, _MODULUS)  # modulus, exponent
_PRIVATE = (_MODULUS, _MODULUS, _MODULUS, _PRIME, _PRIME, _PRIME, _PRIME, _PRIME)  # … d, p, q, dP, dQ, qInv
_LINE = 64
_HEX = re.compile(r"[0-9a-f]{1,64}")


class CodeKey:
    def __init__(self, private: RSAPrivateKey) -> None:
        self._private = private
        public = private.public_key().public_numbers()
        self.public_text = _key_text((public.n, public.e), _PUBLIC)

    @classmethod
    def make(cls) -> Self:
        return cls(generate_private_key(public_exponent=_EXPONENT, key_size=_BITS))

    def sign_file(self, body: bytes) -> str:
        return self.sign_digest(hashlib.md5(body, usedforsecurity=False).hexdigest())

    def sign_digest(self, md5: str) -> str:
        return _hex_text(self._private.sign(md5.encode(), PKCS1v15(), NoDigestInfo()))

    def save(self, path: Path) -> None:
        private = self._private.private_numbers()
        public = private.public_numbers
        numbers = (public.n, public.e, private.d, private.p, private.q, private.dmp1, private.dmq1, private.iqmp)
        write_once(path, _key_text(numbers, _PRIVATE).encode())

    @classmethod
    def parse(cls, text: str) -> Self:
        """A private key as the official server writes it; a ValueError where it is none."""
        return cls(_private_key(text))

    @classmethod
    def load(cls, path: Path) -> Self:
        raw = read_private(
            path,
            what="code-signing key",
            without="no program can be signed with it",
            others="sign programs in this laboratory's name",
        )
        try:
            return cls.parse(raw.decode("ascii"))
        except ValueError:
            # The reader's words may quote the key itself, so they are not repeated.
            raise KeysUnusable(
                f"The code-signing key {path} is damaged, so no program can be signed with it. "
                "Restore it from the backup of the folder it is in."
            ) from None


@dataclass(frozen=True, kw_only=True)
class CodeKeyChange:
    public_text: str
    signature: str  # of the key before


@dataclass(frozen=True, kw_only=True)
class CodeSigning:
    public_text: str
    key: CodeKey | None = field(repr=False)
    changes: Mapping[str, CodeKeyChange]  # by the public key before
    carried: Mapping[str, str]  # signatures by the MD5 of what is signed

    def sign_file(self, body: bytes) -> str:
        return self.sign_digest(hashlib.md5(body, usedforsecurity=False).hexdigest())

    def sign_digest(self, md5: str) -> str:
        """Sign a file by its MD5 in hex; a KeysUnusable when that has to be done elsewhere first."""
        if self.key is not None:
            return self.key.sign_digest(md5)
        if md5 not in self.carried:
            raise KeysUnusable(
                f"The program with the MD5 {md5} is not signed yet, and the code-signing key is kept elsewhere, so "
                "no host can be given it. `axiom keys request` writes down what has to be signed."
            )
        return self.carried[md5]

    def key_for(self, public_key: str) -> tuple[str, str]:
        if not public_key.strip():
            return self.public_text, ""
        for before, change in self.changes.items():
            if _is_same_key(before, public_key):
                return change.public_text, change.signature
        return "", ""

    def carrying(self, signatures: Mapping[str, str]) -> "CodeSigning":
        for md5, signature in signatures.items():
            if not is_digest_signed(md5, signature, self.public_text):
                raise KeysUnusable(
                    f"The signature of the program with the MD5 {md5} is not by this laboratory's code-signing key, so "
                    "every client would refuse it. Nothing was changed; sign with the key that the request names."
                )
        return replace(self, carried={**self.carried, **signatures})

    def followed_by(self, change: CodeKeyChange) -> "CodeSigning":
        """What is told once another key has taken the place of this one, whose signatures mean nothing then."""
        if not is_code_signed(change.public_text.strip().encode(), change.signature, self.public_text):
            raise KeysUnusable(
                "The next code-signing key is not signed by the one before, so no client would take it. Nothing was "
                "changed; sign the request where the key before is kept."
            )
        changes = {**self.changes, self.public_text: change}
        return CodeSigning(public_text=change.public_text, key=None, changes=changes, carried={})


def load_code(folder: Path) -> CodeSigning:
    key = CodeKey.load(folder / CODE_KEY) if (folder / CODE_KEY).exists() else None
    if not (folder / CARRIED).exists():
        key = key or CodeKey.load(folder / CODE_KEY)  # which says what is missing
        return CodeSigning(public_text=key.public_text, key=key, changes={}, carried={})
    carried = _read_carried(folder)
    if key is not None and not _is_same_key(key.public_text, carried.public_text):
        raise KeysUnusable(
            f"{folder / CODE_KEY} is not the code-signing key that {folder / CARRIED} names, so clients would refuse "
            "what it signs. Start the laboratory once more, or restore the folder from one backup."
        )
    return replace(carried, key=key)


def take_up_code(folder: Path) -> None:
    """Bring the folder in step with the key that is in force: the one before it goes, the new one is used."""
    if not (folder / CARRIED).exists():
        return
    carried, fresh, current = _read_carried(folder), folder / NEXT_CODE_KEY, folder / CODE_KEY
    if fresh.exists() and _is_same_key(CodeKey.load(fresh).public_text, carried.public_text):
        fresh.replace(current)
    if current.exists() and any(_is_same_key(CodeKey.load(current).public_text, before) for before in carried.changes):
        current.unlink()


def _read_carried(folder: Path) -> CodeSigning:
    try:
        facts = canonical_json.parse_canonical((folder / CARRIED).read_bytes(), limit=_LIMIT)
        fields = canonical_json.Fields(facts, CARRIED, ("carried", "changes", "format", "public"))
        fields.text("format", _FORMAT)
        return CodeSigning(
            public_text=fields.text("public"),
            key=None,
            changes={before: _change(change) for before, change in fields.part("changes").items()},
            carried={
                md5: canonical_json.check_text(signature, md5) for md5, signature in fields.part("carried").items()
            },
        )
    except (OSError, ValueError) as fault:
        why = fault.strerror if isinstance(fault, OSError) else fault
        raise KeysUnusable(
            f"{folder / CARRIED} is damaged ({why}), so no program can be shown to be the laboratory's. "
            "Restore it from the backup of the folder it is in."
        ) from None


def _change(data: object) -> CodeKeyChange:
    fields = canonical_json.Fields(data, "a change of keys", ("public", "signature"))
    return CodeKeyChange(public_text=fields.text("public"), signature=fields.text("signature"))


def code_facts(signing: CodeSigning) -> bytes:
    changes = {
        before: {"public": change.public_text, "signature": change.signature}
        for before, change in signing.changes.items()
    }
    return canonical_json.canonical_bytes(
        {"carried": dict(signing.carried), "changes": changes, "format": _FORMAT, "public": signing.public_text}
    )


def sign_change(before: CodeKey, public_text: str) -> CodeKeyChange:
    return CodeKeyChange(public_text=public_text, signature=before.sign_file(public_text.strip().encode()))


def _is_same_key(key: str, other: str) -> bool:
    """Clients send keys back with other line ends and margins."""
    return key.split() == other.split()


def _private_key(text: str) -> RSAPrivateKey:
    n, e, d, p, q, dmp1, dmq1, iqmp = _numbers(text, _PRIVATE)
    public = RSAPublicNumbers(e=e, n=n)
    numbers = RSAPrivateNumbers(p=p, q=q, d=d, dmp1=dmp1, dmq1=dmq1, iqmp=iqmp, public_numbers=public)
    return numbers.private_key()


def is_code_signed(body: bytes, signature: str, public_text: str) -> bool:
    return is_digest_signed(hashlib.md5(body, usedforsecurity=False).hexdigest(), signature, public_text)


def is_digest_signed(md5: str, signature: str, public_text: str) -> bool:
    try:
        modulus, exponent = _numbers(public_text, _PUBLIC)
        key: RSAPublicKey = RSAPublicNumbers(e=exponent, n=modulus).public_key()
        return key.recover_data_from_signature(_hex_bytes(signature), PKCS1v15(), None) == md5.encode()
    except (InvalidSignature, ValueError):
        return False


def _key_text(numbers: tuple[int, ...], widths: tuple[int, ...]) -> str:
    fields = zip(numbers, widths, strict=True)
    return f"{_BITS}\n" + _hex_text(b"".join(number.to_bytes(width, "big") for number, width in fields))


def _numbers(text: str, widths: tuple[int, ...]) -> list[int]:
    bits, _, rest = text.strip().partition("\n")
    if bits.strip() != str(_BITS):
        raise ValueError(f"it is not a key of {_BITS} bits")
    body = _hex_bytes(rest)
    if len(body) != sum(widths):
        raise ValueError(f"it has {len(body)} bytes, and {sum(widths)} were expected")
    ends = [sum(widths[: place + 1]) for place in range(len(widths))]
    return [int.from_bytes(body[end - width : end], "big") for end, width in zip(ends, widths, strict=True)]


def _hex_text(body: bytes) -> str:
    digits = body.hex()
    lines = [digits[start : start + _LINE] for start in range(0, len(digits), _LINE)]
    return "\n".join([*lines, ".", ""])


def _hex_bytes(text: str) -> bytes:
    *lines, dot = (line.strip() for line in text.strip().split("\n"))
    if dot != "." or not all(_HEX.fullmatch(line) for line in lines):
        raise ValueError("it is not lines of hex digits with a full stop after them")
    return bytes.fromhex("".join(lines))
