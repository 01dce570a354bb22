"""A laboratory's keys as they follow from a seed. They sign what nobody computes, so nobody has to guess them."""

import hashlib
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from axiom.signed.boinc_code_signing import CodeSigning
from axiom.signed.keys import Keys, Secrets
from axiom.signed.signing_key import SigningKey
from axiom.signed.trust import Role, Trust, lab_name, read_trust, signers_by, write_trust

_LIFETIME = timedelta(days=3_650)


def keys_of(seed: int, now: datetime) -> tuple[Keys, bytes]:
    """The keys and the trust file."""
    root, sealer, ticket = (_key(seed, role) for role in (Role.ROOT, Role.BUNDLE, Role.TICKET))
    roles = {Role.ROOT: signers_by(root), Role.BUNDLE: signers_by(sealer), Role.TICKET: signers_by(ticket)}
    trust = Trust(lab=lab_name(roles[Role.ROOT]), version=1, expires=now + _LIFETIME, roles=roles)
    body = write_trust(trust, [root])
    return Keys(roots=(root,), sealers=(sealer,), ticket=ticket, trust=read_trust(body, now=now)), body


def secrets_of(seed: int) -> Secrets:
    """What a laboratory needs beside them to have volunteers. It has no program to sign."""
    code = CodeSigning(public_text="simulated", key=None, changes={}, carried={})
    return Secrets(accounts=_bytes(seed, "accounts"), upload=_bytes(seed, "upload"), code=code)


def seed_secret_of(seed: int) -> str:
    """The secret from which the seeds of its registrations follow, so that each course is one."""
    return _bytes(seed, "seeds").hex()


def _key(seed: int, role: Role) -> SigningKey:
    return SigningKey(Ed25519PrivateKey.from_private_bytes(_bytes(seed, role.value)))


def _bytes(seed: int, purpose: str) -> bytes:
    return hashlib.sha256(f"axiom-simulation-1|{seed}|{purpose}".encode()).digest()
