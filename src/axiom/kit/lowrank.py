"""Training with a matrix that has few numbers: one with gaps, or the product of two thin ones (Khodak et al. 2021).

Of a network with two hidden layers only the matrix between them is meant, which is the square one.
"""

from __future__ import annotations

from dataclasses import dataclass

import jax
import numpy as np
import numpy.typing as npt

from axiom.kit import losses, models, training
from axiom.kit.data import LearningTask
from axiom.kit.models import Array, Layer, Net
from axiom.kit.optimizers import Rates

Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Composed:
    """The loss of `composed`; what is gone has no gradient."""

    loss: str  # cross_entropy or squared_error

    def __call__(self, net: Net, x: Array, y: Array, stays: Array) -> jax.Array:
        """Of these rows."""
        of = losses.softmax_loss if self.loss == "cross_entropy" else losses.squared_loss
        return of(models.logits(composed(net, stays), x), y)


def composed(net: Net, stays: Array) -> Net:
    """The plain network of three layers: of a second one with its gaps, or of a second and third that are factors."""
    first, *middle, last = net
    weights = middle[0].weights @ middle[1].weights if len(middle) == 2 else middle[0].weights * stays
    return first, Layer(weights=weights, biases=middle[-1].biases), last


def middle(net: Net) -> Doubles:
    """The weights between the two hidden layers."""
    return np.asarray(net[1].weights, dtype=np.float64)


def instead(net: Net, weights: Doubles) -> Net:
    """The network with other weights there."""
    return net[0], net[1]._replace(weights=weights.astype(np.float32)), net[2]


def factored(net: Net, *, rank: int) -> Net:
    """The network with two factors of the same size for its middle matrix, or for what is nearest to it of this rank.

    They share its singular values evenly, so that neither learns faster than the other (spectral initialisation).
    """
    left, sizes, right = np.linalg.svd(middle(net))
    root = np.sqrt(sizes[:rank])
    first = Layer(weights=(left[:, :rank] * root).astype(np.float32), biases=np.zeros(rank, dtype=np.float32))
    other = Layer(weights=(root[:, None] * right[:rank]).astype(np.float32), biases=net[1].biases)
    return net[0], first, other, net[2]


def learned(
    net: Net,
    stays: Doubles,
    task: LearningTask,
    orders: npt.NDArray[np.int32],
    *,
    loss: str,
    lr: float,
    batch: int,
    every: int,
) -> tuple[Net, list[float]]:
    """The plain network that such a one has become, and its test accuracies on the way."""
    gaps = stays.astype(np.float32)
    end, seen = training.trained(
        net,
        task,
        orders,
        watch=lambda net: training.accuracy(composed(net, gaps), task.x_test, task.y_test),
        rates=Rates(lr=lr),
        batch=batch,
        objective=Composed(loss=loss),
        context=(gaps,),
        every=every,
    )
    return composed(end, gaps), seen
