import jax
import numpy as np
import pytest

from axiom.kit import chance, losses, models
from axiom.kit.models import Architecture

TANH = Architecture(activation="tanh")
X = chance.stream(5, "data").standard_normal((9, 4)).astype(np.float32)
CLASSES = (np.arange(9) % 3).astype(np.int32)
ROWS = chance.stream(5, "targets").standard_normal((9, 3)).astype(np.float32)


def start():
    return models.mlp(chance.stream(5, "start"), (4, 6, 3))


def by_hand(objective, net, y):
    """The loss as the textbook writes it, row by row, in double precision."""
    outputs = np.asarray(objective.architecture.outputs(net, X), dtype=np.float64)
    if isinstance(objective, losses.CrossEntropy):
        return np.mean([np.log(np.exp(row).sum()) - row[label] for row, label in zip(outputs, y, strict=True)])
    targets = np.eye(3)[y] if y.ndim == 1 else y
    return np.mean([0.5 * ((row - target) ** 2).sum() for row, target in zip(outputs, targets, strict=True)])


OBJECTIVES = [
    (losses.CROSS_ENTROPY, CLASSES),
    (losses.CrossEntropy(architecture=TANH), CLASSES),
    (losses.SquaredError(architecture=TANH), CLASSES),
    (losses.SquaredError(), ROWS),
]


@pytest.mark.parametrize(("objective", "y"), OBJECTIVES)
def test_an_objective_is_the_textbook_formula(objective, y):
    assert float(objective(start(), X, y)) == pytest.approx(by_hand(objective, start(), y), rel=1e-5)


@pytest.mark.parametrize(("objective", "y"), OBJECTIVES)
def test_the_gradient_is_that_of_finite_differences(objective, y):
    net = jax.tree.map(lambda array: np.asarray(array, dtype=np.float64), start())
    gradient = jax.grad(objective)(start(), X, y)
    for layer, place in ((0, (1, 2)), (1, (3, 1))):
        weights, step = net[layer].weights, 1e-5
        weights[place] += step
        above = by_hand(objective, net, y)
        weights[place] -= 2 * step
        below = by_hand(objective, net, y)
        weights[place] += step
        assert float(gradient[layer].weights[place]) == pytest.approx((above - below) / (2 * step), abs=1e-5)


def test_a_net_that_is_right_has_no_squared_error():
    outputs = np.eye(3, dtype=np.float32)[CLASSES]
    assert float(losses.squared_loss(outputs, CLASSES)) == 0.0
    assert float(losses.squared_loss(outputs, outputs)) == 0.0


def test_a_net_that_knows_nothing_has_the_log_of_the_classes():
    assert float(losses.softmax_loss(np.zeros((9, 3), np.float32), CLASSES)) == pytest.approx(np.log(3), rel=1e-6)


def test_objectives_that_are_equal_are_one_program():
    assert losses.CrossEntropy(architecture=TANH) == losses.CrossEntropy(architecture=Architecture(activation="tanh"))
    assert len({losses.CrossEntropy(), losses.CROSS_ENTROPY, losses.SquaredError()}) == 2
