"""Commands about the fleet: trust a host again, have computers that only play a part."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Annotated, Any, ClassVar

from pydantic import Field

from axiom.boinc.accounts import CreateAccount
from axiom.commands.base import Answer, Command
from axiom.commands.context import Laboratory
from axiom.decisions.hosts.runners import DRILL
from axiom.domain.callers import Capability
from axiom.domain.preflights import GATES, Preflight
from axiom.errors import NotFound
from axiom.server.accounts.accounts import open_account
from axiom.signed.canonical_json import LARGEST
from axiom.signed.keys import load_secrets
from axiom.store.accounts import accounts
from axiom.store.engine.database import Database
from axiom.store.experiments import experiments, preflights, releases
from axiom.store.hosts import hosts

_NAME = r"^[A-Za-z0-9-]{1,40}$"


@dataclass(frozen=True, kw_only=True)
class TrustHost(Command):
    """Give a host work again that got none since others agreed twice on what it had computed otherwise."""

    name: ClassVar[str] = "host.trust"
    capability: ClassVar[Capability] = Capability.OPERATE

    host: int = field(metadata={"ge": 1, "le": LARGEST})
    reason: str = field(metadata={"min_length": 1, "max_length": 500})

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        """Forget how often it was outvoted."""
        del laboratory, prepared, now
        found = hosts.host(db, self.host)
        if found is None:
            raise NotFound(f"There is no host {self.host}. Nothing was changed.")
        hosts.set_outvoted(db, self.host, replace(found.standing, outvoted=0, outvoted_at=None))
        return {"host": self.host, "outvoted_before": found.standing.outvoted}


@dataclass(frozen=True, kw_only=True)
class SimulateFleet(Command):
    """Open the accounts of volunteers who only play a part, where they have none; nobody can sign in to them.

    Their computers get the drill alone, which counts as tried since nobody computes it.
    """

    name: ClassVar[str] = "fleet.simulate"
    capability: ClassVar[Capability] = Capability.OPERATE

    volunteers: list[Annotated[str, Field(pattern=_NAME)]] = field(metadata={"min_length": 1, "max_length": 1_000})

    def prepare(self, laboratory: Laboratory) -> bytes:
        """What account keys follow from."""
        return load_secrets(laboratory.folder.keys).accounts

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        """The numbers of these volunteers, in their order."""
        del laboratory
        _vouch(db, now)
        return {"volunteers": [_played(db, prepared, name, now) for name in self.volunteers]}


def _played(db: Database, secret: bytes, name: str, now: datetime) -> int:
    email = f"{name.lower()}@simulated.invalid"
    known = accounts.by_email(db, email)
    if known is not None:
        return known[0].id
    asked = CreateAccount(email=email, passwd_hash="", name=f"Simulated {name}")
    made = open_account(db, secret, asked, "", now)
    if made is None:
        raise LookupError(f"the account {email} was opened twice")
    accounts.set_simulated(db, made)
    return made


def _vouch(db: Database, now: datetime) -> None:
    """Nobody ever computes the drill, so nobody tries it either."""
    found = experiments.by_name(db, DRILL)
    newest = experiments.bundle_now(db, found.id) if found else None
    if newest is None:
        raise NotFound(f"{DRILL} is not published, so simulated computers would get no work. Nothing was changed.")
    said = Preflight(
        bundle=newest.digest,
        gates=GATES,
        passed=True,
        reason="nobody computes it",
        platform="simulated",
        report="{}",
        at=now,
    )
    preflights.record(db, said)
    if not any(line.bundle == newest.digest for line in releases.of_version(db, newest.experiment_id)):
        releases.let_out(db, newest.experiment_id, newest.digest, "nobody computes it", now)
