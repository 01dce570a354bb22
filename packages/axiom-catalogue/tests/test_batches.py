"""Batches: what noise of the gradient is worth, of which linear regression knows the law."""

import functools
import math

import numpy as np
import pytest

from axiom.domain.experiments import seed_of
from axiom.kit import chance, critical_batch_size, data, models
from axiom_catalogue import batch_size_critical_phenomena as batch_size
from axiom_catalogue import gradient_noise_scale as noise_scale
from axiom_catalogue import neural_thermodynamics as thermodynamics

# Of linear regression the expected loss follows a linear recursion, and so everything about batch sizes is known.
BATCH_SEEDS = [seed_of("batch_size_critical_phenomena", 1, replicate) for replicate in range(4)]


@functools.cache
def batch_cell(same, batch, task="noisy", loss="mse", number=0, **changes):
    return batch_size.run(
        batch_size.Config(task=task, loss=loss, same=same, batch=batch, **changes), BATCH_SEEDS[number]
    )


@functools.cache
def batch_expected(number, task, batch, rate, steps):
    """The expected loss before the first step and after each, over all draws of batches: exact.

    Of the distance e from the best weights, the mean m and the second moment M, summed over outputs, obey
    m' = m - rate A m and M' = M - rate (A M + M A) + rate^2 ((1 - 1/B) A M A + C / B), where A is the second moment of
    the inputs x, and C the mean of x (x.e - r)^2 x with what the best weights miss, r.
    """
    _, x, y, _ = critical_batch_size.problem(BATCH_SEEDS[number], task)
    inputs = np.column_stack([x, np.ones(len(x))]).astype(np.float64)
    best = np.linalg.lstsq(inputs, y, rcond=None)[0]
    missed, moment = y - inputs @ best, inputs.T @ inputs / len(x)
    mean, second = -best, best @ best.T
    floor, losses = 0.5 * np.mean(np.sum(missed**2, axis=1)), []
    for _ in range(steps + 1):
        losses.append(floor + 0.5 * np.sum(moment * second))
        squares = np.sum((inputs @ second) * inputs, axis=1) - 2 * np.sum(missed * (inputs @ mean), axis=1)
        scattered = (inputs * (squares + np.sum(missed**2, axis=1))[:, None]).T @ inputs / len(x)
        bent = moment @ second
        second = second - rate * (bent + bent.T) + rate**2 * ((1 - 1 / batch) * bent @ moment + scattered / batch)
        second, mean = (second + second.T) / 2, mean - rate * moment @ mean  # else rounding grows
    return np.array(losses), floor


def test_loss_is_the_expected_one():
    """At the end of as many examples, and with the rate in proportion to the batch."""
    for same, batch, rate, steps in (
        ("examples", 128, 0.004, 256),  # on the way; the others have come to rest
        ("both", 128, 0.4, 256),
    ):
        away = []
        for number in range(4):
            (*_, last), floor = batch_expected(number, "noisy", batch, rate, min(steps, 256))
            measured = batch_cell(same, batch, number=number, lr=0.05 if same == "both" else rate)
            assert measured.steps == steps
            assert measured.rate == pytest.approx(rate)
            away.append((measured.train_loss - floor) / (last - floor))
        assert np.mean(away) == pytest.approx(1, abs=0.3), (same, away)


def test_sharpness_is_that_of_a_bowl():
    _, x, _, _ = critical_batch_size.problem(BATCH_SEEDS[0], "noisy")
    inputs = np.column_stack([x, np.ones(len(x))]).astype(np.float64)
    largest = np.linalg.eigvalsh(inputs.T @ inputs / len(x))[-1]
    for batch in (8, 128):
        assert batch_cell("examples", batch).sharpness == pytest.approx(largest, rel=1e-3)


def test_loss_is_matched():
    """A network arrives below the goal, and stood above it one look before."""
    for loss, nothing in (("ce", math.log(5)), ("mse", 0.4)):
        measured = batch_cell("loss", 8, task="clusters", loss=loss, goal=0.5)
        assert 0.4 * nothing < measured.train_loss <= 0.5 * nothing
        assert measured.rate == 0.05
        assert measured.test_accuracy == measured.best_accuracy > 0.5


# McCandlish et al. (2018): of linear regression the noise scale is known, whatever the loss.
NOISE_SEED = seed_of("gradient_noise_scale", 1, 0)


