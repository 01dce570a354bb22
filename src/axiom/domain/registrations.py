"""The body of a registration: design, cohort, estimands, stopping rule. Read from canonical JSON. And its seeds.

Seeds that count follow from a secret: nobody knows one before it is issued, and everybody can check it afterwards. The
secret is drawn when a registration is sealed. Its commitment is public at once, so that it cannot be exchanged; it is
itself when the registration has ended.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import Any

from axiom.domain.evidence import Registration
from axiom.domain.experiments import seed_of
from axiom.domain.maps import PlacedConfigs
from axiom_weigh.values import Cohort

DECLARED = "declared"  # the design that the experiment's file brings along
INFORMED = ", informed"  # ends the name of a forecaster who had seen numbers: no calibration counts what he said
# What is known of a forecast that no run makes informed. Nobody knows what was run elsewhere.
BLIND = "blind, sealed before any run of it or its kin was recorded here"
# Predictions in the catalogue were written by people who had seen numbers.
CATALOGUE = f"catalogue{INFORMED}"
DRAWN_SEEDS = "they follow from a secret that is drawn when this is sealed, and revealed when it has ended"
NAMED_SEEDS = "they follow from name, version and number, as in every registration of before: anybody could know them"


def forecaster_name(name: str, informed: str | None) -> str:
    """Whose forecast it is. It is informed unless somebody looked, and no run of it or its kin was recorded."""
    return name if informed == "" or name.endswith(INFORMED) else f"{name}{INFORMED}"


class Rule(StrEnum):
    """When nothing more of a registration is ordered."""

    SETTLED = "settled"  # every finding is decided and narrow enough, or so many replicates are ordered
    UNTIL_GRADE = "until_grade"  # every finding has its last grade, or so many replicates are ordered
    FIXED = "fixed"  # so many replicates are ordered, whatever they say


@dataclass(frozen=True, kw_only=True, slots=True)
class StoppingRule:
    rule: Rule = Rule.SETTLED
    replicates: int

    def tell_end(self, findings: int) -> str:
        """When a registration of so many findings ends."""
        match self.rule:
            case Rule.UNTIL_GRADE if findings:
                until = "is Definitive, or at least Strong against the claim"
            case Rule.SETTLED if findings:
                until = "is decided and its interval narrow enough"
            case _:
                return f"ends after {self.replicates} replicates"
        return f"ends when each finding {until}, after {self.replicates} replicates at the latest"


@dataclass(frozen=True, kw_only=True, slots=True)
class Design:
    """One registered choice of configs. Places number the configs of a version over all its designs."""

    name: str
    configs: tuple[Mapping[str, object], ...]
    places: tuple[int, ...]
    seconds: tuple[float, ...]  # what each of them should take, of a reference core

    @property
    def by_place(self) -> PlacedConfigs:
        return PlacedConfigs(zip(self.places, self.configs, strict=True))

    @property
    def seconds_by_place(self) -> dict[int, float]:
        return dict(zip(self.places, self.seconds, strict=True))

    def seconds_of(self, places: Sequence[int]) -> float:
        """What a replicate should take at these places; a deeper tile of a map takes what that of level 0 takes."""
        return self.by_place.total(self.seconds_by_place, places)


@dataclass(frozen=True, kw_only=True, slots=True)
class RegistrationBody:
    design: Design
    cohort: Cohort
    estimands: Mapping[str, Mapping[str, Any]]  # by name, with definition and prediction
    joins: Mapping[str, int]  # estimands that belong to a finding that was there before, and its number
    stopping: StoppingRule
    block: int  # replicates that enter evidence together
    block_why: str  # why the block is so large
    why: str
    amends: int | None = None  # the registration whose estimands it changes
    document: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class RegisteredClaim:
    """What a finding asks, as it was registered first."""

    number: int
    experiment: str
    version: int
    estimand: Mapping[str, Any]
    configs: Sequence[Mapping[str, object]]
    author: str = ""  # of the proposal that asked it, if one did


@lru_cache(maxsize=1024)
def read_registration_body(body: str) -> RegistrationBody:
    """Read the body of a registration. Its row never changes, so it is read once a process."""
    data: Mapping[str, Any] = json.loads(body)
    stopping = data["stopping"]
    return RegistrationBody(
        design=Design(
            name=data["design"],
            configs=tuple(data["configs"]),
            places=tuple(data["places"]),
            seconds=tuple(data["expected_seconds"]),
        ),
        cohort=Cohort(data["cohort"]),
        estimands={estimand["name"]: estimand for estimand in data["estimands"]},
        joins=data["joins"],
        stopping=StoppingRule(rule=Rule(stopping["rule"]), replicates=stopping["replicates"]),
        block=data["block"],
        block_why=data["block_why"],
        why=data["why"],
        amends=data.get("amends"),
        document=data,
    )


def map_amendments(registered: Sequence[Registration]) -> dict[int, int]:
    """Which registration was amended by which. Nothing more is ordered of those."""
    return {
        amends: registration.id
        for registration in registered
        if (amends := read_registration_body(registration.body).amends) is not None
    }


# How an estimand is told, what its author expects and what it is compared with. None of it enters what is weighed, so a
# file may say it better; what is registered stays. Those that begin with `if` are of files of before. That its measure
# is true or false, `is_event`, decides how it is weighed; it follows from the measure, which no version changes.
WORDS = (
    "claim",
    "expects",
    "if_so",
    "if_opposite",
    "if_absent",
    "in_words",
    "published",
    "setting",
    "words",
    "is_event",
    "is_of_several",
    "span",
    "arms",
)


def estimand_definition(estimand: Mapping[str, Any]) -> dict[str, Any]:
    """What an estimand is, however it is told and whatever is expected: two that agree in this are one finding's."""
    return {name: value for name, value in estimand.items() if name not in ("prediction", *WORDS)}


def commit_to_secret(registration: str, secret: str) -> str:
    """The commitment to a secret of the registration that has this hash."""
    return hashlib.sha256(f"axiom-secret-1|{registration}|{secret}".encode()).hexdigest()


def counted_seed(secret: str, experiment: str, version: int, replicate: int) -> int:
    """The seed of a replicate that is evidence: 63 bits."""
    return _seed("axiom-seed-2", secret, experiment, version, replicate)


def list_possible_seeds(secrets: Iterable[str], experiment: str, version: int, replicate: int) -> set[int]:
    """What the seed of a replicate can be: one for each secret; without any, the one that follows from the names."""
    drawn = {counted_seed(secret, experiment, version, replicate) for secret in secrets}
    return drawn or {seed_of(experiment, version, replicate)}


def hand_seed(experiment: str, version: int, number: int) -> int:
    """The seed of a run by hand. It counts nowhere, so it may be known beforehand."""
    return _seed("axiom-hand-1", experiment, version, number)


def _seed(*parts: object) -> int:
    return int.from_bytes(hashlib.sha256("|".join(map(str, parts)).encode()).digest()[:8], "big") >> 1
