"""What is expected of a proposal: how those of its kind came out here, drawn towards what was declared beforehand.

Nobody has to believe in the declared numbers: each counts as few outcomes, and the laboratory's own soon outweigh them.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from axiom.domain.estimands import Direction, Prediction
from axiom.domain.evidence import Meaning

BLIND = "asked"  # the kind of what people and programs ask, of which no rule says how large an effect should be
_STRENGTH = 4.0  # outcomes that a declared share counts for
_LEAST = 0.01  # nothing is impossible
_IN_FOUR_OF_FIVE = 1.2816  # standard deviations on either side
_HELD = 0.8  # with this probability an interval holds the truth
_CLAIMED = 2.0  # smallest effects, as which a claim counts that says nothing of its size
_DECLARED = {  # shares of "as claimed", "the opposite" and "too small"; of each ratio its mean and its spread
    "confirm": ((0.93, 0.01, 0.06), (0.95, 0.10)),
    "generalise": ((0.80, 0.05, 0.15), (0.90, 0.25)),
    "dose": ((0.70, 0.08, 0.22), (0.90, 0.35)),
    "extremes": ((0.75, 0.10, 0.15), (1.30, 0.60)),
    "extremes of none": ((0.30, 0.15, 0.55), (1.00, 1.00)),
    "widen": ((0.50, 0.15, 0.35), (0.70, 0.50)),
    "cross": ((0.65, 0.10, 0.25), (0.80, 0.50)),
    "intervention": ((0.12, 0.06, 0.82), (0.10, 0.30)),
    "discriminate": ((0.47, 0.43, 0.10), (0.50, 0.80)),
    "power": ((0.20, 0.10, 0.70), (0.60, 0.60)),
    BLIND: ((0.50, 0.20, 0.30), (0.50, 1.00)),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class EndedProposal:
    """How a proposal of a kind ended: what its finding says of its claim, and how large the effect was."""

    kind: str
    meaning: Meaning
    ratio: float | None = None  # of the effect to the one that was expected; None where either is unknown


@dataclass(frozen=True, kw_only=True, slots=True)
class BaseRates:
    came_out: Mapping[str, Sequence[EndedProposal]] = field(default_factory=dict)

    def shares(self, kind: str) -> tuple[float, float, float]:
        """How often a claim of this kind holds, is the wrong way round, or is about nothing."""
        declared = _DECLARED[kind][0]
        decided = [outcome.meaning for outcome in self.came_out.get(kind, ())]
        meanings = (Meaning.AS_CLAIMED, Meaning.OPPOSITE, Meaning.TOO_SMALL)
        counted = [decided.count(meaning) for meaning in meanings]
        whole = _STRENGTH + sum(counted)
        positive, negative, absent = (
            max(_LEAST, (_STRENGTH * share + n) / whole) for share, n in zip(declared, counted, strict=True)
        )
        total = positive + negative + absent
        return positive / total, negative / total, absent / total

    def ratio(self, kind: str) -> tuple[float, float]:
        """How large an effect turns out beside the one that was expected: the mean and the spread."""
        mean, spread = _DECLARED[kind][1]
        ratios = [outcome.ratio for outcome in self.came_out.get(kind, ()) if outcome.ratio is not None]
        whole = _STRENGTH + len(ratios)
        drawn = (_STRENGTH * mean + math.fsum(ratios)) / whole
        squares = _STRENGTH * spread**2 + math.fsum((ratio - drawn) ** 2 for ratio in ratios)
        return drawn, math.sqrt(squares / whole)


def blind_effect(expects: Direction, smallest: float) -> float:
    """The effect that a claim is taken to expect by who knows nothing but its side and what matters."""
    sizes = {Direction.MORE: _CLAIMED * smallest, Direction.LESS: -_CLAIMED * smallest, Direction.ABSENT: 0.0}
    return sizes[expects]


def effect_ratio(estimate: float | None, null: float, *, expected: float | None, smallest: float) -> float | None:
    """How large an effect turned out beside the one that was expected; None where either is unknown.

    As in an interval, an expected effect counts as no less than the smallest that matters: beside nearly nothing any
    effect is many times as large, and one such outcome would make every interval of its kind as wide.
    """
    if estimate is None or not expected:
        return None
    return (estimate - null) / math.copysign(max(abs(expected), smallest), expected)


def predict_from_base_rates(
    rates: BaseRates,
    kind: str,
    *,
    expects: Direction,
    null: float,
    effect: float,
    smallest: float,
    bounds: tuple[float, float] | None = None,
) -> Prediction:
    """The chances of the three verdicts and an interval for a claim of this kind, of which such an effect is known.

    `effect` is what would be found if everything were as before, seen from the null.
    """
    claimed, opposite, absent = (round(share, 3) for share in rates.shares(kind))
    claimed = round(1.0 - opposite - absent, 3)
    if expects is Direction.ABSENT:
        positive = round((opposite + absent) / 2.0, 3)
        negative, absent = round(1.0 - positive - claimed, 3), claimed
    else:
        positive, negative = (claimed, opposite) if expects is Direction.MORE else (opposite, claimed)
    mean, spread = rates.ratio(kind)
    unit = max(abs(effect), smallest)
    reach = _IN_FOUR_OF_FIVE * spread * unit
    low, high = (_within(null + mean * effect + side * reach, bounds) for side in (-1.0, 1.0))
    if low > null + smallest and positive < _HELD:
        low = null  # where an interval is surer of an effect than its chances are, the chances count
    if high < null - smallest and negative < _HELD:
        high = null
    counted = len(rates.came_out.get(kind, ()))
    return Prediction(
        positive=positive,
        negative=negative,
        absent=absent,
        interval=(_short(low), _short(high)),
        because=f"of proposals of the kind {kind}, {counted} have ended here; the rest is the share declared for it",
    )


def prediction_entropy(prediction: Prediction) -> float:
    """What is not known of the verdict."""
    chances = (prediction.positive, prediction.negative, prediction.absent)
    return -math.fsum(chance * math.log2(chance) for chance in chances if chance > 0)


def _within(value: float, bounds: tuple[float, float] | None) -> float:
    return value if bounds is None else min(bounds[1], max(bounds[0], value))


def _short(value: float) -> float:
    return float(f"{value:.4g}")
