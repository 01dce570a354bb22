"""Do groups differ in where their values lie among all? On ranks, so that no tail and no unit raises a false alarm."""

import math
from collections import Counter, defaultdict
from collections.abc import Hashable, Mapping, Sequence
from functools import lru_cache
from statistics import NormalDist

from axiom.domain.dataclass import dataclass

_NORMAL = NormalDist()


@dataclass(frozen=True, kw_only=True, slots=True)
class Spread:
    """How far groups lie apart, in chances: how often groups that do not differ would."""

    each: Mapping[Hashable, float]  # of each group: as far from all others as this one
    together: float  # of all of them: as far apart as these


@dataclass(frozen=True, kw_only=True, slots=True)
class Scored:
    """The normal scores of the values of one stratum that do not all agree."""

    places: Sequence[int]  # of its values among all
    scores: Sequence[float]
    spread: float


def scored(values: Sequence[float], strata: Sequence[Hashable]) -> list[Scored]:
    """The scores within each stratum. They know nothing of groups, so they serve several ways of grouping."""
    members: dict[Hashable, list[int]] = {}
    for place, stratum in enumerate(strata):
        members.setdefault(stratum, []).append(place)
    found = []
    for places in members.values():
        own = [values[place] for place in places]
        if min(own) < max(own):
            scores = _scores(own)
            spread = math.fsum([score * score for score in scores]) / (len(own) - 1)
            found.append(Scored(places=places, scores=scores, spread=spread))
    return found


def apart(groups: Sequence[Hashable], among: Sequence[Scored]) -> Spread:
    """Compare groups by the normal scores of their values, ranked within each stratum.

    If it were chance who gave which value of a stratum, the sum of a group's scores had a mean of 0 and a variance that
    is known. It is that of drawing without replacement, so it needs nothing of the law of the values.
    """
    sums: dict[Hashable, float] = defaultdict(float)
    variances: dict[Hashable, float] = defaultdict(float)
    for stratum in among:
        _compare(stratum, [groups[place] for place in stratum.places], sums, variances)
    counts = Counter(groups)
    squares = {group: sums[group] ** 2 / variances[group] for group in counts if variances[group] > 0}
    whole = math.fsum(square * (1 - counts[group] / len(groups)) for group, square in squares.items())
    return Spread(
        each={group: math.erfc(math.sqrt(square / 2)) for group, square in squares.items()},
        together=chi_squared_tail(whole, len(squares) - 1),
    )


def chi_squared_tail(square: float, freedom: int) -> float:
    """The chance that a sum of so many squares of normal numbers is at least this; 1 without any."""
    if freedom < 1 or square <= 0:
        return 1.0
    half, first = square / 2, freedom % 2 / 2
    powers = (first + place for place in range(freedom // 2))
    found = math.fsum(math.exp(power * math.log(half) - half - math.lgamma(power + 1)) for power in powers)
    return min(1.0, found + (math.erfc(math.sqrt(half)) if first else 0.0))


def _compare(
    stratum: Scored, groups: Sequence[Hashable], sums: dict[Hashable, float], variances: dict[Hashable, float]
) -> None:
    whole = len(groups)
    for score, group in zip(stratum.scores, groups, strict=True):
        sums[group] += score
    for group, amount in Counter(groups).items():
        variances[group] += amount * (whole - amount) / whole * stratum.spread


def _scores(values: Sequence[float]) -> list[float]:
    """The normal quantiles of the ranks; equal values share the mean of theirs."""
    order = sorted(range(len(values)), key=values.__getitem__)
    plain = _quantiles(len(values))
    scores = [0.0] * len(values)
    if len(set(values)) == len(values):  # nearly always: each has its own
        for place, score in zip(order, plain, strict=True):
            scores[place] = score
        return scores
    start = 0
    for end in range(1, len(order) + 1):
        if end == len(order) or values[order[end]] != values[order[start]]:
            mean = math.fsum(plain[start:end]) / (end - start)
            for place in order[start:end]:
                scores[place] = mean
            start = end
    return scores


@lru_cache(maxsize=256)
def _quantiles(amount: int) -> tuple[float, ...]:
    return tuple(_NORMAL.inv_cdf((rank + 0.5) / amount) for rank in range(amount))
