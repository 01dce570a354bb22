"""Has this been asked? Which findings are nearest to a question, what differs, and is it known already?

Claims are compared by their words, and by what they name: factors with their levels, the measure, the kind of number.
A rare word tells more than a common one.
"""

import hashlib
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from axiom.domain.registrations import RegisteredClaim, estimand_definition
from axiom.laboratory.findings.rules.trade_words import level_word, select_number_words, split_claim_words
from axiom.limits import findings as limits
from axiom.signed.canonical_json import canonical_bytes
from axiom_weigh.statistics.estimand_arithmetic import list_needed_configs

_SHARES = {"words": 0.5, "factors": 0.25, "measure": 0.15, "kind": 0.1}  # of the distance; what nobody names has none

Levels = Mapping[str, Sequence[object]]


@dataclass(frozen=True, kw_only=True, slots=True)
class AskedClaim:
    """What somebody would ask, as far as it is said. A factor without levels is just named."""

    claim: str
    measure: str = ""
    kind: str = ""
    factors: Levels = field(default_factory=dict)
    version: str = ""  # whose code would compute it: tiny_sum@3
    bars: tuple[float, ...] | None = None  # the null, the smallest effect that matters, and when its event happens
    identity: str = ""  # of version, estimand and configs, where all of it is said


@dataclass(frozen=True, kw_only=True, slots=True)
class KnownClaim:
    number: int
    claim: str
    experiment: str
    version: str
    measure: str
    kind: str
    factors: Levels  # that it is about, with the levels that it compares
    open_factors: Levels  # of the sweep, about which it says nothing
    bars: tuple[float, ...] = (0.0, 0.0)
    identity: str = ""
    author: str = ""  # of the proposal that asked it, if one did


@dataclass(frozen=True, kw_only=True, slots=True)
class ClaimDifferences:
    """What a question names that the finding does not."""

    words: tuple[str, ...] = ()
    factors: tuple[str, ...] = ()
    levels: Mapping[str, tuple[object, ...]] = field(default_factory=dict)
    numbers: tuple[str, ...] = ()
    measure: str = ""
    kind: str = ""
    bars: tuple[float, ...] = ()

    @property
    def is_named(self) -> bool:
        """Does anything but the wording differ?"""
        return any((self.factors, self.levels, self.numbers, self.measure, self.kind, self.bars))


@dataclass(frozen=True, kw_only=True, slots=True)
class NearFinding:
    """A finding, how far a question is from it (0 the same, 1 nothing in common), and what differs."""

    finding: KnownClaim
    distance: float
    words_apart: float
    differs: ClaimDifferences
    is_same: bool = False  # version, estimand and configs are its own


@dataclass(frozen=True, kw_only=True, slots=True)
class Novelty:
    """Is it known, and why."""

    is_known: bool
    reason: str
    nearest: NearFinding | None = None


def asked_claim(version: str, estimand: Mapping[str, Any], configs: Sequence[Mapping[str, object]]) -> AskedClaim:
    """A question of published code, all of it said."""
    return AskedClaim(
        claim=estimand["claim"],
        measure=estimand["measure"],
        kind=estimand["kind"],
        factors=_levels([configs[place] for place in list_needed_configs(estimand, configs)]),
        version=version,
        bars=_bars(estimand),
        identity=_identity(version, estimand, configs),
    )


def known_claim(claim: RegisteredClaim) -> KnownClaim:
    estimand, configs, version = claim.estimand, claim.configs, f"{claim.experiment}@{claim.version}"
    named = {estimand["across"], *(name for arm in estimand["between"] for name in arm)}
    levels = _levels([configs[place] for place in list_needed_configs(estimand, configs)])
    return KnownClaim(
        number=claim.number,
        claim=estimand["claim"],
        experiment=claim.experiment,
        version=version,
        measure=estimand["measure"],
        kind=estimand["kind"],
        factors={name: level for name, level in levels.items() if name in named},
        open_factors={name: levels.get(name, swept) for name, swept in _levels(configs).items() if name not in named},
        bars=_bars(estimand),
        identity=_identity(version, estimand, configs),
        author=claim.author,
    )


