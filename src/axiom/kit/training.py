"""Gradient descent in compiled epochs: one compilation per shape, whatever the seed and the learning rate."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt

from axiom.kit import models, pace
from axiom.kit.data import Floats, Labels, Task
from axiom.kit.models import Net


def cross_entropy(net: Net, x: models.Array, y: models.Array) -> jax.Array:
    """Mean softmax cross-entropy, in nats."""
    outputs = jnp.asarray(models.logits(net, x))
    picked = jnp.sum(outputs * jax.nn.one_hot(y, outputs.shape[1]), axis=1)
    return jnp.mean(jax.nn.logsumexp(outputs, axis=1) - picked)


def sgd(start: Net, task: Task, orders: npt.NDArray[np.int32], *, lr: float, batch: int) -> Iterator[Net]:
    """Plain stochastic gradient descent on the cross-entropy; yields the network after each epoch.

    `orders` holds one row of item numbers per epoch; what does not fill a batch at the end of a row waits for the next
    shuffle. Networks come out as NumPy arrays, so that what is measured on them compiles nothing.
    """
    epochs, items = orders.shape
    if batch > items:
        raise ValueError(f"a batch of {batch} from {items} items never fills, so nothing would be learned")
    x, y = jnp.asarray(task.x_train), jnp.asarray(task.y_train)
    net = start
    for done, order in enumerate(orders, start=1):
        net, losses = _epoch(net, x, y, order, lr, batch=batch)
        if done == 1:
            pace.early(np.asarray(losses))
        pace.block(done / epochs)
        yield jax.tree.map(np.asarray, net)


@partial(jax.jit, static_argnames="batch")
def _epoch(net: Net, x: jax.Array, y: jax.Array, order: jax.Array, lr: float, *, batch: int) -> tuple[Net, jax.Array]:
    """One pass through the data: the network after it and the loss before each step."""
    steps = order.shape[0] // batch
    descent = jax.value_and_grad(cross_entropy)

    def step(net: Net, items: jax.Array) -> tuple[Net, jax.Array]:
        loss, gradient = descent(net, x[items], y[items])
        return jax.tree.map(lambda weight, slope: weight - lr * slope, net, gradient), loss

    # The orders come from outside: shuffling in here, or drawing items, would cost half as much again.
    return jax.lax.scan(step, net, order[: steps * batch].reshape(steps, batch))


def accuracy(net: Net, x: Floats, y: Labels) -> float:
    """The share of rows whose strongest output is the right one."""
    return float(np.mean(np.argmax(np.asarray(models.logits(net, x)), axis=1) == y))
