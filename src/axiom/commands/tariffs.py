"""The command that announces a tariff: how credit will be computed, said before anybody computes under it."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

from axiom.commands.command import Answer, Command
from axiom.commands.laboratory import Laboratory
from axiom.commands.words import moment_said
from axiom.decisions.credit.tariffs import AHEAD, problems, too_soon
from axiom.domain.callers import Capability
from axiom.domain.credit import Tariff, Tier
from axiom.errors import Refused, WrongUse
from axiom.lab.steps.credit import tell
from axiom.signed.canonical_json import LARGEST
from axiom.store.credit import tariffs
from axiom.store.engine.database import Database

_WHOLE = {"ge": -LARGEST, "le": LARGEST}
_NOTHING = "Nothing was announced."


@dataclass(frozen=True, kw_only=True)
class TierSaid:
    """One tier: from so many seconds of a reference core up to, but without, so many; thousandths of a credit."""

    start: int = field(metadata=_WHOLE)
    end: int | None = field(metadata=_WHOLE)
    amount: int = field(metadata=_WHOLE)


@dataclass(frozen=True, kw_only=True)
class AnnounceTariff(Command):
    """Announce how credit is computed from a moment on: a day ahead where volunteers compute, and they are told."""

    name: ClassVar[str] = "ledger.announce"
    capability: ClassVar[Capability] = Capability.OPERATE

    tariff: str = field(metadata={"pattern": r"^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$"})
    because: str = field(metadata={"min_length": 3, "max_length": 500})
    per_core_second: int = field(default=0, metadata=_WHOLE)
    tiers: list[TierSaid] | None = field(default=None, metadata={"max_length": 1_000})
    gpu_bonus: int = field(default=0, metadata=_WHOLE)
    failed: int | None = field(default=0, metadata=_WHOLE)
    broken: int | None = field(default=None, metadata=_WHOLE)
    session_cap: int | None = field(default=None, metadata=_WHOLE)
    valid_from: str = field(default="", metadata={"max_length": 40})

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        """Announce it under the next version of its name."""
        before = [one.tariff.version for one in tariffs.everything(db) if one.tariff.name == self.tariff]
        wanted = self._tariff(max(before, default=0) + 1)
        if found := problems(wanted):
            raise WrongUse(f"{' '.join(found)} {_NOTHING}")
        others = tariffs.volunteers_with_hosts(db)
        valid_from = moment_said(self.valid_from, now + AHEAD if others else now, _NOTHING)
        if why_not := too_soon(valid_from, now, others=others):
            raise Refused(f"{why_not} {_NOTHING}")
        number = tariffs.announce(db, wanted, valid_from, now=now, because=self.because)
        told = tell(db, number, now)
        return {
            "tariff": wanted.name,
            "version": wanted.version,
            "number": number,
            "valid_from": valid_from.isoformat(),
            "because": self.because,
            "hosts_told": told,
        }

    def _tariff(self, version: int) -> Tariff:
        return Tariff(
            name=self.tariff,
            version=version,
            per_core_second=self.per_core_second,
            tiers=tuple(Tier(start=tier.start, end=tier.end, amount=tier.amount) for tier in self.tiers or ()),
            gpu_bonus=self.gpu_bonus,
            failed=self.failed,
            broken=self.broken,
            session_cap=self.session_cap,
        )
