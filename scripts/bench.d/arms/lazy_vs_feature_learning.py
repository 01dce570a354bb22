"""How far a network's weights travel, by hand."""

from typing import Any

import numpy as np
import numpy.typing as npt

from arms.networks import Mlp, batched
from axiom.kit import chance, data, geometry, models

CELLS: list[dict[str, Any]] = [{"width": width} for width in (8, 16, 32, 64, 128, 256, 512)]
WARM = {"epochs": 3}
APART = {"movement": 0.01, "similarity": 0.02, "test_accuracy": 0.02}


def by_hand(seed: int, dtype: npt.DTypeLike, *, width: int, lr: float = 0.05, epochs: int = 150) -> dict[str, float]:
    """One cell."""
    task = data.teacher(chance.stream(seed, "data"), inputs=20, classes=5, train=2_000, test=500)
    start = models.mlp(chance.stream(seed, "start"), (20, width, width, 5))
    net = Mlp(start, dtype)
    x, x_test, targets = task.x_train.astype(dtype), task.x_test.astype(dtype), np.eye(5, dtype=dtype)[task.y_train]
    first = net.weights[0].copy()
    before = net.activations(x_test)[2]
    moved = []
    for order in chance.orders(seed, items=2_000, epochs=epochs):
        net.epoch(x, targets, batched(order, 64), lr)
        moved.append(float(np.linalg.norm(net.weights[0] - first) / np.linalg.norm(first)))
    return {
        "movement": moved[-1],
        "similarity": geometry.cka(before, net.activations(x_test)[2]),
        "test_accuracy": net.accuracy(x_test, task.y_test),
    }
