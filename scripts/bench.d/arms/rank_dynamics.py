"""What share of the stable rank training takes, by hand."""

from typing import Any

import numpy as np
import numpy.typing as npt

from arms.networks import Mlp, batched
from axiom.kit import chance, data, geometry, models

CELLS: list[dict[str, Any]] = [{"depth": depth, "lr": lr} for depth in (1, 2, 3) for lr in (0.005, 0.02, 0.1)]
WARM = {"epochs": 20}
APART = {"weight_compression": 0.02, "hidden_compression": 0.02, "test_accuracy": 0.03}
EVERY = 20
SIZES = {1: (20, 64, 5), 2: (20, 128, 64, 5), 3: (20, 256, 128, 64, 5)}


def by_hand(seed: int, dtype: npt.DTypeLike, *, depth: int, lr: float, epochs: int = 400) -> dict[str, float]:
    """One cell."""
    task = data.teacher(chance.stream(seed, "data"), inputs=20, classes=5, train=2_000, test=500)
    net = Mlp(models.mlp(chance.stream(seed, "start"), SIZES[depth]), dtype)
    x, x_test, targets = task.x_train.astype(dtype), task.x_test.astype(dtype), np.eye(5, dtype=dtype)[task.y_train]
    snapshots = [ranks(net, x_test)]
    for done, order in enumerate(chance.orders(seed, items=2_000, epochs=epochs), start=1):
        net.epoch(x, targets, batched(order, 64), lr)
        if done % EVERY == 0:
            snapshots.append(ranks(net, x_test))
    gone = [1 - end / begin for begin, end in zip(snapshots[0], snapshots[-1], strict=True)]
    return {
        "weight_compression": float(np.mean(gone[: depth + 1])),
        "hidden_compression": float(np.mean(gone[depth + 1 :])),
        "test_accuracy": net.accuracy(x_test, task.y_test),
    }


def ranks(net: Mlp, x: npt.NDArray[Any]) -> list[float]:
    """The stable rank of every weight matrix, and of every hidden representation around its mean."""
    hidden = net.activations(x)[1:]
    matrices = [*net.weights, *(active - active.mean(axis=0) for active in hidden)]
    return [float(geometry.stable_rank(matrix)) for matrix in matrices]
