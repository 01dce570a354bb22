"""How a small network's loss falls with data and with size, by hand: of classes."""

from typing import Any

import numpy as np
import numpy.typing as npt

from arms.networks import Mlp, batched, losses
from axiom.catalogue.micro_scaling_laws import BATCH, CLASSES, EVERY, INPUTS, MOST, SHAPE, TEACHER, TEST
from axiom.kit import chance, data, models, samples

CELLS: list[dict[str, Any]] = [
    {"task": "classes", "items": items, "width": width} for items in (256, 4_096) for width in (2, 8, 32, 128)
]
WARM = {"steps": EVERY}
APART = {"loss": 0.02}


def by_hand(
    seed: int, dtype: npt.DTypeLike, *, task: str, items: int, width: int, steps: int = 8_000, lr: float = 0.3
) -> dict[str, float]:
    """One cell."""
    assert task == "classes"  # noqa: S101  the only one that is written here
    sizes = {"train": MOST, "test": TEST, "hidden": TEACHER}
    made = data.teacher(chance.stream(seed, "data"), inputs=INPUTS, classes=CLASSES, activation="tanh", **sizes)
    start = models.mlp(chance.stream(seed, "start"), (INPUTS, width, CLASSES), gain=1.0)
    net = Mlp(start, dtype, "tanh")
    x, targets = made.x_train.astype(dtype), np.eye(CLASSES, dtype=dtype)[made.y_train]
    x_test = made.x_test.astype(dtype)
    half = TEST // 2
    seen: list[tuple[float, float]] = []  # the loss on the half that chooses where to stop, and on the other
    for row in samples.orders(seed, items=items, distinct=MOST, steps=steps, shape=SHAPE):
        net.epoch(x, targets, batched(row, BATCH), lr)
        lost = losses(net.outputs(x_test), made.y_test)
        seen.append((float(lost[:half].mean()), float(lost[half:].mean())))
    return {"loss": min(seen)[1]}
