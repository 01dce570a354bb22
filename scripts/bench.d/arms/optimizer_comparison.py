"""What optimizers reach, by hand: plain descent and AdamW."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from arms.networks import AdamW, Mlp, batched, cross_entropy
from axiom.kit import chance, data, models

CELLS: list[dict[str, Any]] = [
    {"task": task, "optimizer": optimizer, "lr": lr}
    for task in ("teacher", "clusters")
    for optimizer, lr in (("sgd", 0.05), ("sgd", 0.5), ("adamw", 0.001), ("adamw", 0.004))
]
WARM = {"epochs": 2}
APART = {"final_accuracy": 0.02, "stopped_accuracy": 0.04}
KEPT_BACK = 500
TASKS: dict[str, Callable[..., data.LearningTask]] = {"clusters": data.clusters, "teacher": data.teacher}
DECAY = 0.01  # of AdamW


def by_hand(
    seed: int, dtype: npt.DTypeLike, *, task: str, optimizer: str, lr: float, epochs: int = 40
) -> dict[str, float]:
    """One cell."""
    made = TASKS[task](chance.stream(seed, task), inputs=20, classes=5, train=1_000, test=KEPT_BACK + 1_000)
    net = Mlp(models.mlp(chance.stream(seed, "start"), (20, 32, 32, 5)), dtype)
    adam = AdamW(net.arrays, lr=lr, decay=DECAY)
    x, x_test, targets = made.x_train.astype(dtype), made.x_test.astype(dtype), np.eye(5, dtype=dtype)[made.y_train]
    reached = []  # of the data kept back, and of the test data
    for order in chance.orders(seed, items=1_000, epochs=epochs):
        if optimizer == "sgd":
            net.epoch(x, targets, batched(order, 50), lr)
        else:
            for items in batched(order, 50):
                adam.step(net.gradients(x[items], partial(cross_entropy, targets=targets[items])))
        right = np.argmax(net.outputs(x_test), axis=1) == made.y_test
        reached.append((float(right[:KEPT_BACK].mean()), float(right[KEPT_BACK:].mean())))
    return {"final_accuracy": reached[-1][1], "stopped_accuracy": max(reached, key=lambda pair: pair[0])[1]}
