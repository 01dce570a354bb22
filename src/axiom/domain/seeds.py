"""Seeds that count follow from a secret: nobody knows one before it is issued, and everybody can check it afterwards.

The secret is drawn when a registration is sealed. Its commitment is public at once, so that it cannot be exchanged; it
is itself when the registration has ended.
"""

import hashlib

DRAWN_SEEDS = "they follow from a secret that is drawn when this is sealed, and revealed when it has ended"
NAMED_SEEDS = "they follow from name, version and number, as in every registration of before: anybody could know them"


def commit_to_secret(registration: str, secret: str) -> str:
    """The commitment to a secret of the registration that has this hash."""
    return hashlib.sha256(f"axiom-secret-1|{registration}|{secret}".encode()).hexdigest()


def counted_seed(secret: str, experiment: str, version: int, replicate: int) -> int:
    """The seed of a replicate that is evidence: 63 bits."""
    return _seed("axiom-seed-2", secret, experiment, version, replicate)


def hand_seed(experiment: str, version: int, number: int) -> int:
    """The seed of a run by hand. It counts nowhere, so it may be known beforehand."""
    return _seed("axiom-hand-1", experiment, version, number)


def _seed(*parts: object) -> int:
    return int.from_bytes(hashlib.sha256("|".join(map(str, parts)).encode()).digest()[:8], "big") >> 1
