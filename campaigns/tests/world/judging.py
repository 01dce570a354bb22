"""Holds what a laboratory found against what is true in its world. It reads the books when all is over.

A finding that is at least Strong is false where it claims an effect of a sign that is not there, or that there is none
as large as the smallest that matters where there is one. True is said of the designs that it was weighed over, each by
its share of the seeds.
"""

import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from axiom.domain.estimands import Kind
from axiom.domain.registrations import DECLARED, RegistrationBody, read_registration_body
from axiom.store.engine import counters
from axiom.store.engine.database import Database
from axiom.store.experiments import experiments
from axiom.store.findings import evidence
from axiom.store.registrations import registrations as registration_store
from axiom_weigh.statistics.estimand_arithmetic import compute_estimand
from axiom_weigh.statistics.signed_ranks import pseudo_median
from axiom_weigh.values import Evidence, Grade, Verdict
from world.drawing import Computing, draw
from world.truths import Disturbance, Truth

_SURE = (Grade.STRONG, Grade.DEFINITIVE)
_TRIED = 4_001  # replicates of a design whose truth follows from no formula
_NOTHING = 1e-9


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdicts:
    question: str
    effect: float  # planted, in standard deviations, in the declared design
    disturbance: str
    law: str
    true: float  # of the estimand, less its null, over the designs that were weighed
    smallest: float
    verdict: str
    grade: str
    status: str
    seeds: int
    hosts: int
    designs: int
    is_declared: bool  # the claim that was published; others were formed by the laboratory
    is_false: bool
    is_everywhere: bool  # it holds in each design that was weighed
    why: str = ""

    @property
    def is_sure(self) -> bool:
        return self.grade in _SURE


@dataclass(frozen=True, kw_only=True)
class WorldVerdict:
    findings: tuple[Verdicts, ...]
    tasks: int
    results: int
    replicates: Mapping[str, int] = field(default_factory=dict)  # that were ordered, by question

    def as_data(self) -> dict[str, Any]:
        return asdict(self)


def judge(db: Database, truths: Mapping[str, Truth]) -> WorldVerdict:
    """Every finding of the laboratory, held against the truth."""
    newest = evidence.list_newest_evidence(db)
    found: list[Verdicts] = []
    replicates: dict[str, int] = {}
    for version in experiments.list_experiment_versions(db):
        if version.name not in truths:
            continue
        replicates[version.name] = experiments.find_next_replicate(db, version.id)
        known = {
            one.id: read_registration_body(one.body) for one in registration_store.read_registrations(db, version.id)
        }
        feeding = registration_store.group_feeders_by_finding(db, version.id)
        for number, (status, why) in sorted(registration_store.list_finding_statuses(db, version.id).items()):
            origin = registration_store.find_finding_registration(db, number)
            if origin is None:
                continue
            seeds = Counter(one.registration for one in evidence.read_observations(db, number) if one.value is not None)
            weighed = {each: known[each] for each in feeding[number] if seeds[each]}
            said = newest.get(number)
            estimand = known[origin[0].id].estimands[origin[1]]
            is_declared = known[origin[0].id].design.name == DECLARED and known[origin[0].id].amends is None
            found.append(
                _verdict(truths[version.name], estimand, said, weighed, seeds, (status, why), is_declared=is_declared)
            )
    amounts = Counter[str]()
    for (noun, _, _), amount in counters.read_counters(db).items():
        amounts[noun] += amount
    return WorldVerdict(findings=tuple(found), tasks=amounts["task"], results=amounts["result"], replicates=replicates)


def true_value(truth: Truth, estimand: Mapping[str, Any], configs: Sequence[Mapping[str, object]]) -> float:
    """The middle of what an honest host finds for this estimand over such a design; of events, how often they happen.

    It is the middle that a finding tells of: of a contrast the typical value, else the median.

    Where the two arms of a contrast are spread alike, its middle is the difference of what they are shifted by.
    """
    between: Sequence[Mapping[str, object]] = estimand["between"] or ({},)
    arms = [[one for one in configs if _is_in(one, arm)] for arm in between]
    kind, is_single = Kind(estimand["kind"]), all(len(arm) == 1 for arm in arms)
    if kind is Kind.CONTRAST and truth.disturbance is not Disturbance.UNEVEN:
        first, second = (statistics.fmean(map(truth.at, arm)) for arm in arms)
        return first - second
    if is_single and kind is Kind.LEVEL:
        return truth.at(arms[0][0])
    if is_single and kind is Kind.PROPORTION:
        return truth.share(arms[0][0])
    return _tried(truth, estimand, [one for one in configs if any(one in arm for arm in arms)])


def _is_in(config: Mapping[str, object], arm: Mapping[str, object]) -> bool:
    return all(config.get(factor) == level for factor, level in arm.items())


def _tried(truth: Truth, estimand: Mapping[str, Any], configs: Sequence[Mapping[str, object]]) -> float:
    """By computing so many replicates of it that nobody stops or shifts."""
    is_uneven = truth.disturbance is Disturbance.UNEVEN
    calm = truth if is_uneven else replace(truth, disturbance=Disturbance.NONE)
    honest = Computing(world=0, host=0, platform="linux")
    found = []
    for seed in range(_TRIED):
        cells = [(config, {"value": draw(calm, config, seed, honest).value}) for config in configs]
        number, _ = compute_estimand(estimand, cells)
        if number is not None:
            found.append(number)
    if not found:
        return float(estimand["null"])
    if estimand["kind"] == Kind.PROPORTION:
        return statistics.fmean(found)
    return pseudo_median(found) if estimand["kind"] == Kind.CONTRAST else statistics.median(found)


def _verdict(
    truth: Truth,
    estimand: Mapping[str, Any],
    said: Evidence | None,
    weighed: Mapping[int, RegistrationBody],
    seeds: Mapping[int, int],
    standing: tuple[str, str],
    *,
    is_declared: bool,
) -> Verdicts:
    null, smallest = float(estimand["null"]), float(estimand["smallest"])
    verdict = said.verdict if said else Verdict.UNDECIDED
    away = {each: true_value(truth, estimand, one.design.configs) - null for each, one in weighed.items()}
    whole = sum(seeds[each] for each in away)
    middle = sum(away[each] * seeds[each] for each in away) / whole if whole else 0.0
    return Verdicts(
        question=truth.asked.name,
        effect=truth.effect,
        disturbance=truth.disturbance,
        law=truth.law if truth.asked.kind is not Kind.PROPORTION else truth.asked.kind,
        true=middle,
        smallest=smallest,
        verdict=verdict,
        grade=said.grade if said else Grade.AWAITING,
        status=standing[0],
        seeds=said.seeds if said else 0,
        hosts=said.hosts if said else 0,
        designs=len(away),
        is_declared=is_declared,
        is_false=contradicts(verdict, middle, smallest),
        is_everywhere=not any(contradicts(verdict, each, smallest) for each in away.values()),
        why=standing[1] or ("; ".join(said.needs) if said else ""),
    )


def contradicts(verdict: Verdict, away: float, smallest: float) -> bool:
    """Does a verdict say what is not so, where the truth lies so far away from the null?"""
    match verdict:
        case Verdict.POSITIVE:
            return away <= _NOTHING
        case Verdict.NEGATIVE:
            return away >= -_NOTHING
        case Verdict.ABSENT:
            return abs(away) >= smallest
        case _:
            return False
