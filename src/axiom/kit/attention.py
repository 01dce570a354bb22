"""Self-attention with one head: each token adds what others say, most of those that match it (Vaswani et al. 2017).

A row is a sequence of tokens, one behind the other; of an image, its lines. The same functions take NumPy arrays and,
inside a compiled program, JAX's.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from axiom.kit.models import ACTIVATIONS, Array, Layer, Net, affine, library_of, mlp


def shares(queries: Array, keys: Array) -> Array:
    """How much each token heeds each other: for each query a line of shares, which sum to 1."""
    scores = queries @ keys.swapaxes(-1, -2) * float(queries.shape[-1] ** -0.5)
    above = library_of(queries, ()).exp(scores - scores.max(axis=-1, keepdims=True))
    among: Array = above / above.sum(axis=-1, keepdims=True)
    return among


@dataclass(frozen=True, kw_only=True)
class SelfAttention:
    """Tokens are embedded, add what they heed of each other, and activate; their mean is read by the last layer.

    Five layers: embedding, queries, keys, values, readout. The biases of the embedding tell one place from another.
    """

    tokens: int
    activation: str = "relu"

    def shares(self, net: Net, x: Array) -> Array:
        """How much each token of each row heeds each other: rows, tokens, tokens."""
        return self._shares(net, self._embedded(net, x))

    def hidden(self, net: Net, x: Array) -> tuple[Array, ...]:
        """The mean of the tokens of each row, which the last layer reads."""
        embedded = self._embedded(net, x)
        heard = embedded + self._shares(net, embedded) @ affine(net[3], embedded)
        return (ACTIVATIONS[self.activation](library_of(x, net), heard).mean(axis=1),)

    def outputs(self, net: Net, x: Array) -> Array:
        """What the last layer gives, before any softmax."""
        return affine(net[4], self.hidden(net, x)[0])

    def _embedded(self, net: Net, x: Array) -> Array:
        return affine(net[0], x.reshape(len(x), self.tokens, -1))

    def _shares(self, net: Net, embedded: Array) -> Array:
        return shares(affine(net[1], embedded), affine(net[2], embedded))


def attentive(rng: np.random.Generator, *, tokens: int, size: int, width: int, classes: int) -> Net:
    """A start of variance 1 / fan-in. Each of so many tokens has `size` numbers and, once embedded, `width`.

    Places begin as standard normal vectors, so that tokens which are alike differ by where they are.
    """
    maps = [(size, width), (width, width), (width, width), (width, width), (width, classes)]
    (embedding,), *others = (mlp(rng, sizes, gain=1.0) for sizes in maps)
    places = rng.standard_normal((tokens, width)).astype(np.float32)
    return (Layer(embedding.weights, places), *(layer for (layer,) in others))
