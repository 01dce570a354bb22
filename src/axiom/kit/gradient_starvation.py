"""Two features that tell the same class, a strong and a weak one: what is learned of the weak (Pezeshki et al. 2021).

Inputs are two blocks of ten numbers. In either one, each of five classes has a centre of its own; in the strong block
the centres lie further apart. A trained network is asked about the weak block with the strong one silenced, at zero.
"""

from dataclasses import dataclass

import numpy as np

from axiom.kit import chance, training
from axiom.kit.data import Floats, Labels, LearningTask
from axiom.kit.models import Net

BLOCK, CLASSES = 10, 5  # inputs of a block; the strong one is the first
INPUTS = 2 * BLOCK
TRAIN, _KEPT_BACK, _TEST = 1_000, 500, 2_000


@dataclass(frozen=True, kw_only=True)
class Rivals:
    """Rows of both blocks; of those that are not for training, some are kept back to stop early by."""

    task: LearningTask
    x_kept_back: Floats
    y_kept_back: Labels

    def weak_accuracies(self, net: Net) -> tuple[float, float]:
        """With the strong block silenced: on what is kept back, and on the test data."""
        return (
            training.accuracy(net, silenced(self.x_kept_back), self.y_kept_back),
            training.accuracy(net, silenced(self.task.x_test), self.task.y_test),
        )


def rivals(seed: int, *, strong: float, weak: float, noise: float = 1.0) -> Rivals:
    """Centres spread by these strengths; the seed fixes all draws, so another strength moves the same centres apart."""
    centres = chance.stream(seed, "centres").standard_normal((CLASSES, INPUTS)) * np.repeat([strong, weak], BLOCK)
    rng, rows = chance.stream(seed, "data"), TRAIN + _KEPT_BACK + _TEST
    y = rng.integers(0, CLASSES, size=rows).astype(np.int32)
    x = (centres[y] + noise * rng.standard_normal((rows, INPUTS))).astype(np.float32)
    rest = TRAIN + _KEPT_BACK
    return Rivals(
        task=LearningTask(x_train=x[:TRAIN], y_train=y[:TRAIN], x_test=x[rest:], y_test=y[rest:]),
        x_kept_back=x[TRAIN:rest],
        y_kept_back=y[TRAIN:rest],
    )


def silenced(x: Floats) -> Floats:
    """The rows with the strong block at zero."""
    return x * (np.arange(INPUTS) >= BLOCK).astype(np.float32)
