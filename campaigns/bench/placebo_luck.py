"""How often gate G7 refuses a placebo by luck, and how often it finds a leak, with 16 seeds at most and with more.

Each value is normal; the noise is four times the smallest effect that matters, and the leak is told in such effects.
"""

import random
import sys
from functools import partial
from unittest.mock import patch

from placebos import is_refused

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
                refused = sum(is_refused(ESTIMAND, partial(rng.gauss, leak, NOISE)) for _ in range(amount))
                shares[most, leak] = refused / amount
                print(f"{most} seeds at most, leak {leak:.0f}: {refused:,} of {amount:,} refused")
    return int(shares[limits.PLACEBO_MOST_SEEDS, 0.0] > MOST_BY_LUCK)


if __name__ == "__main__":
    sys.exit(main())
