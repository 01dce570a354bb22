"""How often gate G7 refuses a placebo by luck, how often it finds a leak, and at how many seeds.

Each value is normal; noise and leak are told in smallest effects that matter. A difference of two arms is weighed by
ranks, a level by signs, which tell less. Where values are missing, they are so by chance.
"""

import random
import sys
from dataclasses import dataclass
from functools import partial
from typing import Any

from placebos import count_seeds_and_judge

SOUND, OTHERS = 1_000, 150  # placebos of a sort
DIFFERENCE = {"kind": "contrast", "null": 0.0, "smallest": 1.0, "bounds": None, "expects": "+"}
LEVEL = DIFFERENCE | {"kind": "level"}


@dataclass(frozen=True, kw_only=True)
class Case:
    """Placebos of one sort, and which share of them may be refused."""

    estimand: dict[str, Any]
    noise: float
    leak: float = 0.0
    missing: float = 0.0
    least: float = 0.0
    most: float = 1.0

    def draw(self, rng: random.Random) -> float | None:
        """The value at a further seed, if it has one."""
        return None if rng.random() < self.missing else rng.gauss(self.leak, self.noise)

    def tell_refused(self) -> tuple[bool, str]:
        """Whether as many are refused as should be, and how many are."""
        draw = partial(self.draw, random.Random(7))
        amount = OTHERS if self.leak or self.missing else SOUND
        judged = [count_seeds_and_judge(self.estimand, draw) for _ in range(amount)]
        refused, seeds = sum(is_refused for _, is_refused in judged), sum(seeds for seeds, _ in judged)
        is_well = self.least <= refused / amount <= self.most
        wanted = "" if is_well else f", and {self.least:.1%} to {self.most:.1%} are wanted"
        sort = f"{self.estimand['kind']}, noise {self.noise:g}, leak {self.leak:g}, {self.missing:.0%} missing"
        return is_well, f"{sort}: {refused:,} of {amount:,} refused, at {seeds / amount:.0f} seeds{wanted}"


CASES = (
    Case(estimand=DIFFERENCE, noise=1.0, most=0.005),
    Case(estimand=DIFFERENCE, noise=2.0, most=0.005),
    Case(estimand=DIFFERENCE, noise=4.0, most=0.005),
    Case(estimand=LEVEL, noise=4.0, most=0.005),
    Case(estimand=DIFFERENCE, noise=1.0, missing=0.2, most=0.1),
    Case(estimand=DIFFERENCE, noise=2.0, missing=0.2, most=0.1),
    Case(estimand=DIFFERENCE, noise=1.0, leak=1.5, least=0.8),
    Case(estimand=DIFFERENCE, noise=2.0, leak=1.5, least=0.8),
    Case(estimand=LEVEL, noise=2.0, leak=1.5, least=0.8),
    Case(estimand=DIFFERENCE, noise=4.0, leak=1.5),
    Case(estimand=DIFFERENCE, noise=4.0, leak=3.0, least=0.8),
)


def main() -> int:
    """0 where luck refuses few, and leaks are found."""
    amiss = 0
    for case in CASES:
        is_well, line = case.tell_refused()
        print(line, flush=True)
        amiss += not is_well
    return int(amiss > 0)


if __name__ == "__main__":
    sys.exit(main())
