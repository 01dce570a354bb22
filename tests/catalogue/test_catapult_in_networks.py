"""A loss leaps where the rate is above 2 over the sharpness, and comes down in a flatter place; below it falls."""

import functools

import numpy as np
import pytest
from wrong import wrong

from axiom.catalogue import catapult_in_networks as right
from axiom.kit import chance, data, models


@functools.cache
def cell(rate, *, network="relu", loss="mse", rows=64, steps=150, module=right, **changes):
    return module.run(module.Config(network=network, loss=loss, rate=rate, rows=rows, steps=steps, **changes), 5)


def truth_of_the_leap(module):
    """At a rate of 4 the loss leaps and comes down where it is flatter; at a rate of 1 it falls from the first step."""
    low, high = cell(1.0, module=module), cell(4.0, module=module)
    assert (low.has_leapt, low.stayed_down, low.has_recovered, low.spike, low.peak_step) == (0, 1, 0, 1.0, 0)
    assert (high.has_leapt, high.stayed_down, high.has_recovered, high.diverged) == (1, 0, 1, 0)
    assert high.spike == max(high.loss_by_step) == high.loss_by_step[high.peak_step] > 2
    assert high.sharpness_kept < 0.4 < low.sharpness_kept
    assert high.end_loss < 0.1


def truth_of_the_edge(module):
    """While steps are small against it, the loss falls below 2 over the sharpness and rises above it."""
    assert cell(1.8, module=module).loss_by_step[2] < 1
    assert cell(8.0, module=module).loss_by_step[2] > 1


def truth_of_the_sharpness(module):
    """That of one step on all rows: the loss after it is that of weights moved against the gradient by this rate."""
    measured = cell(1.0, module=module)
    task = data.clusters(chance.stream(5, "data"), inputs=20, classes=5, train=64, test=2_000)
    (first, second) = models.mlp(chance.stream(5, "start"), (20, 64, 5))
    hidden = np.maximum(task.x_train @ first.weights, 0)
    error = (hidden @ second.weights - np.eye(5)[task.y_train]) / 64
    below = (error @ second.weights.T) * (hidden > 0)
    moved = [
        models.Layer(weights=layer.weights - measured.lr * inputs.T @ slope, biases=-measured.lr * slope.sum(axis=0))
        for layer, inputs, slope in ((first, task.x_train, below), (second, hidden, error))
    ]

    def loss(net):
        return 0.5 * np.sum((models.logits(net, task.x_train) - np.eye(5)[task.y_train]) ** 2)

    assert measured.loss_by_step[1] == pytest.approx(loss(moved) / loss((first, second)), rel=1e-4)
    assert measured.lr * measured.start_sharpness == pytest.approx(1.0)


TRUTHS = (truth_of_the_leap, truth_of_the_edge, truth_of_the_sharpness)


@pytest.mark.parametrize("truth", TRUTHS)
def test_it_finds_what_is_known(truth):
    truth(right)


def test_what_never_comes_back_has_no_end():
    measured = cell(30.0)
    assert (measured.diverged, measured.has_leapt, measured.has_recovered) == (1, 1, 0)
    assert (measured.spike, measured.end_loss, measured.sharpness_kept, measured.test_accuracy) == (None,) * 4


def test_a_batch_of_more_than_all_is_all_and_a_smaller_one_is_not():
    assert cell(1.0, batch=64) == cell(1.0, batch=256)
    assert cell(1.0, batch=16).loss_by_step[:1] == cell(1.0).loss_by_step[:1]
    assert cell(1.0, batch=16).end_loss != cell(1.0).end_loss


def test_a_cell_has_as_many_steps_as_it_should():
    assert len(cell(1.0, steps=20, batch=24).loss_by_step) == 20


@pytest.mark.parametrize(
    ("truth", "old", "new"),
    [
        (truth_of_the_leap, "seen[-1] < RECOVERED * first", "seen[-1] > RECOVERED * first"),
        (truth_of_the_leap, "[-1]) / sharpness", "[-1]) * lr"),
        (truth_of_the_leap, "(1.0 if is_alike else config.rate) / sharpness", "1.0 / sharpness"),
        (truth_of_the_edge, "(1.0 if is_alike else config.rate) / sharpness", "config.rate * 2 / sharpness"),
        (truth_of_the_sharpness, "weights - lr * slope", "weights - lr / 2 * slope"),
    ],
)
def test_a_wrong_version_does_not(truth, old, new):
    with pytest.raises(AssertionError):
        truth(wrong("catapult_in_networks", old, new))
