"""What is minimised. An objective takes a network, inputs and targets, and returns one number to descend.

An objective is compiled into the program that descends it, once for all that are equal: so it is a function of a
module, or a frozen dataclass like `CrossEntropy`, and never made anew inside a cell.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp

from axiom.kit.models import RELU, Array, Net, NetworkFunction

Objective: TypeAlias = Callable[..., jax.Array]
"""Called with the network, the rows, their targets, and whatever arrays the training was given as context."""


@dataclass(frozen=True, kw_only=True)
class CrossEntropy:
    """Mean softmax cross-entropy, in nats; targets are the numbers of classes, or rows of their chances."""

    architecture: NetworkFunction = RELU

    def __call__(self, net: Net, x: Array, y: Array) -> jax.Array:
        """The loss of these rows."""
        return softmax_loss(self.architecture.outputs(net, x), y)


@dataclass(frozen=True, kw_only=True)
class SquaredError:
    """Half the squared distance of outputs and targets, summed over outputs and averaged over rows.

    Targets are rows of numbers, or the numbers of classes, which stand for unit vectors.
    """

    architecture: NetworkFunction = RELU

    def __call__(self, net: Net, x: Array, y: Array) -> jax.Array:
        """The loss of these rows."""
        return squared_loss(self.architecture.outputs(net, x), y)


def softmax_loss(outputs: Array, y: Array) -> jax.Array:
    """Mean softmax cross-entropy of outputs, in nats. A target is the number of a class, or a row of their chances."""
    outputs = jnp.asarray(outputs)
    picked = jnp.sum(outputs * _targets(outputs, y), axis=1)
    return jnp.mean(jax.nn.logsumexp(outputs, axis=1) - picked)


def squared_loss(outputs: Array, y: Array) -> jax.Array:
    """Half the squared distance of outputs and targets, summed over outputs and averaged over rows."""
    outputs = jnp.asarray(outputs)
    return 0.5 * jnp.mean(jnp.sum((outputs - _targets(outputs, y)) ** 2, axis=1))


def _targets(outputs: jax.Array, y: Array) -> Any:
    """The unit vectors of classes that are given by their numbers; rows stay as they are."""
    return jax.nn.one_hot(y, outputs.shape[1]) if y.ndim == 1 else y


CROSS_ENTROPY = CrossEntropy()
"""Of a plain ReLU network."""
