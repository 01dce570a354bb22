"""Our chain of trust files beside python-tuf's root metadata: the same keys, the same signatures, the same verdict."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

metadata = pytest.importorskip("tuf.api.metadata")
signer = pytest.importorskip("securesystemslib.signer")

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: E402

from axiom.signed.signing_key import SigningKey  # noqa: E402
from axiom.signed.trust import NotSealed, Role, Signers, Trust, Untrusted, lab_name, read_trust, write_trust  # noqa: E402

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


class Pair:
    """One private key, as both libraries hold it."""

    def __init__(self) -> None:
        private = Ed25519PrivateKey.generate()
        self.ours = SigningKey(private)
        self.theirs = signer.CryptoSigner(private)


PAIRS = [Pair() for _ in range(5)]
BUNDLE, TICKET = Pair(), Pair()


class Version:
    """One version of who may sign: which of the pairs are root, how many must sign, and who did."""

    def __init__(self, dice: random.Random, before: "Version | None") -> None:
        self.roots = before.roots if before and dice.random() < 0.4 else dice.sample(PAIRS, dice.randrange(1, 5))
        self.threshold = dice.randrange(1, len(self.roots) + 1)
        known = {*self.roots, *(before.roots if before else ())}
        self.signing = [pair for pair in PAIRS if pair in known and dice.random() < 0.85]
        self.expires = NOW + timedelta(days=dice.choice((-1, 1, 300)))
        self.signers = signers(self.threshold, *self.roots)

    def ours(self, number: int, lab: str) -> Trust:
        roles = {Role.ROOT: self.signers, Role.BUNDLE: signers(1, BUNDLE), Role.TICKET: signers(1, TICKET)}
        return Trust(lab=lab, version=number, expires=self.expires, roles=roles)

    def theirs(self, number: int):
        root = metadata.Root(version=number, expires=self.expires)
        for pair in self.roots:
            root.add_key(pair.theirs.public_key, "root")
        root.roles["root"].threshold = self.threshold
        made = metadata.Metadata(root)
        for pair in self.signing:
            made.sign(pair.theirs, append=True)
        return made


def signers(threshold: int, *pairs: Pair) -> Signers:
    return Signers(threshold=threshold, keys={pair.ours.id: pair.ours.public for pair in pairs})


def ours(versions: Sequence[Version]) -> bool:
    raw, lab = b"", lab_name(versions[0].signers)
    for number, version in enumerate(versions, start=1):
        raw = write_trust(version.ours(number, lab), [pair.ours for pair in version.signing], raw)
    try:
        return read_trust(raw, now=NOW).version == len(versions)
    except (Untrusted, NotSealed):
        return False


def theirs(versions: Sequence[Version]) -> bool:
    made = [version.theirs(number) for number, version in enumerate(versions, start=1)]
    for place, version in enumerate(made):
        before = made[place - 1].signed if place else None
        result = version.signed.get_root_verification_result(before, version.signed_bytes, version.signatures)
        if not result.verified:
            return False
    return not made[-1].signed.is_expired(NOW)


def chain(seed: int) -> list[Version]:
    dice = random.Random(seed)
    versions: list[Version] = []
    for _ in range(dice.randrange(1, 5)):
        versions.append(Version(dice, versions[-1] if versions else None))
    return versions


def test_a_chain_is_taken_by_both_or_by_neither():
    verdicts = []
    for seed in range(100):
        versions = chain(seed)
        verdicts.append(ours(versions))
        assert verdicts[-1] == theirs(versions), seed
    assert 10 < sum(verdicts) < 90  # both are met often enough to mean something
