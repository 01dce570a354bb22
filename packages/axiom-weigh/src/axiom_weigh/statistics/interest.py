"""What deserves to be read first: surprise × precision × novelty × how much hangs on it, each from 0 to 1.

A replication of what is known surprises nobody and has an interest of 0, however many seeds it cost.
"""

import math
from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from axiom_weigh.statistics.scoring_rules import Chances

_EDGES = (1.0, 2.0, 4.0, 8.0)  # of magnitudes, in smallest effects; below the first an effect counts as absent
_ENOUGH_BITS = 3.0  # a surprise of so many bits, and any larger one, counts as a whole one
_ENOUGH_EDGES = 4
_DOUBT = 0.01  # nobody's certainty is taken quite at its word
_COVERED = 0.8  # of an effect's chance, by the interval that was predicted


@dataclass(frozen=True, kw_only=True, slots=True)
class Interest:
    """The four factors."""

    surprise: float
    precision: float
    novelty: float
    unresolved: float

    @property
    def value(self) -> float:
        """Their product."""
        return self.surprise * self.precision * self.novelty * self.unresolved


@dataclass(frozen=True, kw_only=True, slots=True)
class EstimateOnScale:
    """What an estimand came to, and its scale."""

    estimate: float
    low: float  # of the interval that holds at every look; infinite while it is not bounded
    high: float
    null: float
    smallest: float  # the smallest effect that matters; above 0


def compute_interest(
    measured: EstimateOnScale, predicted: Chances, interval: tuple[float, float], *, nearest: float, open_edges: int
) -> Interest:
    """Return how much a finding tells that was not known.

    `predicted` are the registered chances of effect +, effect − and absent; `nearest` is the similarity to the graded
    finding most like it, `open_edges` how many unresolved links it touches.
    """
    away = max(abs(measured.estimate - measured.null), measured.smallest)
    half_width = max(measured.high - measured.estimate, measured.estimate - measured.low)
    return Interest(
        surprise=min(1.0, compute_surprise(measured, predicted, interval) / _ENOUGH_BITS),
        precision=1.0 - min(1.0, half_width / away),
        novelty=1.0 - min(1.0, max(0.0, nearest)),
        unresolved=0.5 + 0.5 * min(1.0, open_edges / _ENOUGH_EDGES),
    )


def compute_surprise(measured: EstimateOnScale, predicted: Chances, interval: tuple[float, float]) -> float:
    """How unlikely the registered chances made the signs and magnitudes that the measured interval allows, in bits.

    So an interval that allows what was predicted surprises nobody, however far its estimate lies from that.
    """
    bins = list(pairwise((-math.inf, *(-edge for edge in reversed(_EDGES)), *_EDGES, math.inf)))
    first, last, low, high = (
        (end - measured.null) / measured.smallest for end in (*interval, measured.low, measured.high)
    )
    chances = zip(bins, _spread(bins, predicted, (first, last)), strict=True)
    allowed = math.fsum(chance for span, chance in chances if span[0] <= high and low <= span[1])
    return max(0.0, -math.log2(allowed))


def compute_similarity(some: Collection[Hashable], others: Collection[Hashable]) -> float:
    """The share of what either names that both name (Jaccard): factors, outcome, architecture, data."""
    either = set(some) | set(others)
    return len(set(some) & set(others)) / len(either) if either else 0.0


def _spread(bins: Sequence[tuple[float, float]], predicted: Chances, interval: tuple[float, float]) -> list[float]:
    """Chances of the bins: an effect's go to its magnitudes as the predicted interval covers them, a fifth evenly."""
    positive, negative, absent = predicted
    chances = []
    for sign, chance in ((-1, negative), (0, absent), (1, positive)):
        own = [span for span in bins if _sign(span) == sign]
        covered = [_overlap(span, interval) for span in own]
        whole = math.fsum(covered)
        for overlap in covered:
            even = 1.0 / len(own)
            chances.append(chance * (_COVERED * overlap / whole + (1 - _COVERED) * even if whole else even))
    return [(1 - _DOUBT) * chance + _DOUBT / len(bins) for chance in chances]


def _sign(span: tuple[float, float]) -> int:
    return (span[0] >= _EDGES[0]) - (span[1] <= -_EDGES[0])


def _overlap(span: tuple[float, float], interval: tuple[float, float]) -> float:
    return max(0.0, min(span[1], interval[1]) - max(span[0], interval[0]))
