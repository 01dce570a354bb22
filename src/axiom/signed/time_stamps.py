"""Time stamps of RFC 3161: the signed word of an authority that a registration's hash existed at some time."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import rfc3161_client
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes

from axiom.errors import NotStamped


@dataclass(frozen=True, kw_only=True)
class Stamp:
    """What an authority says of a text, proven to be its word."""

    at: datetime
    authorities: tuple[str, ...]  # the certificates that its word is trusted by: of each its name and its fingerprint


def obtain_stamp(text: str, roots: str, ask: Callable[[bytes], bytes]) -> tuple[bytes, Stamp]:
    """Have an authority stamp a text. What it answers is checked against the question, its nonce included."""
    builder = rfc3161_client.TimestampRequestBuilder(hash_algorithm=rfc3161_client.HashAlgorithm.SHA256)
    request = builder.data(text.encode()).build()
    response = ask(request.as_bytes())
    return response, check_stamp(response, text, roots, nonce=request.nonce)


def check_stamp(response: bytes, text: str, roots: str, nonce: int | None = None) -> Stamp:
    """Is this response the word of somebody whom these certificates vouch for, of this very text?"""
    try:
        certificates = x509.load_pem_x509_certificates(roots.encode())
        stamped = rfc3161_client.decode_timestamp_response(response)
        verifier = rfc3161_client.VerifierBuilder(roots=certificates, nonce=nonce).build()
        verifier.verify(stamped, hashlib.sha256(text.encode()).digest())
        return Stamp(at=stamped.tst_info.gen_time, authorities=tuple(map(_named, certificates)))
    except (rfc3161_client.VerificationError, UnsupportedAlgorithm, ValueError, TypeError) as error:
        raise NotStamped(f"It is no stamp of this registration by that authority: {error}") from error


def _named(certificate: x509.Certificate) -> str:
    return f"{certificate.subject.rfc4514_string()}, SHA-256 {certificate.fingerprint(hashes.SHA256()).hex()}"
