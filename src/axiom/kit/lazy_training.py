"""How lazy a network is: outputs times alpha, and the loss over its square (Chizat et al. 2019, arXiv:1812.07956).

Outputs then learn as fast whatever alpha is, and what is below them moves by one over alpha: of a large one, hardly.
"""

from __future__ import annotations

from dataclasses import dataclass

import jax

from axiom.kit import losses, models
from axiom.kit.models import Array, Net


@dataclass(frozen=True, kw_only=True)
class Scaled:
    """The loss of alpha times the outputs of a plain ReLU network, over alpha squared."""

    loss: str  # cross_entropy or squared_error

    def __call__(self, net: Net, x: Array, y: Array, alpha: Array) -> jax.Array:
        """Of these rows."""
        of = losses.softmax_loss if self.loss == "cross_entropy" else losses.squared_loss
        return of(alpha * models.logits(net, x), y) / alpha**2
