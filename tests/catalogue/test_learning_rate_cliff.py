"""Where a training falls apart: at 2 over the sharpness in a quadratic, and later with cross-entropy in a network."""

import functools

import numpy as np
import pytest
from wrong import wrong

from axiom.catalogue import learning_rate_cliff as right
from axiom.kit import chance, data

SEED = 5


@functools.cache
def cell(loss="mse", depth=1, *, rows=200, epochs=20, activation="relu", module=right, **changes):
    config = module.Config(
        task="clusters", activation=activation, loss=loss, depth=depth, rows=rows, epochs=epochs, **changes
    )
    return module.run(config, SEED)


def truth_of_a_quadratic(module):
    """Of an affine model on one batch with squared error: 2 over the largest eigenvalue of its inputs' moments."""
    measured = cell(depth=0, rows=right.BATCH, epochs=200, module=module)
    task = data.clusters(chance.stream(SEED, "data"), inputs=20, classes=5, train=right.BATCH, test=1)
    rows = np.hstack([task.x_train, np.ones((right.BATCH, 1))])
    assert measured.cliff == pytest.approx(2 / np.linalg.eigvalsh(rows.T @ rows / right.BATCH)[-1], rel=0.03)
    assert measured.log_cliff == pytest.approx(np.log(measured.cliff))
    assert measured.has_one_cliff == 1


def truth_of_the_losses(module):
    """Cross-entropy, whose gradient is bounded, bears several times the rate that squared error bears."""
    assert cell("ce", module=module).cliff > 3 * cell("mse", module=module).cliff


TRUTHS = (truth_of_a_quadratic, truth_of_the_losses)


@pytest.mark.parametrize("truth", TRUTHS)
def test_it_finds_what_is_known(truth):
    truth(right)


def test_rungs_below_the_cliff_held_and_those_above_failed():
    measured = cell()
    for rate, failed in zip(right.LADDER, measured.fell_apart_by_rung, strict=True):
        assert failed == (rate > measured.cliff)


def test_with_the_same_loss_both_names_have_about_the_same_cliff():
    first, second = (cell(loss, control="alike").cliff for loss in ("ce", "mse"))
    assert first != second
    assert first == pytest.approx(second, rel=0.2)


def test_where_no_rate_helps_there_is_no_cliff():
    measured = cell(depth=3, rows=right.BATCH, epochs=1)  # one step from a start that is worse
    assert (measured.cliff, measured.log_cliff, measured.has_one_cliff) == (None, None, 0)


def test_the_best_constant_answer_is_the_shares_of_the_classes():
    labels = np.array([0, 0, 0, 1])
    assert right.constant(labels, is_square=False) == pytest.approx(-0.75 * np.log(0.75) - 0.25 * np.log(0.25))
    assert right.constant(labels, is_square=True) == pytest.approx(0.75 * 0.25)


@pytest.mark.parametrize(
    ("truth", "old", "new"),
    [
        (truth_of_a_quadratic, "rates=Rates(lr=rate)", "rates=Rates(lr=rate / 2)"),
        (truth_of_a_quadratic, "0.5 * np.sum(shares * (1 - shares))", "0.0"),
        (truth_of_a_quadratic, "(rate, falls_apart(config, seed, rate))", "(rate, int(number > 3))"),
        (truth_of_the_losses, 'config.loss == "mse" and not is_alike', "False"),
    ],
)
def test_a_wrong_version_does_not(truth, old, new):
    with pytest.raises(AssertionError):
        truth(wrong("learning_rate_cliff", old, new))
