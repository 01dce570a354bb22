"""How much each weight matters for what a network has learned, and a penalty that keeps what matters.

The empirical Fisher information takes the labels as they are. Fisher's own would draw them from the network, and the
two agree only where the network knows the labels well (Kunstner et al. 2019, arXiv:1905.12558).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree

from axiom.kit.losses import CROSS_ENTROPY, Objective
from axiom.kit.models import Array, Net

P = TypeVar("P")


@partial(jax.jit, static_argnames=("objective",))
def diagonal(objective: Objective, weights: P, x: Array, y: Array, *context: Any) -> P:
    """The diagonal of the empirical Fisher information: the mean over rows of each row's squared gradient.

    The objective is a mean over rows, a negative log-likelihood where the name shall be deserved. What comes back has
    the shape of the weights.
    """
    descent = jax.grad(objective)

    # A row at a time: the gradients of all rows at once would take rows times weights of memory.
    def add(total: Any, row: tuple[Any, Any]) -> tuple[Any, None]:
        slope = descent(weights, row[0][None], row[1][None], *context)
        return jax.tree.map(lambda whole, gradient: whole + gradient**2, total, slope), None

    total, _ = jax.lax.scan(add, jax.tree.map(jnp.zeros_like, weights), (x, y))
    mean: P = jax.tree.map(lambda whole: whole / x.shape[0], total)
    return mean


def equalised(importance: P) -> P:
    """The same total importance, dealt out to all weights alike: what plain L2 would take care of."""
    leaves = jax.tree.leaves(importance)
    mean = sum(float(jnp.sum(leaf)) for leaf in leaves) / sum(leaf.size for leaf in leaves)
    equal: P = jax.tree.map(lambda leaf: jnp.full_like(leaf, mean), importance)
    return equal


@dataclass(frozen=True, kw_only=True)
class Anchored:
    """Elastic weight consolidation (Kirkpatrick et al. 2017, arXiv:1612.00796): important weights are held in place.

    An objective plus half of strength x importance x distance^2, summed over all weights. Anchor, importance and
    strength are the training's context. Plain descent stays stable while lr x strength x importance is below 2.
    """

    objective: Objective = CROSS_ENTROPY

    def __call__(
        self, net: Net, x: Array, y: Array, anchor: Net, importance: Net, strength: Array | float
    ) -> jax.Array:
        """The loss of these rows, and what the way from the anchor costs."""
        # One vector: a sum for every array would cost a fifth of a small network's step.
        weights, home, matters = (ravel_pytree(tree)[0] for tree in (net, anchor, importance))
        return self.objective(net, x, y) + 0.5 * strength * jnp.sum(matters * (weights - home) ** 2)
