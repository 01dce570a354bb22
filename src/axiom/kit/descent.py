"""Full-batch descent of any objective in compiled blocks: for questions in which no noise may enter."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeAlias, TypeVar

import jax
import numpy as np

from axiom.kit import progress, side_by_side
from axiom.kit.losses import Objective
from axiom.kit.models import Array
from axiom.kit.optimizers import SGD, Memory, Optimizer, Rates

Params: TypeAlias = Any  # a network, or any tuple of arrays, and tuples of these
P = TypeVar("P")
Seen = TypeVar("Seen")
_Held: TypeAlias = "tuple[list[Array], list[Memory]]"  # weights and memories between two blocks


def descended(
    start: P,
    x: Array,
    y: Array,
    *,
    objective: Objective,
    rates: Rates,
    steps: int,
    every: int,
    watch: Callable[[P, float], Seen],
    is_over: Callable[[Seen], bool] = lambda _seen: False,
    optimizer: Optimizer = SGD,
    context: tuple[Any, ...] = (),
) -> tuple[P, list[Seen]]:
    """Take `steps` steps on all rows at once: the weights at the end, and what `watch` saw after each block.

    A block is `every` steps, the last one what is left. `watch` gets the weights as NumPy arrays and the loss before
    the block's last step, and returns numbers or arrays, or lists, tuples and dictionaries of them. Once `is_over` says
    so of what it saw, nothing more is computed. An interrupted descent goes on where it was kept. The objective is
    called with the weights, `x`, `y` and what is in `context`; it is compiled once for all that are equal.
    """
    rates.check_steps(steps)
    course = _Course(start, side_by_side.put((x, y, context)), rates, objective, optimizer)

    def step(state: tuple[_Held, list[Seen]], number: int) -> tuple[_Held, list[Seen]]:
        descent, seen = state
        if seen and is_over(seen[-1]):
            return state
        descent, loss = course.step(descent, number * every, min(every, steps - number * every))
        return descent, [*seen, watch(course.weights(descent), loss)]

    nothing: list[Seen] = []
    descent, seen = progress.blocks((course.begin(), nothing), step, math.ceil(steps / every))
    return course.weights(descent), seen


class _Course:
    """One descent, a block of steps after the other."""

    def __init__(self, start: Params, rows: Any, rates: Rates, objective: Objective, optimizer: Optimizer) -> None:
        self._start, self._shape = jax.tree.flatten(start)
        self._rows, self._rates, self._objective, self._optimizer = rows, rates, objective, optimizer

    def begin(self) -> _Held:
        """The weights at the start, and memories of nothing."""
        weights: list[Array] = side_by_side.put(self._start)
        return weights, self._optimizer.begin(self._start)

    def step(self, state: _Held, done: int, count: int) -> tuple[_Held, float]:
        """`count` steps after those that are done, and the loss before the last of them."""
        net, kept, losses = _block(
            jax.tree.unflatten(self._shape, state[0]),
            tuple(state[1]),
            *self._rows,
            np.float32(done + 1),
            self._rates,
            count=count,
            optimizer=self._optimizer,
            objective=self._objective,
        )
        seen = np.asarray(losses)  # a part of JAX's array would be a program of its own, as dear as some steps
        if done == 0:
            progress.early(seen)
        return (jax.tree.leaves(net), list(kept)), float(seen[-1])

    def weights(self, state: _Held) -> Any:
        """The weights as NumPy arrays, in the shape in which they came."""
        return jax.tree.unflatten(self._shape, [np.asarray(leaf) for leaf in state[0]])


@side_by_side.program("count", "optimizer", "objective", stays=True)
def _block(
    net: Params,
    memories: tuple[Memory, ...],
    x: jax.Array,
    y: jax.Array,
    context: tuple[Any, ...],
    number: jax.Array,
    rates: Rates,
    *,
    count: int,
    optimizer: Optimizer,
    objective: Objective,
) -> tuple[Params, tuple[Memory, ...], jax.Array]:
    """`count` steps: weights and memories after the last, and the loss before each."""
    descent = jax.value_and_grad(objective)
    shape = jax.tree.structure(net)

    def step(state: Any, _: None) -> tuple[Any, jax.Array]:
        weights, kept, number = state
        loss, gradient = descent(jax.tree.unflatten(shape, weights), x, y, *context)
        weights, kept = optimizer.step(weights, jax.tree.leaves(gradient), kept, number, rates)
        return (weights, kept, number + 1), loss

    start = (jax.tree.leaves(net), list(memories), number)
    (weights, kept, _), losses = jax.lax.scan(step, start, None, length=count)
    return jax.tree.unflatten(shape, weights), tuple(kept), losses
