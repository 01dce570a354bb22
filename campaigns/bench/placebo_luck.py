"""How often gate G7 refuses a placebo by luck, how often it finds a leak, and at how many seeds.

Each value is normal; noise and leak are told in smallest effects that matter. A difference of two arms is weighed by
ranks, a level by signs, which tell less. Where values are missing, they are so by chance.
"""

import random
import sys
from dataclasses import dataclass

from placebos import count_seeds_and_judge

SOUND, LEAKY = 1_000, 150
DIFFERENCE = {"kind": "contrast", "null": 0.0, "smallest": 1.0, "bounds": None, "expects": "+"}
LEVEL = DIFFERENCE | {"kind": "level"}


@dataclass(frozen=True, kw_only=True)
class Case:
    """Placebos of one sort, and which share of them may be refused."""

    noise: float
    leak: float = 0.0
    missing: float = 0.0
    estimand: dict[str, object]
    least: float = 0.0
    most: float = 1.0


CASES = (
    Case(noise=1.0, estimand=DIFFERENCE, most=0.005),
    Case(noise=2.0, estimand=DIFFERENCE, most=0.005),
    Case(noise=4.0, estimand=DIFFERENCE, most=0.005),
    Case(noise=4.0, estimand=LEVEL, most=0.005),
    Case(noise=1.0, missing=0.2, estimand=DIFFERENCE, most=0.1),
    Case(noise=2.0, missing=0.2, estimand=DIFFERENCE, most=0.1),
    Case(noise=1.0, leak=1.5, estimand=DIFFERENCE, least=0.8),
    Case(noise=2.0, leak=1.5, estimand=DIFFERENCE, least=0.8),
    Case(noise=2.0, leak=1.5, estimand=LEVEL, least=0.8),
    Case(noise=4.0, leak=1.5, estimand=DIFFERENCE),
    Case(noise=4.0, leak=3.0, estimand=DIFFERENCE, least=0.8),
)


def main() -> int:
    """0 where luck refuses few, and leaks are found."""
    amiss = 0
    for case in CASES:
        rng = random.Random(7)
        judged = [
            count_seeds_and_judge(
                case.estimand,
                lambda rng=rng, case=case: None if rng.random() < case.missing else rng.gauss(case.leak, case.noise),
            )
            for _ in range(LEAKY if case.leak or case.missing else SOUND)
        ]
        refused = sum(is_refused for _, is_refused in judged)
        is_well = case.least <= refused / len(judged) <= case.most
        amiss += not is_well
        print(
            f"{case.estimand['kind']}, noise {case.noise:g}, leak {case.leak:g}, {case.missing:.0%} missing: "
            f"{refused:,} of {len(judged):,} refused, at {sum(seeds for seeds, _ in judged) / len(judged):.0f} seeds"
            f"{'' if is_well else f', and {case.least:.1%} to {case.most:.1%} are wanted'}",
            flush=True,
        )
    return int(amiss > 0)


if __name__ == "__main__":
    sys.exit(main())
