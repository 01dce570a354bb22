"""How many seeds an effect will take, before the first of them is run."""

import math
from dataclasses import dataclass
from typing import Any

from axiom_weigh.amounts import tell_seeds
from axiom_weigh.errors import WrongUse
from axiom_weigh.evidence.grade_thresholds import find_next_requirements
from axiom_weigh.statistics.replicates_needed import Needed, of_size
from axiom_weigh.statistics.signed_ranks import GROUP
from axiom_weigh.values import Grade

LEAST_EFFECT, LARGEST_EFFECT = 0.005, 100.0  # in standard deviations, that can be planned for


@dataclass(frozen=True, kw_only=True)
class SeedPlan:
    """Seeds that an effect of so many standard deviations of the paired differences takes."""

    effect: float
    alpha: float
    verdict: Needed  # with one chance in two, and with nine in ten
    strong: Needed

    def data(self) -> dict[str, Any]:
        """The same as JSON's own types."""
        return {
            "effect_in_sd": self.effect,
            "alpha": self.alpha,
            "verdict": {"half": self.verdict[0], "nine_in_ten": self.verdict[1]},
            "strong": {"half": self.strong[0], "nine_in_ten": self.strong[1]},
        }

    def __str__(self) -> str:
        (half, most), (strong_half, strong_most) = (
            [tell_seeds(seeds) for seeds in pair] for pair in (self.verdict, self.strong)
        )
        return (
            f"An effect of {self.effect:g} sd takes {half} seeds in one case of two, and {most} in nine of ten.\n"
            f"The grade Strong takes {strong_half}, and {strong_most}. Look after each seed, and stop when you know."
        )


def plan(effect: float, *, alpha: float = 0.05) -> SeedPlan:
    """How many seeds it takes to see an effect of so many standard deviations of the paired differences."""
    if not LEAST_EFFECT <= abs(effect) <= LARGEST_EFFECT:
        raise WrongUse(
            f"An effect of {effect:g} standard deviations cannot be planned, one of {LEAST_EFFECT:g} to "
            f"{LARGEST_EFFECT:g} can: a smaller one takes more than a million seeds, if it is found at all. Write the "
            "difference that matters over the standard deviation of the differences, such as 0.5."
        )
    (moderate, _), (strong, bar) = (
        find_next_requirements(grade) or (0, 0.0) for grade in (Grade.AWAITING, Grade.MODERATE)
    )
    return SeedPlan(
        effect=effect,
        alpha=alpha,
        verdict=_in_groups(of_size(abs(effect), -math.log(alpha), least=moderate)),
        strong=_in_groups(of_size(abs(effect), math.log(max(bar, 1 / alpha)), least=strong)),
    )


def _in_groups(needed: Needed) -> Needed:
    """In whole groups, the nearest to what is forecast, since values count in them."""
    half, most = (None if seeds is None else GROUP * round(seeds / GROUP) for seeds in needed)
    return half, most
