"""McCandlish et al. (2018): of linear regression the noise scale is known, whatever the loss."""

import functools

import numpy as np
import pytest
from wrong import wrong

from axiom.catalogue import gradient_noise_scale
from axiom.domain.experiments import seed_of
from axiom.kit import goals, models

SEED = seed_of("gradient_noise_scale", 1, 0)


@functools.cache
def cell(module, task="affine", goal=0.5, **changes):
    return module.run(module.Config(task=task, goal=goal, **({"sizes": 2} | changes)), SEED)


def parts_are_those_by_hand(module):
    """Of an affine model with squared error, whose Hessian is the second moment of the inputs for each output."""
    _, x, y, objective = goals.problem(SEED, "affine")
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
    found = np.asarray(module.parts_of(objective, net, x, y, signs))
    assert found[[0, 1, 3]] == pytest.approx(np.array(expected)[[0, 1, 3]], rel=1e-3)
    assert found[2] == pytest.approx(expected[2], rel=0.1)


def scale_of_linear_regression_is_known(module):
    """Inputs of twenty dimensions: twenty-two, with a bias that has nothing to learn, and wherever one looks."""
    for goal in (0.5, 0.1):
        measured = cell(module, goal=goal)
        assert measured.noise_scale == pytest.approx(22, rel=0.15)
        assert measured.curved_scale == pytest.approx(22, rel=0.2)
        assert measured.lowest_scale <= measured.noise_scale <= measured.highest_scale < 1.5 * measured.lowest_scale
        assert measured.in_old_range == 1


def noise_of_the_targets_raises_the_scale(module):
    """By twenty-one for each output, over the square of the gradient, which is five at first and falls to a half."""
    measured = cell(module, "noisy", 0.54)
    assert measured.lowest_scale == pytest.approx(22 + 21 * 5 / 5, rel=0.15)
    assert 2 * measured.lowest_scale < measured.highest_scale < 22 + 21 * 5 / 0.3


def critical_batch_is_of_the_law(module):
    measured = cell(module, "teacher", 0.5, sizes=3)
    least_steps, least_examples = goals.law([4, 16, 64], measured.steps)
    assert measured.critical_batch == pytest.approx(least_examples / least_steps)
    assert measured.ratio_doublings == pytest.approx(np.log2(measured.critical_batch / measured.noise_scale))
    assert measured.curved_ratio_doublings == pytest.approx(np.log2(measured.critical_batch / measured.curved_scale))
    assert list(measured.steps) == sorted(measured.steps, reverse=True)
    assert all(0.012 < rate < 4 for rate in measured.rates)  # none of them is at an end of what was asked
    assert measured.highest_scale > measured.lowest_scale


TRUTHS = [
    parts_are_those_by_hand,
    scale_of_linear_regression_is_known,
    noise_of_the_targets_raises_the_scale,
    critical_batch_is_of_the_law,
]


@pytest.mark.parametrize("truth", TRUTHS)
def test_it_knows_what_a_batch_is_worth(truth):
    truth(gradient_noise_scale)


@pytest.mark.parametrize(
    ("truth", "right", "mistake"),
    [
        (parts_are_those_by_hand, "noise = slopes - mean", "noise = slopes"),
        (parts_are_those_by_hand, "jnp.sum(noise**2) / len(x)", "jnp.mean(noise**2) / len(x)"),
        (parts_are_those_by_hand, "signs @ noise / jnp.sqrt(len(x))", "signs @ noise"),
        (scale_of_linear_regression_is_known, "plain.append(parts[0] / parts[1])", "plain.append(parts[1] / parts[0])"),
        (scale_of_linear_regression_is_known, "parts[2] / parts[3]", "parts[3] / parts[2]"),
        (noise_of_the_targets_raises_the_scale, "last=ends[1], net=net", "last=ends[0], net=net"),
        (critical_batch_is_of_the_law, "critical = least_examples / least_steps", "critical = least_steps"),
    ],
)
def test_a_wrong_version_would_be_found_out(truth, right, mistake):
    module = wrong("gradient_noise_scale", right, mistake)
    with pytest.raises(AssertionError):
        truth(module)
