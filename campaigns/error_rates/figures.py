"""The answer of a part of the campaign: lines to read, figures that must hold, and numbers to draw."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Bound:
    """A figure, and whether it is what it has to be."""

    words: str
    holds: bool


@dataclass(frozen=True, kw_only=True)
class Answer:
    """The findings of one part."""

    lines: Sequence[str]
    bounds: Sequence[Bound]
    drawn: Mapping[str, Sequence[Mapping[str, object]]] = field(default_factory=dict)  # rows of each picture


@dataclass(frozen=True, kw_only=True)
class Size:
    """How much to simulate."""

    streams: int
    looks: int
    laboratories: int
    weighed: int  # streams that go through the whole pipeline
    attacks: int  # of each kind
    nulls: int
    forecasters: int
    every: int  # seeds between two looks at an interval


WHOLE = Size(
    streams=20_000, looks=1_000, laboratories=100, weighed=200, attacks=1_000, nulls=1_500, forecasters=500, every=4
)
QUICK = Size(streams=400, looks=200, laboratories=2, weighed=12, attacks=8, nulls=30, forecasters=40, every=16)


def below(what: str, seen: float, share: float, n: int) -> Bound:
    """A share of errors in n draws that must not exceed its level by more than chance: by three standard errors."""
    limit = share + _by_chance(share, n)
    return Bound(words=f"{what}: {seen:.4f}, at most {limit:.4f}", holds=seen <= limit)


def above(what: str, seen: float, share: float, n: int) -> Bound:
    """A share that must not fall below its level by more than chance."""
    limit = share - _by_chance(share, n)
    return Bound(words=f"{what}: {seen:.4f}, at least {limit:.4f}", holds=seen >= limit)


def interval(times: int, trials: int) -> tuple[float, float]:
    """Wilson's interval of a share, at 95 %."""
    share, room = times / trials, 1.96**2 / trials
    middle, reach = share + room / 2.0, math.sqrt(room * (share * (1.0 - share) + room / 4.0))
    return max(0.0, (middle - reach) / (1.0 + room)), (middle + reach) / (1.0 + room)


def scored(name: str, share: float, ends: tuple[float, float], n: int, most: float | None = None) -> str:
    """A row of the scorecard, which `--record` takes over into the site."""
    low, high = ends
    promise = "" if most is None else f", at most {100 * most:g} %"
    return f"scorecard: {name} {100 * share:.1f} % [{100 * low:.1f}, {100 * high:.1f}] of {n:,}{promise}"


def _by_chance(share: float, n: int) -> float:
    return 3.0 * math.sqrt(share * (1.0 - share) / n)
