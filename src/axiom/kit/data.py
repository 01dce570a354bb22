"""Tasks with a known truth. NumPy alone, so that every host draws the same numbers."""

import itertools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from axiom.kit import side_by_side
from axiom.kit.models import ACTIVATIONS

Floats = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int32]


@dataclass(frozen=True, kw_only=True)
class LearningTask:
    """Something to learn: inputs as rows, the class of each, and what is kept back for testing."""

    x_train: Floats
    y_train: Labels
    x_test: Floats
    y_test: Labels


@side_by_side.drawn_once
def teacher(
    rng: np.random.Generator,
    *,
    inputs: int,
    classes: int,
    train: int,
    test: int,
    hidden: int = 32,
    activation: str = "relu",
) -> LearningTask:
    """Gaussian inputs, labelled by the strongest output of a random network with one hidden layer."""
    first = rng.standard_normal((inputs, hidden)) * np.sqrt(2 / inputs)
    second = rng.standard_normal((hidden, classes)) * np.sqrt(2 / hidden)
    x = rng.standard_normal((train + test, inputs))
    # In double precision: a label hangs on a comparison, and rounding must not turn it on another processor.
    y = np.argmax(ACTIVATIONS[activation](np, x @ first) @ second, axis=1).astype(np.int32)
    return _split(x, y, train)


@side_by_side.drawn_once
def linear_teacher(rng: np.random.Generator, *, inputs: int, classes: int, train: int, test: int) -> LearningTask:
    """Gaussian inputs, labelled by the strongest output of a random linear map."""
    weights = rng.standard_normal((inputs, classes))
    x = rng.standard_normal((train + test, inputs))
    return _split(x, np.argmax(x @ weights, axis=1).astype(np.int32), train)


@side_by_side.drawn_once
def exclusive_or(rng: np.random.Generator, *, inputs: int, train: int, test: int) -> LearningTask:
    """Gaussian inputs of two classes: whether the signs of the first two inputs differ. No linear map can tell."""
    x = rng.standard_normal((train + test, inputs))
    return _split(x, ((x[:, 0] > 0) != (x[:, 1] > 0)).astype(np.int32), train)


def product_of_signs(*, inputs: int, factors: int) -> LearningTask:
    """Every row of so many signs, and whether the product of the first few is positive: all are shown and asked."""
    x = np.array(list(itertools.product((-1.0, 1.0), repeat=inputs)), dtype=np.float32)
    y = (x[:, :factors].prod(axis=1) > 0).astype(np.int32)
    return LearningTask(x_train=x, y_train=y, x_test=x, y_test=y)


@side_by_side.drawn_once
def corrupted(
    rng: np.random.Generator, y: Labels, *, classes: int, share: float
) -> tuple[Labels, npt.NDArray[np.bool_]]:
    """Labels of which this share was replaced by another class, and which ones were.

    The draws do not depend on the share: what is corrupt at a small one is corrupt in the same way at a larger one.
    """
    order, shifts = rng.permutation(len(y)), rng.integers(1, classes, size=len(y))
    is_corrupt = np.zeros(len(y), dtype=np.bool_)
    is_corrupt[order[: round(share * len(y))]] = True
    return np.where(is_corrupt, (y + shifts) % classes, y).astype(np.int32), is_corrupt


def smoothed(y: Labels, *, classes: int, share: float) -> Floats:
    """Each label as a row of chances: `share` of it is spread evenly over all classes (Szegedy et al. 2016).

    `losses.CrossEntropy` takes these rows for targets: `replace(task, y_train=data.smoothed(task.y_train, …))`.
    """
    if not 0.0 <= share <= 1.0:
        raise ValueError(f"a share of {share} cannot be spread over the classes: take one from 0 to 1")
    return ((1 - share) * np.eye(classes)[y] + share / classes).astype(np.float32)


@side_by_side.drawn_once
def clusters(
    rng: np.random.Generator, *, inputs: int, classes: int, train: int, test: int, separation: float = 0.55
) -> LearningTask:
    """A Gaussian mixture: each class is a standard normal cloud around its own centre, drawn with this spread."""
    centres = separation * rng.standard_normal((classes, inputs))
    y = rng.integers(0, classes, size=train + test).astype(np.int32)
    return _split(centres[y] + rng.standard_normal((train + test, inputs)), y, train)


def _split(x: npt.NDArray[np.float64], y: Labels, train: int) -> LearningTask:
    x32 = x.astype(np.float32)
    return LearningTask(x_train=x32[:train], y_train=y[:train], x_test=x32[train:], y_test=y[train:])
