"""A network of squares that learns a table of sums, and its descent in NumPy, in one precision."""

from typing import Any

import numpy as np
import numpy.typing as npt

from arms.networks import AdamW
from axiom.kit import arithmetic, data

Array = npt.NDArray[Any]


def learned(
    start: arithmetic.Quadratic,
    task: data.LearningTask,
    dtype: npt.DTypeLike,
    *,
    lr: float,
    weight_decay: float,
    steps: int,
    every: int,
) -> tuple[float, float, int]:
    """The share that is right of what is shown and of the rest, and the steps: until that is mastered, or all."""
    inner, outer = np.array(start.inner, dtype), np.array(start.outer, dtype)
    adam = AdamW([inner, outer], lr=lr, decay=weight_decay)
    x, x_test = task.x_train.astype(dtype), task.x_test.astype(dtype)
    targets = np.eye(outer.shape[1], dtype=dtype)[task.y_train]
    train, test, done = 0.0, 0.0, 0
    while done < steps and test < arithmetic.MASTERED:
        for _ in range(min(every, steps - done)):
            adam.step(slopes(inner, outer, x, targets))
            done += 1
        train, test = accuracy(inner, outer, x, task.y_train), accuracy(inner, outer, x_test, task.y_test)
    return train, test, done


def slopes(inner: Array, outer: Array, x: Array, targets: Array) -> list[Array]:
    """The gradients of half the mean squared distance from the targets."""
    heard = x @ inner
    squares = heard * heard
    blame = squares @ outer
    blame -= targets
    blame /= len(x)
    below = blame @ outer.T
    below *= heard
    below *= 2
    return [x.T @ below, squares.T @ blame]


def accuracy(inner: Array, outer: Array, x: Array, y: Array) -> float:
    """The share of rows whose strongest output is the right one."""
    heard = x @ inner
    return float(np.mean(np.argmax((heard * heard) @ outer, axis=1) == y))
