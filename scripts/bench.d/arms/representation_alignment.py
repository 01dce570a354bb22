"""How alike two networks become, by hand."""

from typing import Any

import numpy as np
import numpy.typing as npt

from arms.networks import Mlp, batched
from axiom.kit import chance, data, geometry, models

CELLS: list[dict[str, Any]] = [{"width": width} for width in (16, 32, 64, 128, 256, 512)]
WARM: dict[str, Any] = {}  # a shorter cell would have blocks of other lengths
APART = {"first_alignment": 0.01, "second_alignment": 0.02, "test_accuracy": 0.02}


def by_hand(seed: int, dtype: npt.DTypeLike, *, width: int, lr: float = 0.05, epochs: int = 40) -> dict[str, float]:
    """One cell."""
    task = data.clusters(chance.stream(seed, "data"), inputs=20, classes=5, train=1_000, test=500)
    starts = [models.mlp(chance.stream(seed, f"{one} start"), (20, width, width, 5)) for one in ("first", "second")]
    nets = [Mlp(start, dtype) for start in starts]
    x, x_test, targets = task.x_train.astype(dtype), task.x_test.astype(dtype), np.eye(5, dtype=dtype)[task.y_train]
    alignment = [0.0, 0.0]
    for done, order in enumerate(chance.orders(seed, items=1_000, epochs=epochs), start=1):
        for net in nets:
            net.epoch(x, targets, batched(order, 64), lr)
        if done % 10 == 0:
            pairs = zip(*(net.activations(x_test)[1:] for net in nets), strict=True)
            alignment = [geometry.cka(one, other) for one, other in pairs]
    return {
        "first_alignment": alignment[0],
        "second_alignment": alignment[1],
        "test_accuracy": sum(net.accuracy(x_test, task.y_test) for net in nets) / 2,
    }
