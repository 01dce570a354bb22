"""Laws whose truth is known: seven under which there is no effect, as they come out of experiments with networks."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
CONTRAST: Mapping[str, Any] = {  # what is asked of the difference of two arms
    "name": "gap",
    "kind": "contrast",
    "measure": "loss",
    "between": [{"arm": 1}, {"arm": 0}],
    "bounds": None,
    "null": 0.0,
    "smallest": 0.0,
}
Draw = Callable[[np.random.Generator, tuple[int, ...]], Numbers]


@dataclass(frozen=True, kw_only=True)
class Law:
    """A law, its mean and median, and within which bounds it lies, if it does."""

    draw: Draw
    mean: float
    median: float
    bounds: tuple[float, float] | None = None
    right: str  # the process that weighs a level of this kind


def _grokked(rng: np.random.Generator, shape: tuple[int, ...]) -> Numbers:
    """One in twenty gains a lot, all others lose a little: the mean is 0."""
    gained = rng.random(shape) < 0.05
    return np.where(gained, 0.95, -0.05) + rng.uniform(-0.02, 0.02, shape)


LAWS: dict[str, Law] = {
    "normal": Law(draw=lambda rng, shape: rng.normal(size=shape), mean=0.0, median=0.0, right="sign"),
    "t3": Law(draw=lambda rng, shape: rng.standard_t(3, shape), mean=0.0, median=0.0, right="sign"),
    "exponential": Law(
        draw=lambda rng, shape: rng.exponential(size=shape), mean=1.0, median=float(np.log(2.0)), right="sign"
    ),
    "lognormal": Law(
        draw=lambda rng, shape: rng.lognormal(size=shape), mean=float(np.exp(0.5)), median=1.0, right="sign"
    ),
    "one in ten": Law(
        draw=lambda rng, shape: (rng.random(shape) < 0.1).astype(float),
        mean=0.1,
        median=0.0,
        bounds=(0.0, 1.0),
        right="bernoulli",
    ),
    "beta(2,2)": Law(
        draw=lambda rng, shape: rng.beta(2.0, 2.0, shape), mean=0.5, median=0.5, bounds=(0.0, 1.0), right="betting"
    ),
    "rare leap": Law(draw=_grokked, mean=0.0, median=-0.049, bounds=(-0.07, 0.97), right="betting"),
}
