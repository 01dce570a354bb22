import jax
import numpy as np
import pytest

from axiom.kit import chance, data, losses, models
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
    gradient = jax.jit(jax.grad(objective))(start(), X, y)
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


@pytest.mark.parametrize("share", [0.0, 0.1, 1.0])
def test_smoothed_labels_add_the_mean_loss_of_all_classes(share):
    """By hand: (1 - share) of the label's own loss, and share of the loss averaged over all classes."""
    outputs = models.logits(start(), X)
    own = losses.softmax_loss(outputs, CLASSES)
    others = np.mean([losses.softmax_loss(outputs, np.full(9, label)) for label in range(3)])
    smoothed = losses.softmax_loss(outputs, data.smoothed(CLASSES, classes=3, share=share))
    assert float(smoothed) == pytest.approx((1 - share) * float(own) + share * others, rel=1e-5)


def test_the_best_outputs_for_smoothed_labels_are_the_known_ones():
    """At the logarithms of the chances the loss is their entropy, and nothing moves (Müller et al. 2019)."""
    chances = data.smoothed(CLASSES, classes=3, share=0.3)
    entropy = -(0.8 * np.log(0.8) + 2 * 0.1 * np.log(0.1))
    loss, slope = jax.jit(jax.value_and_grad(losses.softmax_loss))(np.log(chances), chances)
    assert float(loss) == pytest.approx(entropy, rel=1e-6)
    assert np.abs(slope).max() < 1e-7
