"""Is a sentence about several designs true of each? Cases in which one differs, and the price where none does."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from axiom_weigh.evidence.grade import needs_more_seeds
from axiom_weigh.evidence.sure_designs import tell_designs
from axiom_weigh.evidence.weigh_claim import weigh_observations
from axiom_weigh.values import Evidence, Grade, Verdict
from error_rates.figures import Answer, Bound, Size, above, below, interval
from error_rates.laws import CONTRAST
from error_rates.pipeline import HOMES, granted, observed

_HIGH = (Grade.STRONG, Grade.DEFINITIVE)
_DECIDED = (Verdict.POSITIVE, Verdict.NEGATIVE, Verdict.ABSENT)


@dataclass(frozen=True, kw_only=True)
class _Case:
    effects: Mapping[str, tuple[float, int]]  # of each design its effect and its seeds
    smallest: float = 0.2
    is_true: bool = False  # of every design what is said of all

    @property
    def name(self) -> str:
        return ", ".join(f"{effect:+g} ({seeds})" for effect, seeds in self.effects.values())


def _case(*effects: tuple[float, int], **more: Any) -> _Case:
    return _Case(effects={f"d{place}": effect for place, effect in enumerate(effects)}, **more)


_FALSE = (
    _case((3.0, 16), (1.5, 16), (0.0, 16), smallest=0.05),
    _case((3.0, 16), (1.5, 16), (-0.1, 16), smallest=0.05),
    _case((1.0, 128), (-0.4, 32)),
    _case((0.5, 64), (0.5, 64), (0.5, 64), (0.0, 64)),
    _case((0.5, 64), (0.5, 64), (0.5, 64), (-0.25, 64)),
    _case((0.0, 128), (0.0, 128), (0.0, 128), (0.3, 128), smallest=0.25),
)
_TRUE = (
    _case((3.0, 16), (1.5, 16), (0.8, 16), smallest=0.05, is_true=True),
    _case((0.5, 64), (0.5, 64), is_true=True),
    *(_case(*[(0.5, seeds)] * 4, is_true=True) for seeds in (48, 64, 80, 96, 128)),
    _case(*[(1.0, 64)] * 4, is_true=True),
    _case(*[(0.0, 384)] * 4, smallest=0.25, is_true=True),
)


def designs(seed: int, size: Size) -> Answer:
    """Weigh each case once, at its end, on the hosts of a laboratory that lacks nothing else."""
    rng, n = np.random.default_rng(seed), max(50, size.nulls // 4)
    lines = [
        "the effects of designs, and their seeds; values are normal, of deviation 1",
        f"{'':<40}{'a verdict':>11}{'said of all':>13}{'Strong':>9}{'but for this':>14}",
    ]
    bounds = list[Bound]()
    for case in (*_FALSE, *_TRUE):
        cards = [_weighed(rng, case) for _ in range(n)]
        decided = [card for card in cards if card.verdict in _DECIDED]
        of_all = sum(not tell_designs(card.by_design, card.verdict) for card in decided)
        strong, kept = sum(card.grade in _HIGH for card in cards), sum(_would_be_strong(card) for card in cards)
        shares = [count / n for count in (len(decided), of_all, strong, kept)]
        lines.append(f"{case.name:<40}{shares[0]:>11.3f}{shares[1]:>13.3f}{shares[2]:>9.3f}{shares[3]:>14.3f}")
        if not case.is_true:
            bounds.append(below(f"{case.name}: said of all", shares[1], 0.05, n))
            bounds.append(below(f"{case.name}: Strong", shares[2], 0.01, n))
    four = next(case for case in _TRUE if case.name == ", ".join(["+0.5 (96)"] * 4))
    cards = [_weighed(rng, four) for _ in range(n)]
    strong, kept = (sum(card.grade in _HIGH for card in cards), sum(_would_be_strong(card) for card in cards))
    low, high = interval(strong, max(1, kept))
    lines.append(
        f"of {kept} runs of {four.name} that would be Strong but for this {strong} are: "
        f"{100 * strong / max(1, kept):.1f} % [{100 * low:.1f}, {100 * high:.1f}]"
    )
    bounds.append(above(f"{four.name}: Strong, of those that would be but for this", strong / max(1, kept), 0.9, n))
    return Answer(lines=lines, bounds=bounds)


def _weighed(rng: np.random.Generator, case: _Case) -> Evidence:
    """Designs take turns, four seeds at a time, until each has all of its seeds."""
    turns = sorted(
        (place, number) for number, (_, seeds) in enumerate(case.effects.values()) for place in range(0, seeds, 4)
    )
    places = np.repeat([number for _, number in turns], 4)
    effects = np.array([effect for effect, _ in case.effects.values()])
    values = rng.normal(effects[places], 1.0)
    rows = observed(rng, values, designs=places)
    estimand = {**CONTRAST, "smallest": case.smallest}
    return weigh_observations(estimand, rows, blocks=len(rows) // 16, homes=HOMES, surroundings=granted(len(rows)))


def _would_be_strong(card: Evidence) -> bool:
    """Is it, or is all that it lacks that each design shares the verdict?"""
    return card.grade in _HIGH or (
        card.grade is Grade.MODERATE and len(card.needs) == 1 and needs_more_seeds(card.needs)
    )
