"""Whether two trained networks are one up to the order of their neurons, by hand."""

from typing import Any

import numpy as np
import numpy.typing as npt

from arms.networks import Mlp, batched, losses
from axiom.catalogue.mode_connectivity import PLACES
from axiom.kit import chance, data, geometry, matching, models

CELLS: list[dict[str, Any]] = [{"width": width} for width in (16, 32, 64, 128, 256, 512)]
WARM: dict[str, Any] = {}  # a shorter cell would have blocks of other lengths
APART = {"barrier": 0.03, "matched_barrier": 0.03, "test_accuracy": 0.02}


def by_hand(seed: int, dtype: npt.DTypeLike, *, width: int, lr: float = 0.05, epochs: int = 40) -> dict[str, float]:
    """One cell."""
    task = data.clusters(chance.stream(seed, "data"), inputs=20, classes=5, train=1_000, test=500)
    starts = [models.mlp(chance.stream(seed, f"{one} start"), (20, width, width, 5)) for one in ("first", "second")]
    nets = [Mlp(start, dtype) for start in starts]
    x, x_test, targets = task.x_train.astype(dtype), task.x_test.astype(dtype), np.eye(5, dtype=dtype)[task.y_train]
    for order in chance.orders(seed, items=1_000, epochs=epochs):
        for net in nets:
            net.epoch(x, targets, batched(order, 64), lr)
    first, second = (net.layers() for net in nets)
    matched = matching.matched(first, second)
    strangers, friends = (walk(first, other, x_test, task.y_test) for other in (second, matched))
    for other in (second, matched):
        walk(first, other, x, task.y_train)  # the experiment measures these, too
    return {
        "barrier": geometry.barrier(strangers[0]),
        "matched_barrier": geometry.barrier(friends[0]),
        "test_accuracy": (strangers[1][0] + strangers[1][-1]) / 2,
    }


def walk(
    first: models.Net, second: models.Net, x: npt.NDArray[Any], y: npt.NDArray[Any]
) -> tuple[list[float], list[float]]:
    """Cross-entropy and accuracy at even places from the first network to the second."""
    loss, right = [], []
    for share in np.linspace(0, 1, PLACES).tolist():
        outputs = Mlp(geometry.between(first, second, share=share), x.dtype).outputs(x)
        right.append(float(np.mean(outputs.argmax(axis=1) == y)))
        loss.append(float(losses(outputs, y).mean()))
    return loss, right
