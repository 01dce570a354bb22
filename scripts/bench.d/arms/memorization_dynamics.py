"""What becomes of wrong labels, by hand: learned by cross-entropy."""

from typing import Any

import numpy as np
import numpy.typing as npt

from arms.networks import Mlp, batched
from axiom.catalogue.memorization_dynamics import CLASSES, EXAMPLES, INPUTS, KEPT_BACK, TASKS
from axiom.kit import chance, data, models

CELLS: list[dict[str, Any]] = [
    {"task": task, "share": share, "loss": "cross_entropy"}
    for task in ("clusters", "teacher")
    for share in (0.0, 0.2, 0.4)
]
WARM = {"epochs": 3}
APART = {"stopped_test": 0.02, "final_test": 0.03, "wrong_fitted": 0.03}


def by_hand(
    seed: int, dtype: npt.DTypeLike, *, task: str, share: float, loss: str, lr: float = 0.05, epochs: int = 60
) -> dict[str, float]:
    """One cell."""
    assert loss == "cross_entropy"  # noqa: S101  the only one that is written here
    rng = chance.stream(seed, task)
    true = TASKS[task](rng, inputs=INPUTS, classes=CLASSES, train=EXAMPLES, test=KEPT_BACK + EXAMPLES)
    dice = chance.stream(seed, "wrong labels")
    labels, is_wrong = data.corrupted(dice, true.y_train, classes=CLASSES, share=share)
    net = Mlp(models.mlp(chance.stream(seed, "start"), (INPUTS, 128, 128, CLASSES)), dtype)
    x, targets = true.x_train.astype(dtype), np.eye(CLASSES, dtype=dtype)[labels]
    x_kept, x_test = np.split(true.x_test.astype(dtype), [KEPT_BACK])
    y_kept, y_test = np.split(true.y_test, [KEPT_BACK])
    fitted: list[npt.NDArray[np.bool_]] = []
    kept: list[float] = []
    test: list[float] = []
    for order in chance.orders(seed, items=EXAMPLES, epochs=epochs):
        net.epoch(x, targets, batched(order, 50), lr)
        fitted.append(np.argmax(net.outputs(x), axis=1) == labels)
        kept.append(net.accuracy(x_kept, y_kept))
        test.append(net.accuracy(x_test, y_test))
    return {
        "stopped_test": test[kept.index(max(kept))],
        "final_test": test[-1],
        "wrong_fitted": float(fitted[-1][is_wrong].mean()) if share else 0.0,
    }
