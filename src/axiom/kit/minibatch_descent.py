"""One training by small batches, a compiled block of epochs after the other."""

from __future__ import annotations

from collections.abc import Callable
from operator import itemgetter
from typing import Any, TypeAlias

import jax
import numpy as np
import numpy.typing as npt

from axiom.kit import models, progress, side_by_side
from axiom.kit.data import LearningTask
from axiom.kit.losses import Objective
from axiom.kit.models import Net
from axiom.kit.optimizers import Memory, Optimizer, Rates

Context: TypeAlias = "tuple[models.Array | float | Net, ...]"
"""What an objective gets besides network, rows and targets."""
Held: TypeAlias = "tuple[list[models.Array], list[Memory]]"
"""Weights and memories between two blocks."""
_State: TypeAlias = "tuple[list[models.Array], list[Memory], jax.Array]"  # weights, memories, number of the next step


class Course:
    """One training, a block of epochs after the other."""

    def __init__(
        self,
        start: Net,
        task: LearningTask,
        orders: npt.NDArray[np.int32],
        *,
        optimizer: Optimizer,
        rates: Rates,
        batch: int,
        objective: Objective,
        context: Context,
        every: int,
    ) -> None:
        epochs, items = orders.shape
        if batch > items:
            raise ValueError(f"a batch of {batch} from {items} items never fills, so nothing would be learned")
        self._steps = items // batch
        self._batches = orders[:, : self._steps * batch].reshape(epochs * self._steps, batch)
        self._x, self._y = side_by_side.put(
            (task.x_train, task.y_train)
        )  # `jnp.asarray` compiles a copy for each shape
        self._start, self._shape = jax.tree.flatten(start)
        rates.check_steps(len(self._batches))
        self._optimizer, self._rates, self._every = optimizer, rates, every
        self._objective, self._context = objective, context
        self.blocks = len(range(0, epochs, every))

    def begin(self) -> Held:
        """The weights at the start, and memories of nothing."""
        weights: list[models.Array] = side_by_side.put(self._start)
        return weights, self._optimizer.begin(self._start)

    def step(self, held: Held, number: int) -> Held:
        """The weights and the memories after the block of this number."""
        weights, memories = held
        first = number * self._every * self._steps
        due = self._batches[first : first + self._every * self._steps]
        net = jax.tree.unflatten(self._shape, weights)
        net, new, losses = _block(
            net,
            tuple(memories),
            self._x,
            self._y,
            due,
            np.float32(first + 1),
            self._rates,
            self._context,
            optimizer=self._optimizer,
            objective=self._objective,
        )
        if number == 0:
            progress.early(np.asarray(losses))
        return jax.tree.leaves(net), list(new)

    def at_once(self, look: Callable[..., Any], arrays: tuple[Any, ...]) -> tuple[Net, list[Any]]:
        """All blocks as one program: the network at the end, and what `look` says after each block."""
        net, losses, seen = _blocks(
            jax.tree.unflatten(self._shape, self._start),
            tuple(self._optimizer.begin(self._start)),
            self._x,
            self._y,
            self._batches,
            self._rates,
            self._context,
            arrays,
            optimizer=self._optimizer,
            objective=self._objective,
            look=look,
            steps=min(self._every * self._steps, len(self._batches)),
        )
        progress.early(losses)
        progress.block(1.0)
        return net, [jax.tree.map(itemgetter(number), seen) for number in range(self.blocks)]

    def net(self, held: Held) -> Net:
        """The network as NumPy arrays."""
        net: Net = jax.tree.unflatten(self._shape, [np.asarray(array) for array in held[0]])
        return net


@side_by_side.program("optimizer", "objective", stays=True)
def _block(
    net: Net,
    memories: tuple[Memory, ...],
    x: jax.Array,
    y: jax.Array,
    batches: jax.Array,
    count: jax.Array,
    rates: Rates,
    context: Context,
    *,
    optimizer: Optimizer,
    objective: Objective,
) -> tuple[Net, tuple[Memory, ...], jax.Array]:
    """One batch after the other: the network and the memories after the last, and the loss before each."""
    descent = jax.value_and_grad(objective)
    shape = jax.tree.structure(net)

    def step(state: _State, items: jax.Array) -> tuple[_State, jax.Array]:
        weights, kept, count = state
        loss, gradient = descent(jax.tree.unflatten(shape, weights), x[items], y[items], *context)
        weights, kept = optimizer.step(weights, jax.tree.leaves(gradient), kept, count, rates)
        return (weights, kept, count + 1), loss

    # The orders come from outside: shuffling in here, or drawing items, would cost half as much again.
    (weights, kept, _), losses = jax.lax.scan(step, (jax.tree.leaves(net), list(memories), count), batches)
    return jax.tree.unflatten(shape, weights), tuple(kept), losses


@side_by_side.program("optimizer", "objective", "look", "steps")
def _blocks(
    net: Net,
    memories: tuple[Memory, ...],
    x: jax.Array,
    y: jax.Array,
    batches: jax.Array,
    rates: Rates,
    context: Context,
    arrays: tuple[Any, ...],
    *,
    optimizer: Optimizer,
    objective: Objective,
    look: Callable[..., Any],
    steps: int,
) -> tuple[Net, jax.Array, Any]:
    """One block after the other: the network after the last, the first losses, and what is seen after each."""

    def block(state: Any, due: jax.Array) -> tuple[Any, Any]:
        net, kept, count = state
        net, kept, losses = _block(
            net, kept, x, y, due, count, rates, context, optimizer=optimizer, objective=objective
        )
        return (net, kept, count + np.float32(steps)), (losses[: progress.LONGEST], look(net, *arrays))

    whole = len(batches) // steps * steps
    state, (losses, seen) = jax.lax.scan(
        block, (net, memories, np.float32(1)), batches[:whole].reshape(-1, steps, *batches.shape[1:])
    )
    if whole < len(batches):
        state, (_, last) = block(state, batches[whole:])
        seen = jax.tree.map(
            lambda before, end: jax.numpy.concatenate([before, jax.numpy.asarray(end)[None]]), seen, last
        )
    return state[0], losses[0], seen
