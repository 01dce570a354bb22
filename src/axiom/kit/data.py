"""Tasks with a known truth. NumPy alone, so that every host draws the same numbers."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int32]


@dataclass(frozen=True, kw_only=True)
class Task:
    """Something to learn: inputs as rows, the class of each, and what is kept back for testing."""

    x_train: Floats
    y_train: Labels
    x_test: Floats
    y_test: Labels


def teacher(rng: np.random.Generator, *, inputs: int, classes: int, train: int, test: int, hidden: int = 32) -> Task:
    """Gaussian inputs, labelled by the strongest output of a random ReLU network with one hidden layer."""
    first = rng.standard_normal((inputs, hidden)) * np.sqrt(2 / inputs)
    second = rng.standard_normal((hidden, classes)) * np.sqrt(2 / hidden)
    x = rng.standard_normal((train + test, inputs))
    # In double precision: a label hangs on a comparison, and rounding must not turn it on another processor.
    y = np.argmax(np.maximum(x @ first, 0) @ second, axis=1).astype(np.int32)
    x32 = x.astype(np.float32)
    return Task(x_train=x32[:train], y_train=y[:train], x_test=x32[train:], y_test=y[train:])


def clusters(
    rng: np.random.Generator, *, inputs: int, classes: int, train: int, test: int, separation: float = 0.55
) -> Task:
    """A Gaussian mixture: each class is a standard normal cloud around its own centre, drawn with this spread."""
    centres = separation * rng.standard_normal((classes, inputs))
    y = rng.integers(0, classes, size=train + test).astype(np.int32)
    x32 = (centres[y] + rng.standard_normal((train + test, inputs))).astype(np.float32)
    return Task(x_train=x32[:train], y_train=y[:train], x_test=x32[train:], y_test=y[train:])
