"""What is stored of a password, ours and another server's before it, and whether a password is the one.

Of a server that this laboratory succeeds come bcrypt hashes, and digests that are as good as the password itself. Those
are sealed by the laboratory's secret, which is in no database, until each is hashed as ours are.
"""

import base64
import functools
import hashlib
import hmac

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from axiom.errors import CannotStart
from axiom.limits import accounts as limits
from axiom.store.accounts import accounts
from axiom.store.connections import Connections
from axiom.store.writer import Writer

# OWASP's parameters for a server with little memory: 19 MiB, two passes, one lane; some 30 ms of a core.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
_OURS, _BCRYPT = "$argon2id$", "$2"


def stored_password(passwd_hash: str) -> str:
    """What is stored of a password; the site's forms make the client's hash of it first."""
    return _HASHER.hash(passwd_hash)


def is_password(stored: str | None, passwd_hash: str, secret: bytes = b"") -> bool:
    """Is this the password? It takes as long where there is none, so that nobody learns from it who has an account."""
    if stored and stored.startswith(accounts.SEALED):
        stored = stored_password(_unseal_password(stored, secret).decode())  # as it will be, which takes its time
    if stored and stored.startswith(_BCRYPT):
        return _is_bcrypt(stored, passwd_hash)
    try:
        _HASHER.verify(stored or _decoy(), passwd_hash)
    except (VerificationError, InvalidHashError):
        return False
    return stored is not None


def is_ours(stored: str) -> bool:
    return stored.startswith(_OURS)


def seal_password(passwd_hash: str, secret: bytes) -> str:
    """Always the same for the same hash, so that to load a dump twice is to load it once."""
    sealed = AESSIV(_sealing_key(secret)).encrypt(passwd_hash.encode(), None)
    return accounts.SEALED + base64.b64encode(sealed).decode()


def hash_sealed_passwords(writer: Writer, connections: Connections, secret: bytes) -> int:
    """Hash the next few sealed passwords; how many it were. One that was changed meanwhile stays as it is."""
    with connections.reader() as db:
        sealed = accounts.list_sealed_passwords(db, limits.SEALED_PASSWORDS_AT_ONCE)
    hashed = {key: (old, stored_password(_unseal_password(old, secret).decode())) for key, old in sealed.items()}
    if hashed:
        writer.run(lambda db: accounts.replace_passwords(db, hashed))
    return len(hashed)


def _is_bcrypt(stored: str, passwd_hash: str) -> bool:
    try:
        import bcrypt
    except ImportError as error:
        raise CannotStart(
            "Passwords of the server before are bcrypt hashes, which nothing here reads. Nobody was signed in; "
            "pip install 'axiom-lab[adopt]', and start the laboratory again."
        ) from error
    return bcrypt.checkpw(passwd_hash.encode(), stored.encode())


def _unseal_password(stored: str, secret: bytes) -> bytes:
    try:
        sealed = base64.b64decode(stored.removeprefix(accounts.SEALED))
        return AESSIV(_sealing_key(secret)).decrypt(sealed, None)
    except (InvalidTag, ValueError):
        return b""  # no password has this hash


@functools.lru_cache(maxsize=4)
def _sealing_key(secret: bytes) -> bytes:
    return hmac.digest(secret, b"axiom-sealed-password-1", hashlib.sha512)


@functools.cache
def _decoy() -> str:
    return _HASHER.hash("no account has this password")
