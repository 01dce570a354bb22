"""What a second task leaves of the first, by hand: plain, and held by Fisher information."""

from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from arms.networks import Mlp, batched, cross_entropy
from axiom.catalogue.power_law_forgetting import ITEMS, PARTS, TEST
from axiom.kit import chance, data, models

Array = npt.NDArray[Any]

CELLS: list[dict[str, Any]] = [
    {"tasks": tasks, "importance": importance, "strength": strength}
    for tasks in ("clusters", "teachers")
    for importance, strength in (("none", 1.0), ("fisher", 1.0), ("fisher", 30.0), ("fisher", 300.0))
]
WARM: dict[str, Any] = {}  # a shorter cell would have blocks of other lengths
APART = {"second_accuracy": 0.02, "mean_accuracy": 0.02}


def by_hand(
    seed: int,
    dtype: npt.DTypeLike,
    *,
    tasks: str,
    importance: str,
    strength: float,
    lr: float = 0.05,
    epochs: int = 20,
) -> dict[str, float]:
    """One cell."""
    first, second = (made(seed, tasks, purpose) for purpose in ("first", "second"))
    net = Mlp(models.mlp(chance.stream(seed, "start"), (20, 64, 64, 5)), dtype)
    x_first, x_second = first.x_test.astype(dtype), second.x_test.astype(dtype)
    held: list[tuple[Array, Array]] = []  # of each array where it is held, and how strongly
    seen: list[float] = []  # of the first task
    orders = chance.orders(seed, items=ITEMS, epochs=2 * epochs)
    for task, due in ((first, orders[:epochs]), (second, orders[epochs:])):
        x, targets = task.x_train.astype(dtype), np.eye(5, dtype=dtype)[task.y_train]
        for done, order in enumerate(due, start=1):
            for items in batched(order, 32):
                slopes = net.gradients(x[items], partial(cross_entropy, targets=targets[items]))
                for slope, array, (anchor, force) in zip(slopes, net.arrays, held, strict=False):
                    np.add(slope, force * (array - anchor), out=slope)
                net.descend(slopes, lr)
            if done % (epochs // PARTS) == 0:
                seen.append(net.accuracy(x_first, first.y_test))
        if task is first and importance == "fisher":
            forces = [strength * np.minimum(one, 1 / (lr * strength)) for one in fisher(net, x, targets)]
            held = [(array.copy(), force) for array, force in zip(net.arrays, forces, strict=True)]
    accuracy = net.accuracy(x_second, second.y_test)
    return {"second_accuracy": accuracy, "mean_accuracy": (seen[-1] + accuracy) / 2}


def fisher(net: Mlp, x: Array, targets: Array) -> list[Array]:
    """The mean over rows of each row's squared gradient: that of one row is an outer product, and so is its square."""
    layers = net.blamed(x, lambda outputs: cross_entropy(outputs, targets) * len(x))
    squares = [(below**2, blame**2) for below, blame in layers]
    return [*(below.T @ blame / len(x) for below, blame in squares), *(blame.mean(axis=0) for _, blame in squares)]


def made(seed: int, tasks: str, purpose: str) -> data.LearningTask:
    """One of the two tasks."""
    rng = chance.stream(seed, purpose)
    if tasks == "teachers":
        return data.teacher(rng, inputs=20, classes=5, train=ITEMS, test=TEST)
    return data.clusters(rng, inputs=20, classes=5, train=ITEMS, test=TEST, separation=0.8)
