"""Commands about registrations: a further design, a fresh cohort, an amendment, and what somebody predicts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from axiom.domain.callers import Capability
from axiom.domain.estimands import Direction
from axiom.domain.evidence import Registration
from axiom.domain.links import LinkKind, Node, Noun
from axiom.domain.registrations import Rule, StoppingRule, read_registration_body
from axiom.errors import NotFound, Refused, StoreDamaged
from axiom.gate.command import Answer, Command
from axiom.gate.laboratory import Laboratory
from axiom.gate.words import CONFIGS, FINITE, FORECASTER, NAMED, NUMBER, SENTENCE, WHY
from axiom.laboratory.experiments.find_version import find_version
from axiom.laboratory.findings.links import record_link
from axiom.laboratory.planning.ticket_room import demand_ticket_room
from axiom.laboratory.proposals.price import Points, price_configs
from axiom.laboratory.registrations.predictions import record_prediction
from axiom.laboratory.registrations.register import amend_claim, register_cohort, register_further, register_goal
from axiom.limits import registrations as limits
from axiom.signed.canonical_json import Scalar
from axiom.signed.manifests import stored_manifest
from axiom.store.connections import Connections
from axiom.store.engine import blobs
from axiom.store.engine.database import Database
from axiom.store.experiments import experiments
from axiom.store.registrations import registrations

_WHY = WHY | {"help": "Why; it is registered with it."}
_STOPPING = {"help": "When it ends: settled or graded findings, or a fixed number of replicates."}
_REPLICATES = {"ge": 1, "le": 100_000}
_CHANCE = {"ge": 0.0, "le": 1.0}


@dataclass(frozen=True, kw_only=True)
class RegisterDesign(Command, name="registration.design", capability=Capability.RUN):
    """Register a further design of a version, inside the ranges of its file: more evidence of the same findings."""

    experiment: str = field(metadata=NAMED)
    design: str = field(metadata={"min_length": 1, "max_length": 64, "pattern": r"^[a-z][a-z0-9_]*$"})
    configs: list[dict[str, Scalar]] = field(metadata=CONFIGS)
    why: str = field(metadata=_WHY)
    stopping: Rule = field(default=Rule.SETTLED, metadata=_STOPPING)
    replicates: int = field(default=limits.REPLICATES, metadata=_REPLICATES | {"help": "So many at most."})

    def prepare(self, laboratory: Laboratory) -> Points:
        """Ask the published code what each config costs, which takes a second or two."""
        return price_published_configs(laboratory, self.experiment, self.configs)

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        experiment = find_version(db, self.experiment)
        stopping = StoppingRule(rule=self.stopping, replicates=self.replicates)
        made = register_further(db, experiment, self.design, prepared, stopping=stopping, why=self.why, now=now)
        demand_ticket_room(db, experiment, made, replicates=1, keys=laboratory.keys, now=now)
        return _answer(db, made)


@dataclass(frozen=True, kw_only=True)
class RegisterCohort(Command, name="registration.cohort", capability=Capability.RUN):
    """Register a fresh cohort of a finding: replicates issued from now on, whose numbers confirm it."""

    finding: int = field(metadata=NUMBER)
    why: str = field(metadata=_WHY)
    stopping: Rule = field(default=Rule.SETTLED, metadata=_STOPPING)
    replicates: int = field(default=limits.REPLICATES, metadata=_REPLICATES | {"help": "So many at most."})

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        stopping = StoppingRule(rule=self.stopping, replicates=self.replicates)
        return _answer(db, register_cohort(db, self.finding, stopping=stopping, why=self.why, now=now))


@dataclass(frozen=True, kw_only=True)
class RegisterGoal(Command, name="registration.goal", capability=Capability.RUN):
    """Have so many fresh replicates of a version ordered before everything else, for all its open findings."""

    experiment: str = field(metadata=NAMED)
    replicates: int = field(metadata=_REPLICATES)
    why: str = field(metadata=_WHY)

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        version = find_version(db, self.experiment)
        return _answer(db, register_goal(db, version, replicates=self.replicates, why=self.why, now=now))


@dataclass(frozen=True, kw_only=True)
class PredictionCommand(Command):
    """A command in which somebody says what they expect."""

    positive: float = field(metadata=_CHANCE)
    negative: float = field(metadata=_CHANCE)
    absent: float = field(metadata=_CHANCE)
    low: float = field(metadata=FINITE)
    high: float = field(metadata=FINITE)
    because: str = field(metadata=WHY | {"flag": "--because", "help": "Why this is expected."})
    median: float | None = field(
        default=None,
        metadata=FINITE | {"help": "As likely too high as too low; else the middle of the interval."},
    )

    @property
    def expected(self) -> dict[str, Any]:
        """The chances of the three verdicts, an interval and maybe a median, as a registration has them."""
        prediction = {
            "positive": self.positive,
            "negative": self.negative,
            "absent": self.absent,
            "interval": [self.low, self.high],
            "because": self.because,
        }
        return prediction if self.median is None else {**prediction, "median": self.median}


@dataclass(frozen=True, kw_only=True)
class AmendFinding(PredictionCommand, name="registration.amend", capability=Capability.RUN):
    """Put a claim otherwise, since the data suggest it: a new finding, for which only later replicates count."""

    finding: int = field(metadata=NUMBER)
    why: str = field(metadata=_WHY)
    forecaster: str = field(
        metadata=FORECASTER
        | {
            "flag": "--forecaster",
            "help": "Whose prediction it is; as it was formed from data, it is informed.",
        }
    )
    claim: str | None = field(default=None, metadata=SENTENCE | {"help": "The claim in other words."})
    null: float | None = field(default=None, metadata=FINITE | {"help": "The number that no effect means."})
    smallest: float | None = field(
        default=None, metadata={"ge": 0.0, "le": 1e300, "help": "The smallest effect that matters."}
    )
    expects: Direction | None = field(
        default=None, metadata={"help": "Where the number lies if the claim holds: 0 is near the null."}
    )

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        words = {"claim": self.claim, "null": self.null, "smallest": self.smallest, "expects": self.expects}
        changes = {name: value for name, value in words.items() if value is not None}
        made = amend_claim(
            db,
            self.finding,
            changes,
            prediction=self.expected,
            forecaster=self.forecaster,
            why=self.why,
            now=now,
        )
        answer = _answer(db, made)
        new = next(finding["number"] for finding in answer["findings"] if finding["is_new"])
        ends = (Node(noun=Noun.FINDING, id=number) for number in (new, self.finding))
        record_link(db, LinkKind.SUPERSEDES, *ends, why=self.why, by=self.forecaster, now=now)
        return answer


@dataclass(frozen=True, kw_only=True)
class PredictFinding(PredictionCommand, name="registration.predict", capability=Capability.PROPOSE):
    """Say what you expect of a finding before any of it is known. It is chained, and scored when the finding ends."""

    finding: int = field(metadata=NUMBER)
    forecaster: str = field(metadata=FORECASTER | {"flag": "--forecaster"})

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        """Write it down, if nothing is back yet."""
        registration, number = record_prediction(db, self.finding, self.expected, self.forecaster, now)
        return {"registration": registration, "finding": self.finding, "prediction": number}


def price_published_configs(laboratory: Laboratory, experiment: str, configs: Sequence[Mapping[str, object]]) -> Points:
    """Each config with what the published code of a version says that it costs."""
    try:
        with Connections(folder=laboratory.folder).reader() as reader:
            version = find_version(reader, experiment)
            bundle = experiments.find_newest_bundle(reader, version.id)
            if bundle is None:
                raise NotFound(f"{version.name} has no bundle, so its code cannot be asked. Nothing was registered.")
            archive = blobs.read_blob(reader, laboratory.folder, bundle.digest)
    except StoreDamaged as error:
        raise Refused(f"The bundle of {experiment} cannot be read: {error}") from error
    return price_configs(archive, stored_manifest(version.manifest), configs, laboratory.describe)


def _answer(db: Database, made: Registration) -> Answer:
    registered = read_registration_body(made.body)
    version = experiments.find_experiment(db, made.experiment_id)
    return {
        "registration": made.id,
        "hash": made.hash,
        "experiment": version.name if version else "",
        "version": version.version if version else 0,
        "design": registered.design.name,
        "configs": len(registered.design.configs),
        "stopping": registered.stopping.tell_end(len(registered.estimands)),
        "amends": registered.amends,
        "findings": [
            {"number": number, "estimand": name, "is_new": name not in registered.joins}
            for name, number in sorted(registrations.list_claim_numbers(db, made).items(), key=lambda pair: pair[1])
        ],
    }
