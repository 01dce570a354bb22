"""How good were predictions? Scores of each, and an e-process against taking a forecaster's chances at their word."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from axiom_weigh.statistics.shares_and_medians import cap_log_e

Chances = tuple[float, ...]  # of the classes, adding up to 1: effect +, effect −, absent
Said = tuple[Chances, int | None]  # with the class that came true; None is what nobody knows
LEAST = 1e-6  # a chance smaller than this is scored as this: one certain mistake must not hide all other scores
# How a rival changes the chances, and the share of the first capital that bets on it. A power below 1: the truth is
# less sure than was said, the mistake most often made; above 1: surer. A tilt: one class comes more often.
_POWERS = {0.0: 0.05, 0.2: 0.15, 0.4: 0.15, 0.6: 0.15, 0.8: 0.15, 1.5: 0.1, 2.0: 0.05}
_TILT, _TILTED = 3.0, 0.2  # the latter is shared among the classes


def compute_brier_score(chances: Chances, happened: int) -> float:
    """The squared distance from what happened: 0 at best, 2 at worst, two thirds for three equal chances."""
    return math.fsum((chance - (place == happened)) ** 2 for place, chance in enumerate(chances))


def log_score(chances: Chances, happened: int) -> float:
    """How many bits of surprise what happened was; log2(3) for three equal chances."""
    return -math.log2(max(LEAST, chances[happened]))


def interval_score(low: float, high: float, truth: float, *, chance: float = 0.8) -> float:
    """The interval's width, and how far the truth lies outside, times 2 / (1 - chance). Narrow and right is best."""
    missed = max(0.0, low - truth) + max(0.0, truth - high)
    return (high - low) + 2.0 / (1.0 - chance) * missed


def calibration_log_e(groups: Sequence[Sequence[Said]]) -> float:
    """How strongly what happened speaks against chances that were meant as said."""
    return [0.0, *calibration_looks(groups)][-1]


def calibration_looks(groups: Sequence[Sequence[Said]]) -> Iterator[float]:
    """After each group of predictions that is closed, how strongly those so far speak against the forecaster's chances.

    Rivals take the same chances and sharpen, blunt or tilt them; the e-value is a mean of how much more likely they
    held what happened. Predictions of a group are about the same seeds and may well come true together, so a rival
    gains the mean of what it gains by each: if the chances are true that is nothing on average, however they hang
    together. Between groups chances are meant as given all that came out before; then an honest forecaster reaches 20
    once in twenty lifetimes at most. What stays unknown counts as the class that speaks least against the forecaster:
    to leave it out would be to count by what came out, since some classes are decided sooner than others.
    """
    rivals = _rivals(len(groups[0][0][0]) if groups else 1)
    logs = [math.log(rival.share) for rival in rivals]
    for group in groups:
        gains = [_gains(logs, rivals, chances, happened) for chances, happened in group]
        logs = [so_far + _mean(of_rival) for so_far, of_rival in zip(logs, zip(*gains, strict=True), strict=True)]
        yield _sum(logs)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Rival:
    share: float
    power: float = 1.0
    tilted: int = -1  # the class that it holds likelier


def _rivals(classes: int) -> list[_Rival]:
    return [
        *(_Rival(share=share, power=power) for power, share in _POWERS.items()),
        *(_Rival(share=_TILTED / classes, tilted=place) for place in range(classes)),
    ]


def _gains(logs: Sequence[float], rivals: Sequence[_Rival], chances: Chances, happened: int | None) -> Sequence[float]:
    """What each rival gains when this has happened; of what nobody knows, what leaves them with least."""
    classes = range(len(chances)) if happened is None else (happened,)
    possible = [[_gain(rival, chances, outcome) for rival in rivals] for outcome in classes]
    return min(possible, key=lambda gains: _sum([so_far + gain for so_far, gain in zip(logs, gains, strict=True)]))


def _mean(logs: Sequence[float]) -> float:
    """The logarithm of the mean of numbers of which these are the logarithms."""
    return _log_sum(logs) - math.log(len(logs))


def _gain(rival: _Rival, chances: Chances, happened: int) -> float:
    """The logarithm of the rival's chance over the forecaster's; a class called impossible stays so."""
    if chances[happened] <= 0.0:  # what was called impossible happened
        return math.inf
    weights = [  # as logarithms: the square of a chance that may be registered can be too small for a number
        rival.power * math.log(chance) + (math.log(_TILT) if place == rival.tilted else 0.0)
        if chance > 0.0
        else -math.inf
        for place, chance in enumerate(chances)
    ]
    return weights[happened] - _log_sum(weights) - math.log(chances[happened])


def _sum(logs: Sequence[float]) -> float:
    return cap_log_e(_log_sum(logs))


def _log_sum(logs: Sequence[float]) -> float:
    """The logarithm of the sum of numbers of which these are the logarithms."""
    largest = max(logs)
    if largest == math.inf:
        return math.inf
    return largest + math.log(math.fsum(math.exp(log - largest) for log in logs))
