"""Two networks that are trained side by side on the same rows, as one tuple of layers."""

from __future__ import annotations

import jax

from axiom.kit.losses import CROSS_ENTROPY
from axiom.kit.models import Array, Net


def halves(pair: Net) -> tuple[Net, Net]:
    """The first network and the second."""
    return pair[: len(pair) // 2], pair[len(pair) // 2 :]


def cross_entropies(pair: Net, x: Array, y: Array) -> jax.Array:
    """The sum of the losses of two plain ReLU networks: by its gradient each learns as if it were alone."""
    first, second = halves(pair)
    return CROSS_ENTROPY(first, x, y) + CROSS_ENTROPY(second, x, y)
