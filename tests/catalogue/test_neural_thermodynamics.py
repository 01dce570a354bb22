"""Temperature is rate and variance; on a quadratic, steps turn back above a rate of one, and grow above two."""

import functools

import numpy as np
import pytest
from wrong import wrong

from axiom.catalogue import neural_thermodynamics
from axiom.domain.experiments import seed_of
from axiom.kit import chance, models

SEED = seed_of("neural_thermodynamics", 1, 0)


@functools.cache
def cell(module, rate, *, loss="ce", epochs=4, **changes):
    return module.run(module.Config(rate=rate, loss=loss, epochs=epochs, **changes), SEED)


def slopes_by_hand(net, x, y):
    """Of an affine model with cross-entropy: of each example, what the outputs say too much, times its input and 1."""
    outputs = x @ net[0].weights + net[0].biases
    chances = np.exp(outputs) / np.exp(outputs).sum(axis=1, keepdims=True)
    inputs = np.column_stack([x, np.ones(len(x))])
    return (inputs[:, :, None] * (chances - np.eye(5)[y])[:, None, :]).reshape(len(x), -1)


def temperature_is_of_rate_variance_and_batch(module):
    """By hand, at the start of an affine model: the variance in all directions, times rate over twice the batch."""
    task = module._shown(module.Config(rate=1.0, loss="ce"), SEED)
    (layer,) = models.mlp(chance.stream(SEED, "start"), (20, 5))
    slopes = slopes_by_hand((layer,), task.x_train, task.y_train)
    measured = cell(module, 1.0, depth=0)
    expected = measured.lr * slopes.var(axis=0).mean() / (2 * 25)
    assert measured.start_temperature == pytest.approx(expected, rel=1e-3)


def rate_is_in_units_of_the_curvature(module):
    """With squared error an affine model has the second moment of its inputs for a Hessian, of twice the inputs too."""
    for scale in (1.0, 2.0):
        task = module._shown(module.Config(rate=3.0, loss="mse", scale=scale), SEED)
        inputs = np.column_stack([task.x_train, np.ones(500)])
        measured = cell(module, 3.0, loss="mse", depth=0, epochs=1, scale=scale)
        assert measured.curvature == pytest.approx(np.linalg.eigvalsh(inputs.T @ inputs / 500)[-1], rel=1e-3)
        assert measured.lr * measured.curvature == pytest.approx(3.0)
    plain = cell(module, 3.0, loss="mse", depth=0, epochs=1)
    assert measured.curvature > 3.5 * plain.curvature


def steps_turn_back_above_two(module):
    """On a quadratic: the steepest direction grows, and changes its sign at every step; below one, it does not."""
    slow, fast = (cell(module, rate, loss="mse", depth=0, epochs=1) for rate in (0.25, 3.5))
    assert slow.order > 0.1
    assert fast.order < -0.7
    assert fast.late_order < -0.8


def cumulant_knows_order_from_chance(module):
    rng = np.random.default_rng(0)
    assert module.cumulant(np.full(50, -0.3)) == pytest.approx(2 / 3)
    assert module.cumulant(np.array([0.4, -0.4] * 20)) == pytest.approx(2 / 3)
    assert module.cumulant(rng.standard_normal(200_000)) == pytest.approx(0, abs=0.02)


def cooling_is_of_what_was_learned(module):
    """None where nothing is learned, much where labels are fitted; and of what fits badly, a high rate makes it hot."""
    slow, fast = (cell(module, rate, epochs=40, wrong=0.8, depth=0) for rate in (0.25, 8.0))
    assert slow.cooling > 0.2
    assert fast.cooling < 0
    assert fast.has_cooled == 0
    assert fast.order < slow.order
    assert abs(cell(module, 1.0, depth=0, control="still").cooling) < 0.01
    fitted = cell(module, 1.0, epochs=40)
    assert fitted.cooling > 2
    assert fitted.has_cooled == 1


TRUTHS = [
    temperature_is_of_rate_variance_and_batch,
    rate_is_in_units_of_the_curvature,
    steps_turn_back_above_two,
    cumulant_knows_order_from_chance,
    cooling_is_of_what_was_learned,
]


@pytest.mark.parametrize("truth", TRUTHS)
def test_it_knows_a_quadratic_and_what_can_be_fitted(truth):
    truth(neural_thermodynamics)


@pytest.mark.parametrize(
    ("truth", "right", "mistake"),
    [
        (temperature_is_of_rate_variance_and_batch, "/ (2 * BATCH *", "/ (BATCH *"),
        (temperature_is_of_rate_variance_and_batch, "jnp.var(slopes, axis=0)", "jnp.mean(slopes**2, axis=0)"),
        (rate_is_in_units_of_the_curvature, "config.rate) / curvature", "config.rate) / curvature**0.5"),
        (rate_is_in_units_of_the_curvature, "np.float32(config.scale) * task.x_train", "task.x_train"),
        (steps_turn_back_above_two, "jnp.vdot(slope, before)", "jnp.vdot(slope, slope)"),
        (steps_turn_back_above_two, "weight - lr * part", "weight + lr * part"),
        (cumulant_knows_order_from_chance, "(3 * np.mean(order**2) ** 2)", "(2 * np.mean(order**2) ** 2)"),
        (cooling_is_of_what_was_learned, "1e-4 * config.rate", "config.rate"),
        (cooling_is_of_what_was_learned, "np.log(first / last)", "np.log(last / first)"),
        (cooling_is_of_what_was_learned, "share=config.wrong", "share=0.0"),
    ],
)
def test_a_wrong_version_would_be_found_out(truth, right, mistake):
    module = wrong("neural_thermodynamics", right, mistake)
    with pytest.raises(AssertionError):
        truth(module)
