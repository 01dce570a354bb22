"""How often gate G7 refuses a placebo by luck, and how often it finds a leak, with 16 seeds at most and with more.

Each value is normal; the noise is four times the smallest effect that matters, and the leak is told in such effects.
"""

import random
import sys
from unittest.mock import patch

from axiom.laboratory.experiments.rules.controls import check_placebo_values
from axiom.limits import experiments as limits

PLACEBOS, LEAKS = 3_000, 300
MOST_BY_LUCK = 0.005
NOISE = 4.0
ESTIMAND = {"kind": "contrast", "null": 0.0, "smallest": 1.0, "bounds": None, "expects": "+"}


def main() -> int:
    """0 where luck refuses few."""
    shares = {}
    for most in (limits.CONTROL_MOST_SEEDS, limits.PLACEBO_MOST_SEEDS):
        rng = random.Random(7)
        with patch.object(limits, "PLACEBO_MOST_SEEDS", most):
            for leak in (0.0, 1.0, 2.0, 3.0, 4.0, 6.0):
                amount = LEAKS if leak else PLACEBOS
                refused = sum(is_refused(rng, leak) for _ in range(amount))
                shares[most, leak] = refused / amount
                print(f"{most} seeds at most, leak {leak:.0f}: {refused:,} of {amount:,} refused")
    return int(shares[limits.PLACEBO_MOST_SEEDS, 0.0] > MOST_BY_LUCK)


def is_refused(rng: random.Random, leak: float) -> bool:
    """Is it refused in the end, at as many seeds as it takes?"""
    values: list[float] = []
    wanted = limits.CONTROL_SEEDS
    while True:
        values += [rng.gauss(leak, NOISE) for _ in range(wanted - len(values))]
        answer = check_placebo_values(ESTIMAND, values)
        wanted = min(2 * len(values), answer.most)
        if wanted <= len(values):
            return not answer.is_spared


if __name__ == "__main__":
    sys.exit(main())
