"""Normalisation: numbers are brought to a mean of 0 and a variance of 1, then scaled by gains that are learned.

Layer normalisation does so over the neurons of each row, batch normalisation over the rows of each neuron. The same
functions take NumPy arrays and, inside a compiled program, JAX's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np

from axiom.kit.models import ACTIVATIONS, Array, Layer, Net, affine, library_of, mlp

TINY = 1e-5  # is added to each variance, so that what does not vary is not divided by 0


def layer_norm(gains: Layer, x: Array) -> Array:
    """Each row over its own numbers (Ba, Kiros & Hinton 2016). Gains are one weight and one bias for each number."""
    mean, variance = x.mean(axis=-1, keepdims=True), x.var(axis=-1, keepdims=True)
    return _scaled(gains, x, mean, variance)


def batch_norm(gains: Layer, x: Array) -> Array:
    """Each column over all rows, or each channel over all pixels of all images (Ioffe & Szegedy 2015)."""
    rows = tuple(range(x.ndim - 1))
    return _scaled(gains, x, x.mean(axis=rows), x.var(axis=rows))


NORMS = {"layer": layer_norm, "batch": batch_norm}


@dataclass(frozen=True, kw_only=True)
class Normalised:
    """Each hidden layer normalises what its affine map gives, and activates. The layer behind a map holds its gains."""

    norm: str  # layer or batch; with batch, over the rows that it is given: ask `folded` about others
    activation: str = "relu"

    def hidden(self, net: Net, x: Array) -> tuple[Array, ...]:
        """The activations of every hidden layer, first to last."""
        activate, library = ACTIVATIONS[self.activation], library_of(x, net)
        activations: list[Array] = []
        for layer, gains in _pairs(net):
            x = activate(library, NORMS[self.norm](gains, affine(layer, x)))
            activations.append(x)
        return tuple(activations)

    def outputs(self, net: Net, x: Array) -> Array:
        """What the last layer gives, before any softmax."""
        return affine(net[-1], self.hidden(net, x)[-1])

    def folded(self, net: Net, x: Array) -> Net:
        """The plain network that a network with batch norm is, when means and variances are always those of `x`.

        So it is asked once it is trained, `x` being what it was trained on (Ioffe & Szegedy 2015, algorithm 2). It is a
        network of `models.Architecture` with the same activation.
        """
        if self.norm != "batch":
            raise ValueError(
                f"{self.norm} norm depends on the row, so no plain network is equal: ask the network itself"
            )
        activate, plain = ACTIVATIONS[self.activation], []
        for layer, gains in _pairs(net):
            heard = affine(layer, x)
            scale = gains.weights * (heard.var(axis=0) + TINY) ** -0.5
            plain.append(Layer(layer.weights * scale, (layer.biases - heard.mean(axis=0)) * scale + gains.biases))
            x = activate(library_of(x, net), affine(plain[-1], x))
        return (*plain, net[-1])


def normalised_mlp(rng: np.random.Generator, sizes: Sequence[int], *, gain: float = 2.0) -> Net:
    """The start of `models.mlp`, with gains of 1 and biases of 0 behind each hidden layer."""
    *hidden, last = mlp(rng, sizes, gain=gain)
    gains = [Layer(np.ones_like(layer.biases), np.zeros_like(layer.biases)) for layer in hidden]
    return (*chain.from_iterable(zip(hidden, gains, strict=True)), last)


def _scaled(gains: Layer, x: Array, mean: Any, variance: Any) -> Array:
    scaled: Array = (x - mean) * (variance + TINY) ** -0.5 * gains.weights + gains.biases
    return scaled


def _pairs(net: Net) -> list[tuple[Layer, Layer]]:
    """Each hidden layer with its gains."""
    return list(zip(net[:-1:2], net[1::2], strict=True))
