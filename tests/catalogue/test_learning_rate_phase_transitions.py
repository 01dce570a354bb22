"""A quadratic falls apart at 2 / sharpness exactly, a wide linear network with a hidden layer at 4 (Lewkowycz 2020)."""

import numpy as np
import pytest
from wrong import wrong

from axiom.catalogue import learning_rate_phase_transitions as right
from axiom.kit import chance, data, models


def cell(module, network, rate, *, loss="mse", seed=3, **others):
    return module.run(module.Config(network=network, rate=rate, loss=loss, **others), seed)


def truth(module):
    below, above = (cell(module, "affine", rate) for rate in (1.9, 2.1))
    assert below.is_monotone
    assert below.spike == 1.0
    assert below.end_rate == pytest.approx(1.9, rel=1e-4)
    assert below.has_learned
    assert above.diverged
    assert not above.has_learned
    assert not above.is_monotone
    before, behind = (cell(module, "linear", rate) for rate in (3.5, 4.5))
    assert (before.diverged, behind.diverged) == (0, 1)
    assert before.spike > 2  # the catapult
    assert before.highest_step > 0
    assert before.has_learned
    assert before.end_rate < 2.05
    assert before.lr * before.start_sharpness == pytest.approx(3.5)


def test_the_cliffs_are_where_theory_puts_them():
    truth(right)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("x, y, config.rate / first)", "x, y, config.rate)"),
        ("x, y, config.rate / first)", "x, y, 0.5 * config.rate / first)"),
        (
            "first = float(hessian.lanczos(objective, start, probe, x, y)[-1])",
            "first = float(hessian.lanczos(objective, start, probe, x, y)[0])",
        ),
        ("loss[-1] < loss[0]", "loss[-1] > loss[0]"),
        ("weights - lr * slope", "weights + lr * slope"),
    ],
)
def test_a_wrong_version_is_found_out(old, new):
    with pytest.raises(AssertionError):
        truth(wrong("learning_rate_phase_transitions", old, new))


def test_what_diverges_has_no_end():
    measured = cell(right, "affine", 3.0)
    assert measured.diverged
    assert (measured.spike, measured.highest_step, measured.final_loss, measured.end_rate) == (None,) * 4


def test_cross_entropy_survives_what_squared_error_does_not():
    squared, entropy = (cell(right, "affine", 12.0, loss=loss) for loss in ("mse", "ce"))
    assert (squared.diverged, entropy.diverged) == (1, 0)


def at_eight(module):
    deep, narrow = (cell(module, network, 8.0, rows=128, steps=60) for network in ("deep_relu", "narrow_relu"))
    assert (deep.has_learned, deep.diverged) == (1, 0)
    assert (narrow.has_learned, narrow.diverged) == (0, 1)


def test_at_eight_two_hidden_layers_learn_where_one_of_the_same_width_diverges():
    at_eight(right)


def test_with_the_networks_mixed_up_that_is_found_out():
    mixed = ('"narrow_relu": (128,), "deep_relu": (128, 128)}', '"narrow_relu": (128, 128), "deep_relu": (128,)}')
    module = wrong("learning_rate_phase_transitions", *mixed)
    with pytest.raises(AssertionError):
        at_eight(module)


def test_a_course_does_not_depend_on_how_it_is_cut_into_blocks():
    cut, whole = (cell(right, "affine", 0.1, steps=steps) for steps in (right.BLOCK + 1, right.BLOCK))
    assert cut.final_loss < 0.99 * whole.final_loss
    assert cut.final_loss == pytest.approx(by_hand(steps=right.BLOCK), rel=1e-4)


def by_hand(steps, seed=3):
    """The squared error of an affine model after so many steps at a tenth of the inverse sharpness, in NumPy."""
    task = data.teacher(chance.stream(seed, "data"), inputs=20, classes=5, train=256, test=1)
    x, y = np.column_stack([task.x_train, np.ones(256)]), np.eye(5)[task.y_train]
    weights = np.vstack([models.mlp(chance.stream(seed, "start"), (20, 5), gain=1.0)[0].weights, np.zeros(5)])
    lr = 0.1 / np.linalg.eigvalsh(x.T @ x / 256)[-1]
    for _ in range(steps):
        weights = weights - lr * x.T @ (x @ weights - y) / 256
    return 0.5 * np.mean(np.sum((x @ weights - y) ** 2, axis=1))


def test_where_the_last_layer_learns_alone_the_cliff_is_that_of_a_quadratic():
    below, above = (cell(right, "linear", rate, is_frozen=True) for rate in (1.9, 2.2))
    assert (below.diverged, above.diverged) == (0, 1)
    assert below.is_monotone


@pytest.mark.parametrize("rate", [1e3, 1e30])
def test_what_is_no_number_any_more_has_diverged(rate):
    assert cell(right, "affine", rate).diverged
