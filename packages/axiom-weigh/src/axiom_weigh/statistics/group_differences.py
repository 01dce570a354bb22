"""Do groups differ in where their values lie among all? On ranks, so that no tail and no unit raises a false alarm."""

import math
from collections import Counter, defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist

_NORMAL = NormalDist()
_DOUBTED = math.log(0.01)  # of a chance below this, a normal tail is not believed where values agree
_KEPT = 0.95  # of the variance of scores that all differ; where ties leave less, tails are longer than normal ones
_CROWD = 5  # values off the commonest that a group should have, for a sum of squares to follow its law
_TILTS = tuple([0.01 * 1.15**step for step in range(60)])
_FAR = 700.0  # squares from which on a tail is smaller than any number
_NEXT_TO_NOTHING = 40.0  # by so much smaller is the logarithm of a chance that adds nothing
_ALIKE = 1e-9  # logarithms of chances that differ by less differ by rounding


@dataclass(frozen=True, kw_only=True, slots=True)
class Spread:
    """How far groups lie apart, in chances: how often groups that do not differ would."""

    logs: Mapping[Hashable, float]  # of each group, the logarithm: as far from all others as this one
    amounts: Mapping[Hashable, int]  # of each group: its values
    together: float  # of all of them: as far apart as these
    clustering: float  # as many values tell as much as one, if those of a group hang together as these do

    @property
    def chances(self) -> dict[Hashable, float]:
        """The chance of each group. Many values may make it 0 for several; their logarithms still differ."""
        return {group: math.exp(log) for group, log in self.logs.items()}

    def oddest(self) -> list[Hashable]:
        """The group that lies farthest away; of several as far, the smallest, for two lie equally far from each other.

        Groups that not even their size tells apart are named together, since their order says nothing.
        """
        least = min(self.logs.values(), default=0.0)
        near = [group for group, log in self.logs.items() if log - least <= _ALIKE * max(1.0, -least)]
        fewest = min((self.amounts[group] for group in near), default=0)
        return [group for group in near if self.amounts[group] == fewest]


class Lumps:
    """The scores of a stratum of which many agree."""

    def __init__(self, scores: Sequence[float]) -> None:
        self._amounts = Counter(scores)
        self._whole = len(scores)
        self._known: dict[float, float] = {}
        self.rest = 1 - max(self._amounts.values()) / self._whole  # share of the values off the commonest

    def growth(self, tilt: float) -> float:
        """The logarithm of the mean of exp(tilt x score); asked again for each group."""
        if tilt not in self._known:
            top = max(tilt * score for score in self._amounts)
            parts = [amount * math.exp(tilt * score - top) for score, amount in self._amounts.items()]
            self._known[tilt] = top + math.log(math.fsum(parts) / self._whole)
        return self._known[tilt]

    def tail(self, total: float, drawn: int) -> float | None:
        """Of two values, as of an event: the logarithm of the chance that so many drawn lie as far on that side.

        It is that of drawing without replacement, counted out; None where there are more than two.
        """
        if len(self._amounts) != 2:
            return None
        (low, others), (high, events) = sorted(self._amounts.items())
        observed = round((total - drawn * low) / (high - low))
        step, last = (1, min(drawn, events)) if total > 0 else (-1, max(0, drawn - others))
        all_ways, logs = _log_ways(self._whole, drawn), list[float]()
        for many in range(observed, last + step, step):
            logs.append(_log_ways(events, many) + _log_ways(others, drawn - many) - all_ways)
            if logs[-1] < logs[0] - _NEXT_TO_NOTHING:
                break
        return logs[0] + math.log(math.fsum([math.exp(log - logs[0]) for log in logs]))


@dataclass(frozen=True, kw_only=True, slots=True)
class NormalScores:
    """The normal scores of the values of one stratum that do not all agree."""

    places: Sequence[int]  # of its values among all
    scores: Sequence[float]
    spread: float
    lumps: Lumps | None  # where ties take much of the variance


_Part = tuple[NormalScores, int]  # a stratum, and how many of its values a group has


def compute_normal_scores(values: Sequence[float], strata: Sequence[Hashable]) -> list[NormalScores]:
    """The scores within each stratum. They know nothing of groups, so they serve several ways of grouping."""
    members: dict[Hashable, list[int]] = {}
    for place, stratum in enumerate(strata):
        members.setdefault(stratum, []).append(place)
    by_stratum = []
    for places in members.values():
        own = [values[place] for place in places]
        if min(own) < max(own):
            scores = _scores(own)
            spread = _spread(scores)
            is_lumped = spread < _KEPT * _spread(_quantiles(len(own)))
            by_stratum.append(
                NormalScores(places=places, scores=scores, spread=spread, lumps=Lumps(scores) if is_lumped else None)
            )
    return by_stratum


