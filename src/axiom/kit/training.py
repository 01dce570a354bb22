"""Gradient descent in compiled blocks: one compilation per shape and rule, whatever the seed and the rates."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from axiom.kit import progress, side_by_side
from axiom.kit.data import Floats, Labels, LearningTask
from axiom.kit.losses import CROSS_ENTROPY, Objective
from axiom.kit.minibatch_descent import Context, Course, Held
from axiom.kit.models import RELU, Array, Net, NetworkFunction
from axiom.kit.optimizers import SGD, Optimizer, Rates

Seen = TypeVar("Seen")


def sgd(start: Net, task: LearningTask, orders: npt.NDArray[np.int32], *, lr: float, batch: int) -> Iterator[Net]:
    """Plain stochastic gradient descent on the cross-entropy; yields the network after each epoch."""
    return descend(start, task, orders, optimizer=SGD, rates=Rates(lr=lr), batch=batch)


def descend(
    start: Net,
    task: LearningTask,
    orders: npt.NDArray[np.int32],
    *,
    optimizer: Optimizer,
    rates: Rates,
    batch: int,
    objective: Objective = CROSS_ENTROPY,
    context: Context = (),
    every: int = 1,
) -> Iterator[Net]:
    """Minimise an objective by small batches; yields the network after `every` epochs, and after the last.

    `orders` holds one row of item numbers per epoch; what does not fill a batch at the end of a row waits for the next
    shuffle. Networks come out as NumPy arrays, so that what is measured on them compiles nothing.
    """
    course = Course(
        start,
        task,
        orders,
        optimizer=optimizer,
        rates=rates,
        batch=batch,
        objective=objective,
        context=context,
        every=every,
    )
    descent = course.begin()
    for number in range(course.blocks):
        descent = course.step(descent, number)
        progress.block((number + 1) / course.blocks)
        yield course.net(descent)


def trained(
    start: Net,
    task: LearningTask,
    orders: npt.NDArray[np.int32],
    *,
    watch: Callable[[Net], Seen],
    rates: Rates,
    batch: int,
    optimizer: Optimizer = SGD,
    objective: Objective = CROSS_ENTROPY,
    context: Context = (),
    every: int = 1,
) -> tuple[Net, list[Seen]]:
    """Descend to the end: the last network, and what `watch` saw in it after `every` epochs and after the last.

    An interrupted training goes on where it was kept, with what was seen until then; `watch` returns numbers or arrays,
    or lists, tuples and dictionaries of them. As a `Look` it is compiled where several cells compute side by side.
    """
    course = Course(
        start,
        task,
        orders,
        optimizer=optimizer,
        rates=rates,
        batch=batch,
        objective=objective,
        context=context,
        every=every,
    )

    def step(state: tuple[Held, list[Seen]], number: int) -> tuple[Held, list[Seen]]:
        descent, seen = state
        descent = course.step(descent, number)
        return descent, [*seen, watch(course.net(descent))]

    nothing: list[Seen] = []
    if isinstance(watch, Look) and side_by_side.is_joined(start):
        return course.at_once(watch.of, watch.arrays)
    descent, seen = progress.blocks((course.begin(), nothing), step, course.blocks)
    return course.net(descent), seen


def steps_until_mastered(
    start: Net, task: LearningTask, orders: npt.NDArray[np.int32], *, share: float, rates: Rates, batch: int
) -> int | None:
    """Plain descent until this share of the rows that are asked is right: after how many steps; None if it never is.

    It looks after each row of `orders`, and tells nobody how far it is: whoever trains several networks does.
    """
    course = Course(
        start,
        task,
        orders,
        optimizer=SGD,
        rates=rates,
        batch=batch,
        objective=CROSS_ENTROPY,
        context=(),
        every=1,
    )
    descent = course.begin()
    for look in range(course.blocks):
        descent = course.step(descent, look)
        if accuracy(course.net(descent), task.x_test, task.y_test) >= share:
            return len(orders[0]) // batch * (look + 1)
    return None


@dataclass(frozen=True, kw_only=True)
class Look:
    """What to watch, as a function of a module: of the network and of these arrays, of NumPy or in a compiled program.

    Cells side by side then learn and look in one program.
    """

    of: Callable[..., Any]
    arrays: tuple[Any, ...] = ()

    def __call__(self, net: Net) -> Any:
        """What is seen in this network."""
        return self.of(net, *self.arrays)


UNWATCHED = Look(of=lambda _net: 0.0)
"""Where nothing is to be seen on the way."""


def accuracy(net: Net, x: Floats, y: Labels, architecture: NetworkFunction = RELU) -> float:
    """The share of rows whose strongest output is the right one; a number of JAX within a compiled program."""
    if side_by_side.is_traced(net):
        share: float = (_strongest(net, x, architecture=architecture) == y).mean()
        return share
    return float(np.mean(np.argmax(np.asarray(architecture.outputs(net, x)), axis=1) == y))


def cross_entropy(outputs: Array, y: Labels) -> float:
    """Mean softmax cross-entropy of outputs, in nats, as `losses.softmax_loss`; but NumPy's, so nothing is compiled."""
    outputs = np.asarray(outputs)
    below = outputs - outputs.max(axis=1, keepdims=True)
    return float(np.mean(np.log(np.exp(below).sum(axis=1)) - below[np.arange(len(y)), y]))


def answers(net: Net, x: Floats, architecture: NetworkFunction = RELU) -> npt.NDArray[np.int32]:
    """The strongest output of each row, by a compiled program: for whoever looks so often that NumPy takes longer."""
    strongest: npt.NDArray[np.int32] = _strongest(net, x, architecture=architecture)
    return strongest if side_by_side.is_traced(net) else np.asarray(strongest)


@side_by_side.program("architecture")
def _strongest(net: Net, x: Array, *, architecture: NetworkFunction) -> Array:
    return architecture.outputs(net, x).argmax(axis=1)