def _bars(estimand: Mapping[str, Any]) -> tuple[float, ...]:
    event = estimand.get("event")
    times = (event["after"], event["by"]) if event else ()
    return tuple(float(bar) for bar in (estimand["null"], estimand["smallest"], *times))


def _identity(version: str, estimand: Mapping[str, Any], configs: Sequence[Mapping[str, object]]) -> str:
    """What makes two questions the same, however their claims are worded."""
    meaning = {name: value for name, value in estimand_definition(estimand).items() if name != "name"}
    cells = sorted(canonical_bytes(dict(configs[place])).hex() for place in list_needed_configs(estimand, configs))
    return hashlib.sha256(canonical_bytes([version, meaning, cells])).hexdigest()


def _levels(configs: Sequence[Mapping[str, object]]) -> dict[str, tuple[object, ...]]:
    by_factor: dict[str, dict[str, object]] = {}
    for config in configs:
        for factor, level in config.items():
            by_factor.setdefault(factor, {})[level_word(level)] = level
    return {factor: tuple(levels.values()) for factor, levels in by_factor.items()}


def find_nearest_findings(
    claim: AskedClaim, others: Iterable[KnownClaim], most: int = limits.NEAREST_SHOWN
) -> list[NearFinding]:
    """The findings that are nearest to a question, the nearest first."""
    findings = list(others)
    spoken = [_spoken(finding) for finding in findings]
    counts = Counter(word for words in spoken for word in words)
    weights = {word: math.log(1.0 + len(findings) / count) for word, count in counts.items()}
    near = [_near(claim, finding, words, weights) for finding, words in zip(findings, spoken, strict=True)]
    return sorted(near, key=lambda neighbour: (not neighbour.is_same, neighbour.distance, -neighbour.finding.number))[
        :most
    ]


def judge_novelty(claim: AskedClaim, near: Sequence[NearFinding]) -> Novelty:
    """A question is known where a near finding has its version, estimand and configs, or names all that it names."""
    for neighbour in near:
        where = f"finding {neighbour.finding.number}: {neighbour.finding.claim}"
        if neighbour.is_same:
            return Novelty(
                is_known=True, reason=f"version, estimand and configs are those of {where}", nearest=neighbour
            )
        is_near = neighbour.words_apart <= limits.OTHER_WORDS or (
            claim.version == neighbour.finding.version and bool(claim.identity)
        )
        if is_near and (claim.factors or claim.measure) and not neighbour.differs.is_named:
            return Novelty(is_known=True, reason=f"nothing that it names differs from {where}", nearest=neighbour)
    if not near:
        return Novelty(is_known=False, reason="nothing has been asked yet")
    first = near[0]
    return Novelty(is_known=False, reason=f"the nearest is finding {first.finding.number}", nearest=first)


def _spoken(finding: KnownClaim) -> frozenset[str]:
    names = " ".join((finding.experiment, finding.measure, *finding.factors))
    return (
        frozenset(split_claim_words(finding.claim))
        | frozenset(split_claim_words(names))
        | _level_words(finding.factors)
    )


def _level_words(factors: Levels) -> frozenset[str]:
    return frozenset(word for levels in factors.values() for level in levels for word in level_word(level).split())


