"""Commands about proposals: approve one, refuse one, and have the autopilot approve its own within its cap."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

from axiom.commands.base import SPEAKER, Answer, Command
from axiom.commands.context import Laboratory
from axiom.commands.registrations import points_of
from axiom.domain.callers import Capability
from axiom.domain.proposals import AUTOPILOT, Admission, KeptProposal
from axiom.errors import ExperimentError, NotFound, Refused, StoreError, WrongUse
from axiom.lab.followups.admit import approvable, approve, refuse
from axiom.lab.followups.price import Points
from axiom.lab.followups.propose import next_one
from axiom.server.dispatch.orders import demand_room
from axiom.signed.canonical_json import LARGEST, canonical
from axiom.store.connections import Connections
from axiom.store.engine.database import Database
from axiom.store.experiments import experiments
from axiom.store.registrations import registrations

_NUMBER = {"ge": 1, "le": LARGEST}
_WHY = {"min_length": 3, "max_length": 2_000}
_BY = {"min_length": 1, "max_length": 80, "pattern": r"^[^\x00-\x1f,]+$", SPEAKER: True}
_NEEDS_CODE = (Admission.DESIGN, Admission.QUESTION)
_DEARER = 2.0  # times what was expected: then the cap was counted with another number


@dataclass(frozen=True, kw_only=True)
class ApproveProposal(Command):
    """Approve a proposal: what it asks is registered, with what is expected of it, before anything is ordered.

    Also one that the autopilot refused, since it could not be asked then or needs more than its cap was counted with.
    """

    name: ClassVar[str] = "proposal.approve"
    capability: ClassVar[Capability] = Capability.OPERATE

    proposal: int = field(metadata=_NUMBER)
    why: str = field(metadata=_WHY)
    by: str = field(default="operator", metadata=_BY)

    def prepare(self, laboratory: Laboratory) -> Points:
        """Ask the published code what each config costs, where there are any."""
        with Connections(folder=laboratory.folder).reader() as reader:
            found = approvable(reader, self.proposal)
        return _points(laboratory, found)

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        """Register it."""
        found = approvable(db, self.proposal)
        return _approved(db, laboratory, found, prepared, by=self.by, why=self.why, now=now)


@dataclass(frozen=True, kw_only=True)
class RefuseProposal(Command):
    """Refuse a proposal. It comes back only when the evidence from which it follows has changed."""

    name: ClassVar[str] = "proposal.refuse"
    capability: ClassVar[Capability] = Capability.OPERATE

    proposal: int = field(metadata=_NUMBER)
    why: str = field(metadata=_WHY)
    by: str = field(default="operator", metadata=_BY)

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        """Write down who says no and why."""
        del laboratory, prepared
        found = refuse(db, self.proposal, by=self.by, why=self.why, now=now)
        return {"proposal": found.number, "slug": found.proposal.slug, "state": "refused"}


@dataclass(frozen=True, kw_only=True)
class AdmitProposal(Command):
    """Have the autopilot approve the most telling of its own proposals for which its cap leaves room, if there is one.

    Whoever asks chooses neither the proposal nor the cap: the rule and the setting `followup_core_hours` do.
    """

    name: ClassVar[str] = "proposal.admit"
    capability: ClassVar[Capability] = Capability.DEPLOY

    def prepare(self, laboratory: Laboratory) -> tuple[int, Points, str] | None:
        """The proposal that is next, its configs with what they cost, and why it cannot be asked after all."""
        with Connections(folder=laboratory.folder).reader() as reader:
            found = next_one(reader, laboratory.settings.followup_core_hours)
        if found is None:
            return None
        try:
            return found.number, _points(laboratory, found, is_capped=True), ""
        except StoreError:
            raise
        except (ExperimentError, NotFound, Refused) as error:
            return found.number, (), str(error)

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        """Register it, if it still is the next; refuse it when it cannot be asked, so that others get their turn."""
        found = next_one(db, laboratory.settings.followup_core_hours)
        if prepared is None or found is None or found.number != prepared[0]:
            return {"proposal": None}
        _, points, fault = prepared
        if not fault:
            why = f"within {laboratory.settings.followup_core_hours:g} core-hours of open follow-ups"
            try:
                with db.savepoint():
                    return _approved(db, laboratory, found, points, by=AUTOPILOT, why=why, now=now)
            except StoreError:
                raise
            except (NotFound, Refused, WrongUse) as error:
                fault = str(error)
        refuse(db, found.number, by=AUTOPILOT, why=f"it cannot be asked: {fault.rstrip('.')}", now=now)
        return {"proposal": found.number, "slug": found.proposal.slug, "state": "refused", "why": fault}


def _points(laboratory: Laboratory, found: KeptProposal, *, is_capped: bool = False) -> Points:
    proposal = found.proposal
    if proposal.admission not in _NEEDS_CODE:
        return ()
    text = canonical([dict(config) for config in proposal.configs]).decode()
    points = points_of(laboratory, f"{proposal.experiment}@{proposal.version}", text)
    replicates = proposal.stopping.replicates if proposal.stopping else 0
    cost = sum(seconds for _, seconds in points) * replicates
    if is_capped and cost > _DEARER * proposal.most_core_seconds:
        raise Refused(
            f"Its code says that it needs {cost:.3g} core-seconds, and {proposal.most_core_seconds:.3g} were expected. "
            "Nothing was registered; a person may approve it all the same."
        )
    return points


def _approved(
    db: Database,
    laboratory: Laboratory,
    found: KeptProposal,
    points: Points,
    *,
    by: str,
    why: str,
    now: datetime,
) -> Answer:
    made = approve(db, found, points, by=by, why=why, now=now)
    answer: Answer = {"proposal": found.number, "slug": found.proposal.slug, "state": "approved", "registration": None}
    if made is None:
        return answer
    version = experiments.by_id(db, made.experiment_id)
    if version is not None:
        lab, key = laboratory.keys.trust.lab, laboratory.keys.ticket
        demand_room(db, version, made, replicates=1, lab=lab, key=key, now=now)
    return answer | {
        "registration": made.id,
        "hash": made.hash,
        "findings": sorted(registrations.numbers(db, made).values()),
    }
