"""BOINC's own signature on the files of a program, as every released client checks it: RSA of 1024 bits over MD5.

That is weak, so it guards against accidents alone. What a host may run is decided by the runner, by Ed25519.
"""

import hashlib
import re
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
from axiom.signed.signing import read_private, write_once

_BITS = 1024  # the most that a released client takes
_MODULUS = _BITS // 8
_PRIME = _MODULUS // 2
_EXPONENT = 65_537
_PUBLIC = (_MODULUS, _MODULUS)  # modulus, exponent
_PRIVATE = (_MODULUS, _MODULUS, _MODULUS, _PRIME, _PRIME, _PRIME, _PRIME, _PRIME)  # … d, p, q, dP, dQ, qInv
_LINE = 64
_HEX = re.compile(r"[0-9a-f]{1,64}")


class CodeKey:
    """A private code-signing key. It leaves this object only towards its own file."""

    def __init__(self, private: RSAPrivateKey) -> None:
        self._private = private
        public = private.public_key().public_numbers()
        self.public_text = _key_text((public.n, public.e), _PUBLIC)

    @classmethod
    def make(cls) -> Self:
        """Make a fresh key from the operating system's randomness."""
        return cls(generate_private_key(public_exponent=_EXPONENT, key_size=_BITS))

    def sign_file(self, body: bytes) -> str:
        """Sign the contents of a file, as text for a scheduler reply."""
        return self.sign_digest(hashlib.md5(body, usedforsecurity=False).hexdigest())

    def sign_digest(self, md5: str) -> str:
        """Sign a file by its MD5 in hex, for one that is too large to hold."""
        return _hex_text(self._private.sign(md5.encode(), PKCS1v15(), NoDigestInfo()))

    def save(self, path: Path) -> None:
        """Write the key in BOINC's form where no file is yet, readable by nobody else."""
        private = self._private.private_numbers()
        public = private.public_numbers
        numbers = (public.n, public.e, private.d, private.p, private.q, private.dmp1, private.dmq1, private.iqmp)
        write_once(path, _key_text(numbers, _PRIVATE).encode())

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a key in BOINC's form; one that is missing, damaged or readable by others is refused."""
        raw = read_private(
            path,
            what="code-signing key",
            without="no program can be signed with it",
            others="sign programs in this laboratory's name",
        )
        try:
            return cls(_private_key(raw.decode("ascii")))
        except ValueError:
            # The reader's words may quote the key itself, so they are not repeated.
            raise KeysUnusable(
                f"The code-signing key {path} is damaged, so no program can be signed with it. "
                "Restore it from the backup of the folder it is in."
            ) from None


def _private_key(text: str) -> RSAPrivateKey:
    n, e, d, p, q, dmp1, dmq1, iqmp = _numbers(text, _PRIVATE)
    public = RSAPublicNumbers(e=e, n=n)
    numbers = RSAPrivateNumbers(p=p, q=q, d=d, dmp1=dmp1, dmq1=dmq1, iqmp=iqmp, public_numbers=public)
    return numbers.private_key()


def is_code_signed(body: bytes, signature: str, public_text: str) -> bool:
    """Tell whether a client that holds this public key takes this file."""
    try:
        modulus, exponent = _numbers(public_text, _PUBLIC)
        key: RSAPublicKey = RSAPublicNumbers(e=exponent, n=modulus).public_key()
        md5 = hashlib.md5(body, usedforsecurity=False).hexdigest()
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
