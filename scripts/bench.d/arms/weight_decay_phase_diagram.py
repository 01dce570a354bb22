"""When weight decay makes a network understand, by hand: the line of the plane with the middle rate."""

from typing import Any

import numpy.typing as npt

from arms.quadratic import learned
from axiom.catalogue.weight_decay_phase_diagram import EVERY, HIDDEN, MODULUS, SHARE
from axiom.kit import arithmetic, chance

CELLS: list[dict[str, Any]] = [{"weight_decay": decay} for decay in (0.0, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)]
WARM = {"steps": EVERY}
APART = {"train_accuracy": 0.03, "test_accuracy": 0.06}


def by_hand(seed: int, dtype: npt.DTypeLike, *, weight_decay: float, steps: int = 4_000) -> dict[str, float]:
    """One cell."""
    task = arithmetic.modular_addition(chance.stream(seed, "pairs"), modulus=MODULUS, share=SHARE)
    start = arithmetic.quadratic(chance.stream(seed, "start"), modulus=MODULUS, hidden=HIDDEN)
    train, test, _ = learned(start, task, dtype, lr=0.01, weight_decay=weight_decay, steps=steps, every=EVERY)
    return {"train_accuracy": train, "test_accuracy": test}
