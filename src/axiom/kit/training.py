"""Gradient descent in compiled blocks: one compilation per shape and rule, whatever the seed and the rates."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TypeAlias, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt

from axiom.kit import models, pace
from axiom.kit.data import Floats, Labels, Task
from axiom.kit.models import Net
from axiom.kit.optimizers import SGD, Memory, Optimizer, Rates

Seen = TypeVar("Seen")
_State: TypeAlias = "tuple[list[models.Array], list[Memory], jax.Array]"  # weights, memories, number of the next step
_Held: TypeAlias = "tuple[list[models.Array], list[Memory]]"  # between two blocks


def cross_entropy(net: Net, x: models.Array, y: Labels | jax.Array) -> jax.Array:
    """Mean softmax cross-entropy, in nats."""
    outputs = jnp.asarray(models.logits(net, x))
    picked = jnp.sum(outputs * jax.nn.one_hot(y, outputs.shape[1]), axis=1)
    return jnp.mean(jax.nn.logsumexp(outputs, axis=1) - picked)


def sgd(start: Net, task: Task, orders: npt.NDArray[np.int32], *, lr: float, batch: int) -> Iterator[Net]:
    """Plain stochastic gradient descent on the cross-entropy; yields the network after each epoch."""
    return descend(start, task, orders, optimizer=SGD, rates=Rates(lr=lr), batch=batch)


def descend(
    start: Net,
    task: Task,
    orders: npt.NDArray[np.int32],
    *,
    optimizer: Optimizer,
    rates: Rates,
    batch: int,
    every: int = 1,
) -> Iterator[Net]:
    """Minimise the cross-entropy by small batches; yields the network after `every` epochs, and after the last.

    `orders` holds one row of item numbers per epoch; what does not fill a batch at the end of a row waits for the next
    shuffle. Networks come out as NumPy arrays, so that what is measured on them compiles nothing.
    """
    course = _Course(start, task, orders, optimizer=optimizer, rates=rates, batch=batch, every=every)
    held = course.begin()
    for number in range(course.blocks):
        held = course.step(held, number)
        pace.block((number + 1) / course.blocks)
        yield course.net(held)


def trained(
    start: Net,
    task: Task,
    orders: npt.NDArray[np.int32],
    *,
    watch: Callable[[Net], Seen],
    rates: Rates,
    batch: int,
    optimizer: Optimizer = SGD,
    every: int = 1,
) -> tuple[Net, list[Seen]]:
    """Descend to the end: the last network, and what `watch` saw in it after `every` epochs and after the last.

    An interrupted training goes on where it was kept, with what was seen until then; `watch` returns numbers or arrays,
    or lists, tuples and dictionaries of them.
    """
    course = _Course(start, task, orders, optimizer=optimizer, rates=rates, batch=batch, every=every)

    def step(state: tuple[_Held, list[Seen]], number: int) -> tuple[_Held, list[Seen]]:
        held, seen = state
        held = course.step(held, number)
        return held, [*seen, watch(course.net(held))]

    nothing: list[Seen] = []
    held, seen = pace.blocks((course.begin(), nothing), step, course.blocks)
    return course.net(held), seen


class _Course:
    """One training, a block of epochs after the other."""

    def __init__(
        self,
        start: Net,
        task: Task,
        orders: npt.NDArray[np.int32],
        *,
        optimizer: Optimizer,
        rates: Rates,
        batch: int,
        every: int,
    ) -> None:
        epochs, items = orders.shape
        if batch > items:
            raise ValueError(f"a batch of {batch} from {items} items never fills, so nothing would be learned")
        self._steps = items // batch
        self._batches = orders[:, : self._steps * batch].reshape(epochs * self._steps, batch)
        self._x, self._y = jnp.asarray(task.x_train), jnp.asarray(task.y_train)
        self._start, self._shape = jax.tree.flatten(start)
        self._optimizer, self._rates, self._every = optimizer, rates, every
        self.blocks = len(range(0, epochs, every))

    def begin(self) -> _Held:
        """The weights at the start, and memories of nothing."""
        weights: list[models.Array] = [jnp.asarray(array) for array in self._start]
        return weights, [(jnp.zeros_like(array),) * self._optimizer.memories for array in weights]

    def step(self, held: _Held, number: int) -> _Held:
        """The weights and the memories after the block of this number."""
        weights, memories = held
        first = number * self._every * self._steps
        due = self._batches[first : first + self._every * self._steps]
        net = jax.tree.unflatten(self._shape, weights)
        net, new, losses = _block(
            net, tuple(memories), self._x, self._y, due, np.float32(first + 1), self._rates, optimizer=self._optimizer
        )
        if number == 0:
            pace.early(np.asarray(losses))
        return jax.tree.leaves(net), list(new)

    def net(self, held: _Held) -> Net:
        """The network as NumPy arrays."""
        net: Net = jax.tree.unflatten(self._shape, [np.asarray(array) for array in held[0]])
        return net


@partial(jax.jit, static_argnames="optimizer")
def _block(
    net: Net,
    memories: tuple[Memory, ...],
    x: jax.Array,
    y: jax.Array,
    batches: jax.Array,
    count: jax.Array,
    rates: Rates,
    *,
    optimizer: Optimizer,
) -> tuple[Net, tuple[Memory, ...], jax.Array]:
    """One batch after the other: the network and the memories after the last, and the loss before each."""
    descent = jax.value_and_grad(cross_entropy)
    shape = jax.tree.structure(net)

    def step(state: _State, items: jax.Array) -> tuple[_State, jax.Array]:
        weights, kept, count = state
        loss, gradient = descent(jax.tree.unflatten(shape, weights), x[items], y[items])
        slopes = jax.tree.leaves(gradient)
        new = [optimizer.rule(*each, count, rates) for each in zip(weights, slopes, kept, strict=True)]
        return ([weight for weight, _ in new], [memory for _, memory in new], count + 1), loss

    # The orders come from outside: shuffling in here, or drawing items, would cost half as much again.
    (weights, kept, _), losses = jax.lax.scan(step, (jax.tree.leaves(net), list(memories), count), batches)
    return jax.tree.unflatten(shape, weights), tuple(kept), losses


def accuracy(net: Net, x: Floats, y: Labels) -> float:
    """The share of rows whose strongest output is the right one."""
    return float(np.mean(np.argmax(np.asarray(models.logits(net, x)), axis=1) == y))
