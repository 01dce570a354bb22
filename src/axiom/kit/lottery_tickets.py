"""Training with what a mask leaves of a start: a lottery ticket (Frankle & Carbin 2019, arXiv:1803.03635)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import jax
import numpy as np
import numpy.typing as npt

from axiom.kit import losses, pruning, training
from axiom.kit.data import LearningTask
from axiom.kit.models import Array, Net
from axiom.kit.optimizers import Rates

Seen = TypeVar("Seen")


def loss_of_what_stays(net: Net, x: Array, y: Array, mask: pruning.Mask) -> jax.Array:
    """The cross-entropy of a plain network of which the mask says what is left; what is gone has no gradient."""
    return losses.CROSS_ENTROPY(pruning.pruned(net, mask), x, y)


def learned(
    start: Net,
    mask: pruning.Mask,
    task: LearningTask,
    orders: npt.NDArray[np.int32],
    *,
    rates: Rates,
    batch: int,
    every: int,
    watch: Callable[[Net], Seen],
) -> tuple[Net, list[Seen]]:
    """What becomes of the start when only what the mask leaves of it learns, and what was seen in it on the way."""
    return training.trained(
        pruning.pruned(start, mask),
        task,
        orders,
        watch=watch,
        rates=rates,
        batch=batch,
        objective=loss_of_what_stays,
        context=(mask,),
        every=every,
    )


def scattered(rng: np.random.Generator, mask: pruning.Mask) -> pruning.Mask:
    """As many weights of each layer, in places chosen by lot: what a mask says beyond their number is gone."""
    return tuple(
        layer._replace(weights=rng.permutation(np.ravel(layer.weights)).reshape(layer.weights.shape)) for layer in mask
    )
