"""Networks as plain layers of arrays. The same functions take NumPy arrays and, inside a compiled program, JAX's."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import jax

Array: TypeAlias = "npt.NDArray[np.float32] | jax.Array"


class Layer(NamedTuple):
    """One affine map: inputs by outputs, and one bias per output."""

    weights: Array
    biases: Array


Net: TypeAlias = tuple[Layer, ...]


def mlp(rng: np.random.Generator, sizes: Sequence[int]) -> Net:
    """A ReLU network in standard parametrisation, from He's start: variance 2 / fan-in, biases at zero."""
    return tuple(
        Layer(
            weights=(rng.standard_normal((fan_in, fan_out)) * np.sqrt(2 / fan_in)).astype(np.float32),
            biases=np.zeros(fan_out, dtype=np.float32),
        )
        for fan_in, fan_out in itertools.pairwise(sizes)
    )


def hidden(net: Net, x: Array) -> tuple[Array, ...]:
    """The activations of every hidden layer, first to last."""
    activations: list[Array] = []
    for layer in net[:-1]:
        x = x @ layer.weights + layer.biases
        x = x * (x > 0)  # ReLU in operators alone, which NumPy and JAX share
        activations.append(x)
    return tuple(activations)


def logits(net: Net, x: Array) -> Array:
    """The outputs of the last layer, before any softmax."""
    last = net[-1]
    below = hidden(net, x)[-1] if len(net) > 1 else x
    return below @ last.weights + last.biases
