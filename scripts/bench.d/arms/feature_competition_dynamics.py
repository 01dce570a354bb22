"""A strong feature beside a weak one, by hand: without spectral decoupling."""

from typing import Any

import numpy as np
import numpy.typing as npt

from arms.networks import Mlp, batched, cross_entropy
from axiom.catalogue.feature_competition_dynamics import BLOCK, CLASSES, KEPT_BACK, SNAPSHOTS, TRAIN, blocks
from axiom.kit import chance, models

CELLS: list[dict[str, Any]] = [{"width": width, "strong": 1.0, "decoupling": 0.0} for width in (32, 64, 128, 256)]
WARM: dict[str, Any] = {}  # a shorter cell would have blocks of other lengths
APART = {"gradient_ratio": 0.03, "weak_accuracy": 0.02, "stopped_weak_accuracy": 0.02, "test_accuracy": 0.02}


def by_hand(
    seed: int,
    dtype: npt.DTypeLike,
    *,
    width: int,
    strong: float,
    decoupling: float,
    weak: float = 0.5,
    lr: float = 0.05,
    epochs: int = 200,
) -> dict[str, float]:
    """One cell."""
    assert decoupling == 0  # noqa: S101  the only arm that is written here
    task = blocks(seed, strong=strong, weak=weak)
    net = Mlp(models.mlp(chance.stream(seed, "start"), (2 * BLOCK, width, CLASSES)), dtype)
    x, targets = task.x_train.astype(dtype), np.eye(CLASSES, dtype=dtype)[task.y_train]
    x_test = task.x_test.astype(dtype)
    silenced = x_test * (np.arange(2 * BLOCK) >= BLOCK)
    ratios: list[float] = []
    kept_back: list[float] = []
    asked: list[float] = []
    for done, order in enumerate(chance.orders(seed, items=TRAIN, epochs=epochs), start=1):
        net.epoch(x, targets, batched(order, 50), lr)
        if done % -(-epochs // SNAPSHOTS) == 0:
            ratios.append(ratio(net, x, targets))
            kept_back.append(net.accuracy(silenced[:KEPT_BACK], task.y_test[:KEPT_BACK]))
            asked.append(net.accuracy(silenced[KEPT_BACK:], task.y_test[KEPT_BACK:]))
    return {
        "gradient_ratio": float(np.mean(ratios)),
        "weak_accuracy": asked[-1],
        "stopped_weak_accuracy": asked[kept_back.index(max(kept_back))],
        "test_accuracy": net.accuracy(x_test[KEPT_BACK:], task.y_test[KEPT_BACK:]),
    }


def ratio(net: Mlp, x: npt.NDArray[Any], targets: npt.NDArray[Any]) -> float:
    """The length of the gradient of the weights that read the strong block, over that of the weak block."""
    hidden = net.activations(x)[1]
    blame = cross_entropy(net.outputs(x), targets)
    slopes = x.T @ ((blame @ net.weights[1].T) * (hidden > 0))
    return float(np.linalg.norm(slopes[:BLOCK]) / np.linalg.norm(slopes[BLOCK:]))
