"""Commands that take what was signed elsewhere, and that keep bundles sealed when keys change."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from axiom.domain.callers import Capability
from axiom.gate.command import Answer, Command
from axiom.gate.laboratory import Laboratory
from axiom.laboratory.experiments.catalogue_files import find_author
from axiom.laboratory.experiments.old_claims import LIST, read_old_claims, register_old_claims
from axiom.laboratory.keys import seal_bundles
from axiom.signed import key_rotation
from axiom.signed.boinc_code_signing import load_code
from axiom.signed.bundles import SEAL_LIMIT
from axiom.signed.keys import load_keys
from axiom.store.engine.database import Database
from axiom.store.experiments import experiments


@dataclass(frozen=True, kw_only=True)
class SealBundles(Command, name="experiment.seal", capability=Capability.RUN):
    """Publish a bundle with a seal that was made elsewhere; without one, seal again with the keys that are here."""

    seal: str = field(default="", metadata={"max_length": SEAL_LIMIT})

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        """Read the seal, see that the bundle is the one that was asked about, and publish it."""
        keys = load_keys(laboratory.folder.keys, now)  # perhaps newer than those that the server started with
        if not self.seal:
            renewed = seal_bundles.renew_seals(db, laboratory.folder, keys, laboratory.bundle_good_for, now)
            return {
                "sealed": [
                    {"experiment": sealed.name, "version": sealed.version, "change": "renewed"} for sealed in renewed
                ]
            }
        published = seal_bundles.publish_sealed_bundle(
            db,
            laboratory.folder,
            self.seal,
            keys.trust,
            now,
            has_address=laboratory.has_address,
            author_of=lambda experiment: find_author(laboratory, db, experiment),
        )
        bundle = experiments.find_bundle(db, published.digest)
        version = experiments.find_experiment(db, bundle.experiment_id) if bundle else None
        if version is None:
            raise LookupError(f"bundle {published.digest} was not stored")
        register_old_claims(db, read_old_claims(laboratory.catalogue / LIST), version.name, now)
        return {"sealed": [{"experiment": version.name, "version": version.version, "change": published.change}]}


@dataclass(frozen=True, kw_only=True)
class SignPrograms(Command, name="runner.sign", capability=Capability.RUN):
    """Keep BOINC's signatures of a runner's files, made where the code-signing key is kept: then it is offered."""

    signatures: dict[str, str] = field(metadata={"min_length": 1, "max_length": 1_000})  # by the MD5 of the file

    def audited(self) -> dict[str, Any]:
        """Which files: what a signature says follows from that."""
        return {"signatures": sorted(self.signatures)}

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        """See that each is by the laboratory's code-signing key."""
        load_code(laboratory.folder.keys).carrying(self.signatures)
        return {"signed": sorted(self.signatures)}

    def finish(self, laboratory: Laboratory, answer: Answer) -> None:
        """Keep them beside the keys, where the laboratory looks for them every few seconds."""
        key_rotation.carry_signatures(laboratory.folder.keys, self.signatures)
