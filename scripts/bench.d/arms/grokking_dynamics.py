"""When a network understands a table of sums, by hand: shares on both sides of the threshold, and two primes."""

from typing import Any

import numpy.typing as npt

from arms.quadratic import learned
from axiom.catalogue.grokking_dynamics import EVERY
from axiom.kit import arithmetic, chance

CELLS: list[dict[str, Any]] = [
    {"modulus": modulus, "share": share, "hidden": hidden}
    for modulus, share, hidden in ((23, 0.3, 64), (23, 0.5, 64), (23, 0.5, 128), (53, 0.3, 128), (53, 0.4, 128))
]
WARM = {"steps": EVERY}
APART = {"train_accuracy": 0.03, "test_accuracy": 0.06}


def by_hand(
    seed: int,
    dtype: npt.DTypeLike,
    *,
    modulus: int,
    share: float,
    hidden: int,
    steps: int = 10_000,
) -> dict[str, float]:
    """One cell."""
    task = arithmetic.modular_addition(chance.stream(seed, f"pairs of {modulus}"), modulus=modulus, share=share)
    start = arithmetic.quadratic(chance.stream(seed, "start"), modulus=modulus, hidden=hidden)
    train, test, _ = learned(start, task, dtype, lr=0.01, weight_decay=1.0, steps=steps, every=EVERY)
    return {"train_accuracy": train, "test_accuracy": test}
