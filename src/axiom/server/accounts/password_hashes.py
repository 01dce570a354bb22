"""What is stored of a password: Argon2id over what clients send in its place. Slow on purpose: call it from threads."""

import functools

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

# OWASP's parameters for a server with little memory: 19 MiB, two passes, one lane; some 30 ms of a core.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)


def stored_password(passwd_hash: str) -> str:
    """What is stored of a password; the site's forms make the client's hash of it first."""
    return _HASHER.hash(passwd_hash)


def is_password(stored: str | None, passwd_hash: str) -> bool:
    """Is this the password? It takes as long where there is none, so that nobody learns from it who has an account."""
    try:
        _HASHER.verify(stored or _decoy(), passwd_hash)
    except (VerificationError, InvalidHashError):
        return False
    return stored is not None


@functools.cache
def _decoy() -> str:
    return _HASHER.hash("no account has this password")