def compare_groups(groups: Sequence[Hashable], among: Sequence[NormalScores]) -> Spread:
    """Compare groups by the normal scores of their values, ranked within each stratum.

    If it were chance who gave which value of a stratum, the sum of a group's scores had a mean of 0 and a variance that
    is known. It is that of drawing without replacement, so it needs nothing of the law of the values. Its tail is
    normal where values differ; of a rare event among equal values it is longer, and bounded by what was drawn from.
    """
    sums: dict[Hashable, float] = defaultdict(float)
    parts: dict[Hashable, list[_Part]] = defaultdict(list)
    for stratum in among:
        _compare(stratum, [groups[place] for place in stratum.places], sums, parts)
    counts = Counter(groups)
    variances = {group: math.fsum(map(_variance, parts[group])) for group in counts}
    squares = {group: sums[group] ** 2 / variances[group] for group in counts if variances[group] > 0}
    logs = {group: _log_chance(square, sums[group], parts[group]) for group, square in squares.items()}
    if all(_expected(parts[group]) >= _CROWD for group in squares if _are_lumped(parts[group])):
        whole = math.fsum(square * (1 - counts[group] / len(groups)) for group, square in squares.items())
        together = chi_squared_tail(whole, len(squares) - 1)
    else:
        together = min(1.0, math.exp(min(logs.values())) * len(logs))
    return Spread(logs=logs, amounts=counts, together=together, clustering=_clustering(groups, among))


def _clustering(groups: Sequence[Hashable], among: Sequence[NormalScores]) -> float:
    """The design effect of a mean: how much more it varies than that of as many independent values (Kish 1965).

    Two values of a group are correlated by so much as the products of their scores say, beside their variance.
    """
    products = variance = 0.0
    pairs, amounts = 0, Counter[Hashable]()
    for stratum in among:
        sums: dict[Hashable, list[float]] = defaultdict(list)
        for place, score in zip(stratum.places, stratum.scores, strict=True):
            sums[groups[place]].append(score)
        for group, scores in sums.items():
            squares = math.fsum(score * score for score in scores)
            products += math.fsum(scores) ** 2 - squares
            variance += squares
            pairs += len(scores) * (len(scores) - 1)
            amounts[group] += len(scores)
    whole = amounts.total()
    if not pairs or not variance:
        return 1.0
    correlation = (products / pairs) / (variance / whole)
    return max(1.0, 1.0 + correlation * (sum(amount**2 for amount in amounts.values()) / whole - 1.0))


def chi_squared_tail(square: float, freedom: int) -> float:
    """The chance that a sum of so many squares of normal numbers is at least this; 1 without any."""
    if freedom < 1 or square <= 0:
        return 1.0
    half, first = square / 2, freedom % 2 / 2
    powers = (first + place for place in range(freedom // 2))
    chance = math.fsum(math.exp(power * math.log(half) - half - math.lgamma(power + 1)) for power in powers)
    return min(1.0, chance + (math.erfc(math.sqrt(half)) if first else 0.0))


def _compare(
    stratum: NormalScores, groups: Sequence[Hashable], sums: dict[Hashable, float], parts: dict[Hashable, list[_Part]]
) -> None:
    for score, group in zip(stratum.scores, groups, strict=True):
        sums[group] += score
    for group, amount in Counter(groups).items():
        parts[group].append((stratum, amount))


def _variance(part: _Part) -> float:
    stratum, amount = part
    return amount * (1 - amount / len(stratum.scores)) * stratum.spread


def _are_lumped(parts: Sequence[_Part]) -> bool:
    return any(stratum.lumps is not None for stratum, _ in parts)


def _expected(parts: Sequence[_Part]) -> float:
    """How many of these values should not be the commonest of their stratum."""
    return math.fsum([amount * (stratum.lumps.rest if stratum.lumps else 1) for stratum, amount in parts])


def _log_chance(square: float, total: float, parts: Sequence[_Part]) -> float:
    """The logarithm of the chance that a sum of so many scores lies at least as far from 0."""
    if square > _FAR:
        log_chance = -square / 2 - math.log(square * math.pi / 2) / 2
    else:
        log_chance = math.log(math.erfc(math.sqrt(square / 2)))
    if log_chance > _DOUBTED or not _are_lumped(parts):
        return log_chance
    return min(0.0, math.log(2) + _one_side(total, parts))


def _one_side(total: float, parts: Sequence[_Part]) -> float:
    (first, amount), *others = parts
    counted = first.lumps.tail(total, amount) if first.lumps and not others else None
    return _bound(total, parts) if counted is None else counted


def _log_ways(whole: int, drawn: int) -> float:
    return math.lgamma(whole + 1) - math.lgamma(drawn + 1) - math.lgamma(whole - drawn + 1)


def _bound(total: float, parts: Sequence[_Part]) -> float:
    """The bound of Chernoff on the logarithm of one tail; any tilt gives one, and it is convex in the tilt.

    Drawing without replacement strays no farther than drawing with it (Hoeffding, 1963), and a group as far as all that
    it does not have, so the smaller of the two is asked.
    """
    sign = math.copysign(1.0, total)

    def tilted(tilt: float) -> float:
        grown = [-tilt * abs(total)]
        for stratum, amount in parts:
            others = len(stratum.scores) - amount
            if stratum.lumps is None:
                grown.append(tilt * tilt / 2 * _variance((stratum, amount)))
            else:
                grown.append(min(amount, others) * stratum.lumps.growth(tilt * (sign if amount <= others else -sign)))
        return math.fsum(grown)

    low, high = 0, len(_TILTS) - 1
    while low < high:
        middle = (low + high) // 2
        if tilted(_TILTS[middle + 1]) < tilted(_TILTS[middle]):
            low = middle + 1
        else:
            high = middle
    return tilted(_TILTS[low])


def _spread(scores: Sequence[float]) -> float:
    return math.fsum([score * score for score in scores]) / (len(scores) - 1)


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
