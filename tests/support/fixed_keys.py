"""Keys that are the same in each run, since the seeds of preflights follow from them.

With keys that are drawn, chance refused a sound file of the scripted months at 32 of 1,000.
"""

import hashlib
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from axiom.signed.keys import Keys, make_keys
from axiom.signed.signing_key import SigningKey
from axiom.signed.trust import Role


def make_fixed_keys(folder: Path, now: datetime) -> Keys:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for role in Role:
        fixed = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(f"of the tests: {role}".encode()).digest())
        SigningKey(fixed).save(folder / f"{role.value}.key")
    return make_keys(folder, now)
