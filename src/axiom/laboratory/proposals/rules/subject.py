"""What the grammar of follow-ups knows of a finding, and along which factor the finding looks."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from axiom.domain.costs import DesignCost
from axiom.domain.estimands import Direction, Kind
from axiom.domain.headlines.finding_sentences import compose_answer
from axiom.domain.headlines.names_in_words import setting_of
from axiom.domain.proposals import Template
from axiom.domain.registrations import StoppingRule
from axiom.laboratory.proposals.rules.estimated_prices import ConfigPrices
from axiom.laboratory.proposals.rules.factor_levels import has_range, is_number, level_as_number
from axiom.rules.planning.design_cost import design_cost
from axiom.signed.manifests import Manifest
from axiom_weigh.statistics.estimand_arithmetic import list_needed_configs
from axiom_weigh.values import Evidence, Grade, Verdict

TRENDS = (Kind.SLOPE, Kind.RANK_CORRELATION, Kind.EXPONENT)

Config = Mapping[str, object]


@dataclass(frozen=True, kw_only=True, slots=True)
class Subject:
    """A finding with all that a follow-up of it is made from."""

    number: int
    experiment: str
    version: int
    manifest: Manifest
    prices: ConfigPrices
    estimand: Mapping[str, Any]
    status: str
    evidence: Evidence
    configs: tuple[Config, ...]  # of the design with which it was registered
    cell_seconds: tuple[float, ...]  # of a replicate of that design
    block: int
    designs: tuple[tuple[Config, ...], ...]  # of every registration of its version
    feeders: int = 1  # designs whose replicates are its evidence; a fresh cohort is no other design
    is_settled: bool = False  # decided and narrow enough
    has_ended: bool = False  # nothing more of it is ordered
    means: tuple[tuple[Config, float], ...] = ()  # of its measure, by config
    values: tuple[float, ...] = ()  # the estimand in each replicate
    cost_factor: float = 1.0  # of what its file declares, on the dearest kind of computer
    late: int = 0  # replicates that were stopped at their time limit
    failed_share: float = 0.0  # of what was ordered of its version and ended: what no computer could compute
    dull_sessions: int = 0  # that found it worth less than the floor, up to now without a gap
    faults: tuple[str, ...] = ()  # that came to light after it was retired
    decided: frozenset[str] = field(
        default=frozenset()
    )  # proposals that were approved or refused before, by their slug
    depth: int = 0  # how many proposals lie between it and a question of a person
    origin: Template | None = None  # the template from which it came

    @property
    def seconds(self) -> float:
        """What a replicate of its registered design takes."""
        return sum(self.cell_seconds)

    def cost(self, configs: Sequence[Config], stopping: StoppingRule) -> DesignCost:
        """What these configs cost, or its own where there are none."""
        cells = self.prices.of_configs(configs) if configs else self.cell_seconds
        return design_cost(cells, stopping, copies=self.manifest.copies, factor=self.cost_factor)

    @property
    def name(self) -> str:
        return f"{self.experiment}@{self.version}"

    @property
    def worded(self) -> dict[str, Any]:
        """Its estimand with all words that its file has for what follow-ups may name."""
        is_event = self.estimand["measure"] in self.manifest.events
        naming = {"setting": setting_of(self.manifest), "words": self.manifest.words, "is_event": is_event}
        return {**self.estimand, **naming}

    @property
    def answer(self) -> str:
        """What is now believed, composed from its evidence."""
        return compose_answer(self.worded, self.evidence, self.status)

    @property
    def kind(self) -> Kind:
        """How its number is made."""
        return Kind(self.estimand["kind"])

    @property
    def null(self) -> float:
        """The number that no effect means."""
        return float(self.estimand["null"])

    @property
    def smallest(self) -> float:
        return float(self.estimand["smallest"])

    @property
    def effect(self) -> float:
        """What was found, seen from the null."""
        return 0.0 if self.evidence.estimate is None else self.evidence.estimate - self.null

    @property
    def has_effect(self) -> bool:
        """Is there one for sure, on either side?"""
        return self.evidence.verdict in (Verdict.POSITIVE, Verdict.NEGATIVE)

    @property
    def side(self) -> Direction:
        """Above or below the null: where an effect is looked for. Where one was found, else where the claim says."""
        if self.has_effect:
            return Direction.MORE if self.evidence.verdict is Verdict.POSITIVE else Direction.LESS
        return Direction.LESS if self.estimand["expects"] == Direction.LESS else Direction.MORE

    @property
    def is_strong(self) -> bool:
        """Is it surer than Moderate?"""
        return self.evidence.grade in (Grade.STRONG, Grade.DEFINITIVE)

    @property
    def needed(self) -> tuple[Config, ...]:
        """The configs of its design from which its number comes."""
        return tuple(self.configs[place] for place in list_needed_configs(self.estimand, self.configs))

    @property
    def named(self) -> frozenset[str]:
        """The factors of which the claim speaks; it leaves the others open."""
        across = {self.estimand["across"]} - {""}
        return frozenset(across.union(*(arm.keys() for arm in self.estimand["between"])))


@dataclass(frozen=True, kw_only=True, slots=True)
class Axis:
    """The one factor along which a finding looks; everything else stays as it is."""

    factor: str
    first: Config  # of a contrast the two arms; of a trend the lowest and the highest level
    second: Config
    levels: tuple[float, ...]  # that were tried, in order

    @property
    def fixed(self) -> dict[str, object]:
        """All factors but that one."""
        return {name: level for name, level in self.first.items() if name != self.factor}


def find_axis(subject: Subject) -> Axis | None:
    """The factor between the arms of a contrast, or that of a trend; nothing where there is no single one."""
    if subject.kind in TRENDS:
        return _of_trend(subject)
    return _of_contrast(subject) if subject.kind is Kind.CONTRAST else None


def means_along_axis(subject: Subject, along: Axis) -> tuple[tuple[float, float], ...]:
    """The mean of the measure at each level of the axis, where it is known."""
    values = {
        level_as_number(config[along.factor]): mean
        for config, mean in subject.means
        if math.isfinite(mean) and all(config[name] == level for name, level in along.fixed.items())
    }
    return tuple(sorted(values.items()))


def _of_trend(subject: Subject) -> Axis | None:
    factor, configs = str(subject.estimand["across"]), subject.needed
    if not configs or not has_range(subject.manifest, factor):
        return None
    alike = [config for config in configs if all(config[name] == configs[0][name] for name in config if name != factor)]
    ordered = sorted(alike, key=lambda needed: level_as_number(needed[factor]))
    levels = tuple(level_as_number(needed[factor]) for needed in ordered)
    return Axis(factor=factor, first=ordered[0], second=ordered[-1], levels=levels) if len(ordered) > 1 else None


def _of_contrast(subject: Subject) -> Axis | None:
    arms = [
        [config for config in subject.configs if all(config.get(name) == level for name, level in arm.items())]
        for arm in subject.estimand["between"][:2]
    ]
    if len(arms) != 2 or not arms[0] or not arms[1]:
        return None
    first = arms[0][0]
    second = min(arms[1], key=lambda candidate: len(_differing(first, candidate)))
    apart = _differing(first, second)
    if len(apart) != 1 or not has_range(subject.manifest, apart[0]) or not is_number(first[apart[0]]):
        return None
    low, high = sorted((level_as_number(first[apart[0]]), level_as_number(second[apart[0]])))
    return Axis(factor=apart[0], first=first, second=second, levels=(low, high))


def _differing(first: Config, second: Config) -> list[str]:
    return [name for name in first if first[name] != second[name]]
