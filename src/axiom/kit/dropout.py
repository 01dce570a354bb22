"""Dropout: while a network learns, neurons are silent by chance, others at each showing (Srivastava et al. 2014).

Patterns of who is silent are drawn beforehand, by NumPy, so that every host has the same ones. Each showing of each row
has a pattern of its own for the inputs and for every hidden layer: `shown` makes a row of it, with their numbers behind
the answers. Who is left is louder by as much as is missing, so a network is asked afterwards as any other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt

from axiom.kit import fast_gradients
from axiom.kit.data import Floats, LearningTask
from axiom.kit.models import Array, Net

PATTERNS = 1_024  # of each layer


def patterns(rng: np.random.Generator, *, width: int, rate: float) -> Floats:
    """Rows of 0 where a neuron is silent; at a higher rate the same ones are, and more."""
    if not 0.0 <= rate < 1.0:
        raise ValueError(f"a rate of {rate} leaves nothing to learn with: take one from 0 to less than 1")
    drawn = rng.random((PATTERNS, width))
    return np.where(drawn < rate, 0.0, 1.0 / (1.0 - rate)).astype(np.float32)


def shown(
    rng: np.random.Generator, task: LearningTask, orders: npt.NDArray[np.int32], *, layers: int
) -> tuple[LearningTask, npt.NDArray[np.int32]]:
    """The task with a row for each showing, and the orders of these rows; so many layers have patterns."""
    epochs, items = orders.shape
    if items != len(task.x_train):
        raise ValueError(f"an order of {items} of {len(task.x_train)} rows: each epoch shows every row once")
    answers = np.tile(task.y_train.reshape(items, -1), (epochs, 1))
    numbers = rng.integers(0, PATTERNS, size=(epochs * items, layers), dtype=np.int32)
    rows = replace(task, x_train=np.tile(task.x_train, (epochs, 1)), y_train=np.concatenate([answers, numbers], axis=1))
    return rows, orders + items * np.arange(epochs, dtype=np.int32)[:, None]


@dataclass(frozen=True, kw_only=True)
class Dropout:
    """A loss of a plain ReLU network's outputs, as an objective whose context is the patterns of each layer.

    The first are those of the inputs. The loss gets the outputs and the columns of answers.
    """

    loss: Callable[[Array, Array], jax.Array]

    def __call__(self, net: Net, x: Array, y: Array, *patterns: Array) -> jax.Array:
        """The loss of these rows while their patterns are silent."""
        return self.loss(outputs(net, x, y[:, -len(patterns) :], patterns), y[:, : -len(patterns)])


def outputs(net: Net, x: Array, numbers: Array, patterns: Sequence[Array]) -> Array:
    """What a plain ReLU network gives while those are silent whom the patterns of these numbers, a row each, name."""
    above: Any = x * jnp.asarray(patterns[0])[numbers[:, 0]]
    for place, layer in enumerate(net[:-1], start=1):
        heard = fast_gradients.plus(fast_gradients.times(above, layer.weights), layer.biases)
        above = heard * (heard > 0) * jnp.asarray(patterns[place])[numbers[:, place]]
    return fast_gradients.plus(fast_gradients.times(above, net[-1].weights), net[-1].biases)
