"""Commands about clusters: let one compute, give it another key, and end that."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from axiom.domain.callers import Capability
from axiom.domain.clusters import Cluster
from axiom.errors import NotFound, Refused
from axiom.gate.command import Answer, Command
from axiom.gate.laboratory import Laboratory
from axiom.gate.words import CALLER_NAME
from axiom.limits import clusters as limits
from axiom.store.engine.database import Database
from axiom.store.hosts import clusters

_DIGEST = {"pattern": r"^[0-9a-f]{64}$"}
_DAYS = {"ge": 1, "le": limits.KEY_DAYS_AT_MOST, "help": "How long the key is good."}


@dataclass(frozen=True, kw_only=True)
class AddCluster(Command, name="cluster.add", capability=Capability.GOVERN):
    """Let a cluster compute: whoever has the key whose digest this is gets work and reports it, and can do no more."""

    cluster: str = field(metadata=CALLER_NAME)
    key: str = field(metadata=_DIGEST)
    days: int = field(default=limits.KEY_DAYS, metadata=_DAYS)

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        expires_at = now + timedelta(days=self.days)
        if clusters.add_cluster(db, name=self.cluster, key_digest=self.key, expires_at=expires_at, now=now) is None:
            raise Refused(
                f"There is a cluster {self.cluster} already, and the audit knows it by that name. Nothing was changed; "
                f"`axiom cluster renew {self.cluster}` gives it another key."
            )
        return _enrolment(self.cluster, laboratory, expires_at)


@dataclass(frozen=True, kw_only=True)
class RenewCluster(Command, name="cluster.renew", capability=Capability.GOVERN):
    """Give a cluster another key, also where its key expired or was revoked. The one before is good for nothing."""

    cluster: str = field(metadata=CALLER_NAME)
    key: str = field(metadata=_DIGEST)
    days: int = field(default=limits.KEY_DAYS, metadata=_DAYS)

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        expires_at = now + timedelta(days=self.days)
        clusters.renew_cluster_key(db, _cluster(db, self.cluster).id, key_digest=self.key, expires_at=expires_at)
        return _enrolment(self.cluster, laboratory, expires_at)


@dataclass(frozen=True, kw_only=True)
class RevokeCluster(Command, name="cluster.revoke", capability=Capability.GOVERN):
    """Revoke a cluster's key: its pilots get and report nothing from now on. What they computed before stays."""

    cluster: str = field(metadata=CALLER_NAME)

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        if not clusters.end_cluster(db, _cluster(db, self.cluster).id, now):
            raise Refused(f"The key of {self.cluster} was revoked already. Nothing was changed.")
        return {"cluster": self.cluster, "ended_at": now.isoformat()}


def _cluster(db: Database, name: str) -> Cluster:
    cluster = clusters.find_cluster(db, name)
    if cluster is None:
        raise NotFound(f"There is no cluster {name}. Nothing was changed; `axiom cluster list` shows all.")
    return cluster


def _enrolment(name: str, laboratory: Laboratory, expires_at: datetime) -> Answer:
    return {"cluster": name, "lab": laboratory.keys.trust.lab, "expires_at": expires_at.isoformat()}