def _near(claim: AskedClaim, finding: KnownClaim, spoken: frozenset[str], weights: Mapping[str, float]) -> NearFinding:
    own = frozenset(split_claim_words(claim.claim))
    around = own | frozenset(split_claim_words(" ".join((claim.measure, *claim.factors)))) | _level_words(claim.factors)
    claim_words = frozenset(split_claim_words(finding.claim))
    apart = 1.0 - (_covered(own, spoken, weights) + _covered(claim_words, around, weights)) / 2.0
    is_whole = bool(claim.identity)
    lacking, levels = _factors_apart(claim.factors, finding, is_whole=is_whole)
    measure_apart = claim.measure if claim.measure and not _is_same_name(claim.measure, finding.measure) else ""
    kind_apart = claim.kind if claim.kind and claim.kind != finding.kind else ""
    named = len(claim.factors)
    parts = {
        "words": apart,
        "factors": (len(lacking) + len(levels)) / named if named else None,
        "measure": float(bool(measure_apart)) if claim.measure else None,
        "kind": float(bool(kind_apart)) if claim.kind else None,
    }
    counted = {name: part for name, part in parts.items() if part is not None}
    whole = sum(_SHARES[name] for name in counted)
    other = sorted(own - spoken, key=lambda word: (-weights.get(word, 0.0), word))
    differs = ClaimDifferences(
        words=tuple(word for word in other if not word.startswith("#"))[: limits.WORDS_NAMED],
        factors=lacking,
        levels=levels,
        numbers=() if is_whole else tuple(sorted(word[1:] for word in _numbers_apart(own, finding, spoken))),
        measure=measure_apart,
        kind=kind_apart,
        bars=claim.bars if claim.bars is not None and claim.bars != finding.bars else (),
    )
    return NearFinding(
        finding=finding,
        distance=round(sum(_SHARES[name] * part for name, part in counted.items()) / whole, 3),
        words_apart=round(apart, 3),
        differs=differs,
        is_same=bool(claim.identity) and claim.identity == finding.identity,
    )


def _numbers_apart(own: frozenset[str], finding: KnownClaim, spoken: frozenset[str]) -> frozenset[str]:
    """Numbers of a sentence that neither the finding's claim nor any level of its sweep has."""
    return select_number_words(own) - spoken - _level_words(finding.open_factors)


def _covered(words: frozenset[str], by: frozenset[str], weights: Mapping[str, float]) -> float:
    """How much of what these words say is said there, too. A word that no finding has weighs as one that all have."""
    least = math.log(2.0)
    whole = sum(weights.get(word, least) for word in words)
    return sum(weights.get(word, least) for word in words & by) / whole if whole else 0.0


def _factors_apart(
    named: Levels, finding: KnownClaim, *, is_whole: bool
) -> tuple[tuple[str, ...], dict[str, tuple[object, ...]]]:
    """Factors that the finding lacks, and levels of its own factors that it says nothing of."""
    lacking, levels = [], {}
    for name, wanted in named.items():
        own = _factor(name, finding.factors)
        sweep = _factor(name, finding.open_factors)
        if own is None and (sweep is None or (finding.factors and not wanted)):
            lacking.append(name)
        elif other := _levels_apart(wanted, None if is_whole else own, own if is_whole and own else sweep):
            levels[name] = other
    return tuple(lacking), levels


def _levels_apart(
    named: Sequence[object], own: Sequence[object] | None, sweep: Sequence[object] | None
) -> tuple[object, ...]:
    """The levels that are not its own. Of those that it names some may be said, of the others nothing or all."""
    if own is not None:
        own_words = {level_word(level) for level in own}
        return tuple(level for level in named if own_words and level_word(level) not in own_words)
    swept = {level_word(level) for level in sweep or ()}
    return () if not named or {level_word(level) for level in named} == swept else tuple(named)


def _factor(name: str, factors: Levels) -> Sequence[object] | None:
    """The levels of the factor that is called so, if there is one."""
    return next((levels for factor, levels in factors.items() if _is_same_name(name, factor)), None)


def _is_same_name(name: str, other: str) -> bool:
    """Names are split at underscores; one that says less than the other means it."""
    some, others = set(split_claim_words(name)), set(split_claim_words(other))
    if not (some and others):
        return name.casefold() == other.casefold()
    return some <= others or others <= some
