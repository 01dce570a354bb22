"""What a loss looks like from a network: along a line, around a place, and how flat a way through it is.

Places are vectors of all weights and biases, layer by layer, in double precision.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt
from jax.flatten_util import ravel_pytree
from numpy.linalg import norm

from axiom.kit.losses import Objective
from axiom.kit.models import Array, Layer, Net

Doubles: TypeAlias = npt.NDArray[np.float64]


def flat(net: Net) -> Doubles:
    """All weights and biases as one vector."""
    return np.concatenate([np.ravel(np.asarray(part)) for layer in net for part in layer]).astype(np.float64)


def shaped(like: Net, place: Doubles) -> Net:
    """The network, with layers as large as those of this one, that has these weights and biases."""
    sizes = [np.size(part) for layer in like for part in layer]
    parts = iter(np.split(place.astype(np.float32), np.cumsum(sizes)[:-1]))
    return tuple(Layer(*(next(parts).reshape(np.shape(part)) for part in layer)) for layer in like)


def straight(start: Doubles, end: Doubles, *, count: int) -> Doubles:
    """Evenly spaced places on the line from the one to the other, both included (Goodfellow et al. 2015)."""
    shares = np.linspace(0, 1, count)[:, None]
    places: Doubles = (1 - shares) * start + shares * end
    return places


def bump(line: npt.ArrayLike) -> float:
    """The most that losses in a row rise above one before, as a share of the fall from the first to the last.

    Below 0 there is none: 0 where they never rise. Where the last is not below the first, they rise without end.
    """
    heights = np.asarray(line, dtype=np.float64)
    fall, rise = heights[0] - heights[-1], np.max(heights - np.minimum.accumulate(heights))
    return float(rise / fall) if fall > 0 else float("inf")


def in_plane(way: Doubles) -> float:
    """The share of the points' variance along their first two principal components (Lorch 2016)."""
    centred = way - way.mean(axis=0)
    values = np.linalg.eigvalsh(centred @ centred.T)
    return float(values[-2:].sum() / values.sum())


def walked(rng: np.random.Generator, way: Doubles) -> Doubles:
    """A walk from the same place whose steps are as long, each in a direction by lot (Antognini et al. 2018)."""
    steps = np.diff(way, axis=0)
    turned = rng.standard_normal(steps.shape)
    turned *= norm(steps, axis=1, keepdims=True) / norm(turned, axis=1, keepdims=True)
    return np.concatenate([way[:1], way[0] + np.cumsum(turned, axis=0)])


def by_neuron(drawn: Net, net: Net) -> Doubles:
    """The direction, its part for each neuron made as long as the neuron's own weights (Li et al. 2018). Biases stay.

    A neuron's weights are those that lead to it.
    """
    parts = [norm(layer.weights, axis=0) / norm(way.weights, axis=0) for way, layer in zip(drawn, net, strict=True)]
    return _weights(drawn, parts)


def together(drawn: Net, net: Net) -> Doubles:
    """The direction, made as long as all weights of the network in one. Biases stay."""
    ones = [1.0] * len(net)
    whole = _weights(drawn, ones)
    length: Doubles = whole * (norm(_weights(net, ones)) / norm(whole))
    return length


def _weights(net: Net, factors: Sequence[Any]) -> Doubles:
    """The weights times these factors, and 0 for biases."""
    return flat(
        tuple(
            Layer(np.asarray(layer.weights) * factor, 0 * np.asarray(layer.biases))
            for layer, factor in zip(net, factors, strict=True)
        )
    )


def around(end: Doubles, directions: Sequence[Doubles], *, share: float) -> Doubles:
    """The place itself, and after it this share of each direction away from it, there and back."""
    return np.stack([end, *(end + side * share * direction for direction in directions for side in (1, -1))])


def losses_at(objective: Objective, like: Net, places: Doubles, x: Array, y: Array) -> Doubles:
    """The loss at each place of a network as large as this one: one program for as many places."""
    heights = _losses(objective, like, places.astype(np.float32), x, y)
    return np.asarray(heights, dtype=np.float64)


@partial(jax.jit, static_argnums=0)
def _losses(objective: Objective, like: Net, places: Array, x: Array, y: Array) -> jax.Array:
    shape = ravel_pytree(like)[1]
    heights: jax.Array = jax.lax.map(lambda place: objective(shape(place), x, y), jnp.asarray(places))
    return heights
