"""Deep and wide networks of the same number of parameters, by hand: the plain arm."""

from typing import Any

import numpy as np
import numpy.typing as npt

from arms.networks import Mlp, batched
from axiom.catalogue.depth_vs_width_tradeoff import HELD_BACK, TEST, TRAIN, widest
from axiom.kit import chance, data, models

CELLS: list[dict[str, Any]] = [{"task": "clusters", "arm": "plain", "depth": depth} for depth in (1, 2, 4, 8)]
WARM = {"epochs": 5}
# Not after the last epoch: eight layers now and then forget a tenth of what they fitted and have it again one epoch
# later, and rounding decides when. Where they would have been stopped, all arms agree to 0.014.
APART = {"stopped_accuracy": 0.025}


def by_hand(
    seed: int, dtype: npt.DTypeLike, *, task: str, arm: str, depth: int, lr: float = 0.02, epochs: int = 60
) -> dict[str, float]:
    """One cell."""
    assert arm == "plain"  # noqa: S101  the only one that is written here
    made = data.clusters(chance.stream(seed, task), inputs=20, classes=5, train=TRAIN, test=HELD_BACK + TEST)
    net = Mlp(models.mlp(chance.stream(seed, "start"), (20, *[widest(depth)] * depth, 5)), dtype)
    x, targets = made.x_train.astype(dtype), np.eye(5, dtype=dtype)[made.y_train]
    x_kept, x_test = np.split(made.x_test.astype(dtype), [HELD_BACK])
    y_kept, y_test = np.split(made.y_test, [HELD_BACK])
    kept: list[float] = []
    test: list[float] = []
    for done, order in enumerate(chance.orders(seed, items=TRAIN, epochs=epochs), start=1):
        net.epoch(x, targets, batched(order, 32), lr)
        if done % 5 == 0:
            kept.append(net.accuracy(x_kept, y_kept))
            test.append(net.accuracy(x_test, y_test))
    return {"stopped_accuracy": test[kept.index(max(kept))]}
