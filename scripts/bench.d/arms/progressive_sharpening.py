"""How sharp full-batch descent becomes, by hand: at one rate, the Hessian by differences of gradients."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from arms.networks import Mlp
from axiom.catalogue.progressive_sharpening import CLASSES, INPUTS, SNAPSHOTS
from axiom.kit import chance, hessian, models

Array = npt.NDArray[Any]

CELLS: list[dict[str, Any]] = [{"lr": 0.4}]
WARM: dict[str, Any] = {}  # a shorter cell would have blocks of other lengths
APART = {"edge_ratio": 0.03}
ROWS, WIDTH, DEPTH, ITERATIONS = 1_024, 64, 3, 20
STEP = 0.01  # in the direction in which the gradient is differentiated, to either side


def by_hand(seed: int, dtype: npt.DTypeLike, *, lr: float, steps: int = 6_000) -> dict[str, float]:
    """One cell."""
    drawn = chance.stream(seed, "data")
    x = drawn.standard_normal((ROWS, INPUTS)).astype(np.float32).astype(dtype)
    targets = np.eye(CLASSES, dtype=dtype)[drawn.integers(0, CLASSES, size=ROWS)]
    start = models.mlp(chance.stream(seed, "start"), (INPUTS, *[WIDTH] * DEPTH, CLASSES), gain=1.0)
    probe = hessian.direction(chance.stream(seed, "probe"), start)
    net, first = Mlp(start, dtype, "tanh"), Mlp(probe, dtype).arrays

    def blame(outputs: Array) -> Array:
        outputs -= targets
        outputs /= ROWS
        return outputs

    sharp: list[float] = []
    rises: list[float] = []
    for done in range(1, steps + 1):
        net.step(x, blame, lr)
        if done % -(-steps // SNAPSHOTS) == 0:
            sharp.append(sharpness(net, first, lambda there: there.gradients(x, blame)))
            there = net.at(
                [array - lr * slope for array, slope in zip(net.arrays, net.gradients(x, blame), strict=True)]
            )
            before, after = (float(np.sum((one.outputs(x) - targets) ** 2)) for one in (net, there))
            rises.append(after / before - 1)
    return {"edge_ratio": float(np.mean(sharp[-SNAPSHOTS // 4 :])) * lr / 2}


def sharpness(net: Mlp, first: Sequence[Array], gradients: Callable[[Mlp], list[Array]]) -> float:
    """The largest eigenvalue of the Hessian by Lanczos' method."""
    direction, last = flat(first) / np.linalg.norm(flat(first)), np.zeros_like(flat(first))
    diagonal: list[float] = []
    beside: list[float] = [0.0]
    for _ in range(ITERATIONS):
        ends = []
        for side in (STEP, -STEP):
            parts = np.split(side * direction, np.cumsum([array.size for array in first])[:-1])
            moved = (array + part.reshape(array.shape) for array, part in zip(net.arrays, parts, strict=True))
            ends.append(flat(gradients(net.at(list(moved)))))
        product = (ends[0] - ends[1]) / (2 * STEP) - beside[-1] * last
        diagonal.append(float(product @ direction))
        product -= diagonal[-1] * direction
        beside.append(float(np.linalg.norm(product)))
        last, direction = direction, product / beside[-1]
    band = np.diag(diagonal) + np.diag(beside[1:-1], 1) + np.diag(beside[1:-1], -1)
    return float(np.linalg.eigvalsh(band)[-1])


def flat(arrays: Sequence[Array]) -> Array:
    """All numbers as one vector."""
    return np.concatenate([array.ravel() for array in arrays])
