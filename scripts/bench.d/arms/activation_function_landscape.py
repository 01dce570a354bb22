"""What each activation reaches, by hand."""

from typing import Any

import numpy as np
import numpy.typing as npt

from arms.networks import ACTIVATIONS, Mlp, batched
from axiom.catalogue.activation_function_landscape import HELD_BACK, TEST, TRAIN
from axiom.kit import chance, data, models

CELLS: list[dict[str, Any]] = [
    {"task": "clusters", "activation": activation, "lr": lr} for activation in ACTIVATIONS for lr in (0.02, 0.1)
]
WARM = {"epochs": 5}
APART = {"final_accuracy": 0.02, "stopped_accuracy": 0.02}


def by_hand(
    seed: int, dtype: npt.DTypeLike, *, task: str, activation: str, lr: float, epochs: int = 200
) -> dict[str, float]:
    """One cell."""
    made = data.clusters(chance.stream(seed, task), inputs=20, classes=5, train=TRAIN, test=HELD_BACK + TEST)
    net = Mlp(models.mlp(chance.stream(seed, "start"), (20, 64, 32, 5)), dtype, activation)
    x, targets = made.x_train.astype(dtype), np.eye(5, dtype=dtype)[made.y_train]
    x_kept, x_test = np.split(made.x_test.astype(dtype), [HELD_BACK])
    y_kept, y_test = np.split(made.y_test, [HELD_BACK])
    held_back: list[float] = []
    reached: list[float] = []
    for done, order in enumerate(chance.orders(seed, items=TRAIN, epochs=epochs), start=1):
        net.epoch(x, targets, batched(order, 32), lr)
        if done % 5 == 0:
            held_back.append(net.accuracy(x_kept, y_kept))
            reached.append(net.accuracy(x_test, y_test))
    return {"final_accuracy": reached[-1], "stopped_accuracy": reached[held_back.index(max(held_back))]}