def test_parts_are_those_by_hand():
    """Of an affine model with squared error, whose Hessian is the second moment of the inputs for each output."""
    _, x, y, objective = critical_batch_size.problem(NOISE_SEED, "affine")
    x, y = x[:200], y[:200] + 0.3
    rng = np.random.default_rng(1)
    net = (models.Layer(rng.standard_normal((20, 5)).astype(np.float32), np.full(5, 0.2, np.float32)),)
    inputs = np.column_stack([x, np.ones(200)])
    missed = x @ net[0].weights + net[0].biases - y
    slopes = inputs[:, :, None] * missed[:, None, :]
    mean = slopes.mean(axis=0)
    noise, moment = slopes - mean, inputs.T @ inputs / 200
    expected = [
        np.sum(noise**2) / 200,
        np.sum(mean**2),
        np.einsum("nio,ij,njo->", noise, moment, noise) / 200,
        np.einsum("io,ij,jo->", mean, moment, mean),
    ]
    signs = (2 * rng.integers(0, 2, (400, 200)) - 1).astype(np.float32)
    measured = np.asarray(noise_scale.parts_of(objective, net, x, y, signs))
    assert measured[[0, 1, 3]] == pytest.approx(np.array(expected)[[0, 1, 3]], rel=1e-3)
    assert measured[2] == pytest.approx(expected[2], rel=0.1)


def test_scale_of_linear_regression_is_known():
    """Inputs of twenty dimensions: twenty-two, with a bias that has nothing to learn, and wherever one looks."""
    for goal in (0.5, 0.1):
        measured = noise_scale.run(noise_scale.Config(task="affine", goal=goal, sizes=2), NOISE_SEED)
        assert measured.noise_scale == pytest.approx(22, rel=0.15)
        assert measured.curved_scale == pytest.approx(22, rel=0.2)
        assert measured.lowest_scale <= measured.noise_scale <= measured.highest_scale < 1.5 * measured.lowest_scale
        assert measured.in_old_range == 1


# Temperature is rate and variance; on a quadratic, steps turn back above a rate of one, and grow above two.
HEAT_SEED = seed_of("neural_thermodynamics", 1, 0)


@functools.cache
def heat_cell(rate, *, loss="ce", epochs=4, **changes):
    return thermodynamics.run(thermodynamics.Config(rate=rate, loss=loss, epochs=epochs, **changes), HEAT_SEED)


def heat_slopes_by_hand(net, x, y):
    """Of an affine model with cross-entropy: of each example, what the outputs say too much, times its input and 1."""
    outputs = x @ net[0].weights + net[0].biases
    chances = np.exp(outputs) / np.exp(outputs).sum(axis=1, keepdims=True)
    inputs = np.column_stack([x, np.ones(len(x))])
    return (inputs[:, :, None] * (chances - np.eye(5)[y])[:, None, :]).reshape(len(x), -1)


def test_temperature_is_of_rate_variance_and_batch():
    """By hand, at the start of an affine model: the variance in all directions, times rate over twice the batch."""
    task = data.clusters(chance.stream(HEAT_SEED, "data"), inputs=20, classes=5, train=500, test=1)
    (layer,) = models.mlp(chance.stream(HEAT_SEED, "start"), (20, 5))
    slopes = heat_slopes_by_hand((layer,), task.x_train, task.y_train)
    measured = heat_cell(1.0, depth=0)
    expected = measured.lr * slopes.var(axis=0).mean() / (2 * 25)
    assert measured.start_temperature == pytest.approx(expected, rel=1e-3)


def test_rate_is_in_units_of_the_curvature():
    """With squared error an affine model has the second moment of its inputs for a Hessian, of twice the inputs too."""
    task = data.clusters(chance.stream(HEAT_SEED, "data"), inputs=20, classes=5, train=500, test=1)
    for scale in (1.0, 2.0):
        inputs = np.column_stack([scale * task.x_train, np.ones(500)])
        measured = heat_cell(3.0, loss="mse", depth=0, epochs=1, scale=scale)
        assert measured.curvature == pytest.approx(np.linalg.eigvalsh(inputs.T @ inputs / 500)[-1], rel=1e-3)
        assert measured.lr * measured.curvature == pytest.approx(3.0)
    plain = heat_cell(3.0, loss="mse", depth=0, epochs=1)
    assert measured.curvature > 3.5 * plain.curvature
