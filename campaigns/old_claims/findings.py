"""What the page says of an experiment and of its findings, wherever that was kept."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from axiom.domain.estimands import Direction
from axiom.domain.evidence import ConfigEstimate, Meaning
from axiom.domain.headlines.finding_sentences import is_size_open
from axiom.domain.links import FindingState
from axiom.signed.manifests import Manifest
from axiom_weigh.evidence.choice_of_statistic import Question
from axiom_weigh.figures.picture_data import Sweep
from axiom_weigh.values import DesignVerdict, Evidence, Grade, Observation, Verdict


@dataclass(frozen=True, kw_only=True)
class Conclusion:
    """What was concluded of one estimand: as much of the laboratory's evidence as is written beside the page."""

    centre: str  # what the estimate is of the values, in a word
    seeds: int
    missing: int
    estimate: float | None
    low: float | None
    high: float | None
    e_value: float
    verdict: Verdict
    grade: Grade
    method: int  # by which rules it was weighed

    @property
    def by_design(self) -> tuple[DesignVerdict, ...]:
        """Nothing: each was computed with the design of its file alone."""
        return ()

    @classmethod
    def of(cls, evidence: Evidence) -> "Conclusion":
        """That much of what a weighing concludes."""
        return cls(**{field.name: getattr(evidence, field.name) for field in fields(cls)})


@dataclass(frozen=True, kw_only=True)
class WeighedFinding:
    """What a finding says, and what it was weighed from."""

    estimand: Mapping[str, Any]
    conclusion: Conclusion
    meaning: Meaning
    status: str
    question: Question  # by what it was weighed
    counted: tuple[Observation, ...]  # the values that count, of those that came
    issued_seeds: Mapping[int, int] = field(default_factory=dict)  # by replicate, where the laboratory drew them

    @property
    def footing(self) -> FindingState:
        """How it stands, as far as claims ask."""
        return FindingState(
            status=self.status,
            grade=self.conclusion.grade,
            meaning=self.meaning,
            expects=Direction(self.estimand["expects"]),
            is_size_open=is_size_open(self.estimand, self.conclusion),
        )

    @property
    def seeds(self) -> int:
        """How many were weighed, with a value or without."""
        return self.conclusion.seeds + self.conclusion.missing


@dataclass(frozen=True, kw_only=True)
class ComputedExperiment:
    """An experiment of which something is computed."""

    manifest: Manifest
    done: int  # replicates of which nothing more will come
    findings: Mapping[str, WeighedFinding]  # by estimand
    seconds: float | None = None  # of a processor, for one of them
    sweep: Sweep | None = None  # its picture, where it is to be drawn
    estimates: Mapping[int, ConfigEstimate] = field(default_factory=dict)  # that it shows, by the place of a config
