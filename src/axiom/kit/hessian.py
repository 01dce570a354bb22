"""Curvature of an objective at a point, without ever writing the Hessian down.

One product with it costs about as much as two gradients (Pearlmutter 1994), and power iteration, Lanczos (1950) and
Hutchinson's estimator (1990) ask for nothing else. Weights may be any pytree of arrays. The objective is compiled in,
as in training, once for all that are equal; whatever is drawn comes from outside, so that the same draw can look at
different weights.
"""

from __future__ import annotations

from functools import partial
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt
from jax.flatten_util import ravel_pytree

from axiom.kit.losses import Objective
from axiom.kit.models import Array

Weights: TypeAlias = Any  # a network, or any pytree of arrays; a direction has its shape

_BREAKDOWN = 1e-5  # relative to the largest entry; below it, the Krylov space holds no further direction


def direction(rng: np.random.Generator, weights: Weights) -> Weights:
    """A random direction of the shape of these weights; all directions are equally likely."""
    return jax.tree.map(lambda leaf: rng.standard_normal(leaf.shape).astype(np.float32), weights)


def signs(rng: np.random.Generator, weights: Weights, count: int) -> Weights:
    """Rademacher probes: of each leaf, `count` copies of nothing but +1 and -1 with fair chances."""
    return jax.tree.map(
        lambda leaf: (2 * rng.integers(0, 2, size=(count, *leaf.shape)) - 1).astype(np.float32), weights
    )


@partial(jax.jit, static_argnums=0)
def hvp(objective: Objective, weights: Weights, vector: Weights, x: Array, y: Array, *context: Any) -> Weights:
    """The Hessian of the objective with respect to the weights, times a vector, in the shape of the weights."""
    gradient = jax.grad(lambda at: objective(at, x, y, *context))
    product: Weights = jax.jvp(gradient, (weights,), (vector,))[1]
    return product


@partial(jax.jit, static_argnums=0, static_argnames="iterations")
def sharpness(
    objective: Objective, weights: Weights, start: Weights, x: Array, y: Array, *context: Any, iterations: int = 30
) -> jax.Array:
    """The eigenvalue of largest modulus, with its sign, by power iteration from a random direction.

    It is the largest eigenvalue only where no negative one is larger in modulus; and it is approached from inside, the
    more slowly the closer the next one is. Where that matters, ask `lanczos`.
    """
    flat, shape = ravel_pytree(start)

    def product(vector: jax.Array) -> jax.Array:
        return ravel_pytree(hvp(objective, weights, shape(vector), x, y, *context))[0]

    def turn(_: Any, vector: jax.Array) -> jax.Array:
        turned = product(vector)
        length = jnp.linalg.norm(turned)
        return jnp.where(length > 0, turned / jnp.where(length > 0, length, 1.0), vector)

    vector = jax.lax.fori_loop(0, iterations - 1, turn, flat / jnp.linalg.norm(flat))
    return jnp.vdot(vector, product(vector))


def lanczos(
    objective: Objective, weights: Weights, start: Weights, x: Array, y: Array, *context: Any, iterations: int = 20
) -> npt.NDArray[np.float64]:
    """The Ritz values, ascending: the first and the last approach the least and the largest eigenvalue, signs and all.

    Fewer than `iterations` where the directions that can be reached from `start` are fewer.
    """
    parts = _tridiagonal(objective, weights, start, x, y, *context, iterations=iterations)
    diagonal, beside = (np.asarray(part, dtype=np.float64) for part in parts)
    weak = np.flatnonzero(~(beside > _BREAKDOWN * max(np.abs(diagonal).max(), beside.max())))
    count = int(weak[0]) + 1
    inner = beside[: count - 1]
    band = np.diag(diagonal[:count]) + np.diag(inner, 1) + np.diag(inner, -1)
    return np.linalg.eigvalsh(band).astype(np.float64)


@partial(jax.jit, static_argnums=0)
def trace(objective: Objective, weights: Weights, probes: Weights, x: Array, y: Array, *context: Any) -> jax.Array:
    """Hutchinson's estimate of the Hessian's trace: the mean of v.Hv over probes, whose leaves have one more axis.

    With entries of +1 and -1 the diagonal is met exactly, and only what lies beside it makes the estimate scatter.
    """

    def form(vector: Weights) -> jax.Array:
        product = hvp(objective, weights, vector, x, y, *context)
        return sum(map(jnp.vdot, jax.tree.leaves(vector), jax.tree.leaves(product)), start=jnp.float32(0))

    return jnp.mean(jax.lax.map(form, probes))


@partial(jax.jit, static_argnums=0, static_argnames="iterations")
def _tridiagonal(
    objective: Objective, weights: Weights, start: Weights, x: Array, y: Array, *context: Any, iterations: int
) -> tuple[jax.Array, jax.Array]:
    """The Hessian's diagonal in the Krylov basis, and what stands beside it; the last of these is 0."""
    flat, shape = ravel_pytree(start)

    def step(state: tuple[jax.Array, jax.Array], number: jax.Array) -> tuple[Any, tuple[jax.Array, jax.Array]]:
        basis, vector = state
        basis = basis.at[number].set(vector)
        product = ravel_pytree(hvp(objective, weights, shape(vector), x, y, *context))[0]
        diagonal = jnp.vdot(vector, product)
        # Twice against the whole basis: in single precision the three-term recurrence alone finds copies of one value.
        for _ in range(2):
            product = product - basis.T @ (basis @ product)
        length = jnp.linalg.norm(product)
        return (basis, product / jnp.where(length > 0, length, 1.0)), (diagonal, length)

    nothing = jnp.zeros((iterations, flat.size), flat.dtype)
    _, (diagonal, beside) = jax.lax.scan(step, (nothing, flat / jnp.linalg.norm(flat)), jnp.arange(iterations))
    return diagonal, beside.at[-1].set(0.0)
