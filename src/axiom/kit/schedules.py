"""A learning rate for each step: constant, in stairs, along a cosine, and with a warm-up before any of these.

`Rates(lr=schedules.cosine(0.1, steps=1_000))` trains by it. Trainings of as many steps are one program, whatever their
schedules. NumPy alone, in double precision before rounding, so that every host takes the same steps.
"""

from collections.abc import Sequence

import numpy as np

from axiom.kit.data import Floats


def constant(lr: float, *, steps: int) -> Floats:
    """The same rate at every step."""
    return np.full(steps, lr, dtype=np.float32)


def stairs(lr: float, *, steps: int, after: Sequence[int], factor: float = 0.1) -> Floats:
    """The rate is multiplied by the factor after each of these numbers of steps (He et al. 2016)."""
    down = np.searchsorted(sorted(after), np.arange(steps), side="right")
    return (lr * factor**down).astype(np.float32)


def cosine(lr: float, *, steps: int, end: float = 0.0) -> Floats:
    """From the full rate down towards `end` along half a cosine (Loshchilov & Hutter 2017, arXiv:1608.03983)."""
    turned = np.pi * np.arange(steps) / steps
    return (end + (lr - end) * (1 + np.cos(turned)) / 2).astype(np.float32)


def warmed_up(rates: Floats, *, steps: int) -> Floats:
    """The same rates, of which the first grow in proportion to the steps done (Goyal et al. 2017, arXiv:1706.02677)."""
    done = np.arange(1, len(rates) + 1)
    return (rates * np.minimum(1.0, done / max(1, steps))).astype(np.float32)
