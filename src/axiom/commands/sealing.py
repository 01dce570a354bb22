"""The command that keeps bundles sealed when keys change or are kept elsewhere."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

from axiom.commands.command import Answer, Command
from axiom.commands.laboratory import Laboratory
from axiom.domain.callers import Capability
from axiom.lab import sealing
from axiom.signed.bundles import SEAL_LIMIT
from axiom.signed.keys import load_keys
from axiom.store import experiments
from axiom.store.database import Database


@dataclass(frozen=True, kw_only=True)
class SealBundles(Command):
    """Publish a bundle with a seal that was made elsewhere; without one, seal again with the keys that are here."""

    name: ClassVar[str] = "experiment.seal"
    capability: ClassVar[Capability] = Capability.OPERATE

    seal: str = field(default="", metadata={"max_length": SEAL_LIMIT})

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        """Read the seal, see that the bundle is the one that was asked about, and publish it."""
        del prepared
        keys = load_keys(laboratory.folder.keys, now)  # perhaps newer than those that the server started with
        if not self.seal:
            renewed = sealing.renew(db, laboratory.folder, keys, laboratory.bundle_good_for, now)
            return {
                "sealed": [{"experiment": one.name, "version": one.version, "change": "renewed"} for one in renewed]
            }
        published = sealing.take(db, laboratory.folder, self.seal, keys.trust, now)
        bundle = experiments.bundle(db, published.digest)
        found = experiments.by_id(db, bundle.experiment_id) if bundle else None
        if found is None:
            raise LookupError(f"bundle {published.digest} was not stored")
        return {"sealed": [{"experiment": found.name, "version": found.version, "change": published.change}]}
