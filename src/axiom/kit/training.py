"""Gradient descent in compiled blocks: one compilation per shape and rule, whatever the seed and the rates."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt

from axiom.kit import models, pace
from axiom.kit.data import Floats, Labels, Task
from axiom.kit.models import Net
from axiom.kit.optimizers import SGD, Memory, Optimizer, Rates

_State: TypeAlias = "tuple[list[models.Array], list[Memory], jax.Array]"  # weights, memories, number of the next step


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
    epochs, items = orders.shape
    if batch > items:
        raise ValueError(f"a batch of {batch} from {items} items never fills, so nothing would be learned")
    x, y = jnp.asarray(task.x_train), jnp.asarray(task.y_train)
    steps = items // batch
    batches = orders[:, : steps * batch].reshape(epochs * steps, batch)
    net: Net = jax.tree.map(jnp.asarray, start)
    memories = tuple((jnp.zeros_like(array),) * optimizer.memories for array in jax.tree.leaves(net))
    for done in range(0, epochs, every):
        due = batches[done * steps : (done + every) * steps]
        count = np.float32(done * steps + 1)
        net, memories, losses = _block(net, memories, x, y, due, count, rates, optimizer=optimizer)
        if done == 0:
            pace.early(np.asarray(losses))
        pace.block(min(done + every, epochs) / epochs)
        yield jax.tree.map(np.asarray, net)


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
