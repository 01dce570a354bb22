"""Fukumizu & Amari (2000): on the plateau the difference of two neurons grows at a rate that their Hessian says."""

import functools

import numpy as np
import pytest
from wrong import wrong

from axiom.catalogue import symmetry_breaking_dynamics
from axiom.domain.experiments import seed_of

SEED = seed_of("symmetry_breaking_dynamics", 1, 0)


@functools.cache
def cell(module, start="near", **changes):
    return module.run(module.Config(start=start, **changes), SEED)


def plateau(module, **changes):
    """Both layers where two neurons that are the same come to rest, with the rows and their targets."""
    x, y, weights, outer = module.begun(module.Config(start="same", **changes), SEED)
    for _ in range(6_000):
        by_weights, by_outer, _ = module.slopes(weights, outer, x, y)
        weights, outer = weights - 0.2 * by_weights, outer - 0.2 * by_outer
    return x, y, weights, outer


def gradients_are_those_of_the_loss(module):
    x, y, weights, outer = module.begun(module.Config(start="near", decades=1.0), SEED)

    def loss(weights, outer):
        return 0.5 * np.mean((np.tanh(x @ weights.T) @ outer - y) ** 2)

    by_weights, by_outer, found = module.slopes(weights, outer, x, y)
    assert found == pytest.approx(loss(weights, outer))
    for place in np.ndindex(weights.shape):
        step = np.zeros_like(weights)
        step[place] = 1e-5
        rise = loss(weights + step, outer) - loss(weights - step, outer)
        assert by_weights[place] == pytest.approx(rise / 2e-5, rel=1e-5, abs=1e-9)
    for place in range(2):
        step = 1e-5 * np.eye(2)[place]
        rise = loss(weights, outer + step) - loss(weights, outer - step)
        assert by_outer[place] == pytest.approx(rise / 2e-5, rel=1e-5, abs=1e-9)


def same_stays_the_same(module):
    for batch in (16, module.ROWS):
        measured = cell(module, "same", batch=batch, steps=400)
        assert measured.is_alike == 1
        assert measured.parting_step is measured.growth is None
        assert measured.log_distance_by_look == ()
    assert cell(module, decades=10.0, steps=400).is_alike == 0


def start_differs_by_the_decades(module):
    for decades in (1.0, 6.0, 10.0):
        _, _, weights, outer = module.begun(module.Config(start="near", decades=decades), SEED)
        assert np.linalg.norm(weights[0] - weights[1]) / 0.5 == pytest.approx(10.0**-decades, rel=1e-4)
        assert module.apart(weights) == pytest.approx(10.0**-decades, rel=1e-2)
        assert outer[0] == outer[1]


def distance_grows_as_the_hessian_says(module):
    """The part of the Hessian that tells two neurons apart has the eigenvalue -rate: the mean of r o tanh'' x x^T."""
    x, y, weights, outer = plateau(module)
    active = np.tanh(x @ weights[0])
    residual = 2 * outer[0] * active - y
    curved = residual * outer[0] * -2 * active * (1 - active**2)
    rate = -np.linalg.eigvalsh((x * curved[:, None]).T @ x / len(x))[0]
    assert rate > 0
    measured = cell(module, decades=10.0)
    assert measured.growth == pytest.approx(np.log1p(0.2 * rate), rel=0.1)  # the plateau still sinks a little
    more = cell(module, decades=10.0).parting_step - cell(module, decades=8.0).parting_step
    assert more == pytest.approx(np.log(100) / np.log1p(0.2 * rate), rel=0.1)  # the plateau still sinks a little


def neurons_part_on_the_plateau(module):
    """What is left to learn when they part is what one neuron cannot learn."""
    x, y, weights, outer = plateau(module)
    rest = np.mean((2 * outer[0] * np.tanh(x @ weights[0]) - y) ** 2) / y.var()
    measured = cell(module, decades=10.0)
    assert measured.loss == pytest.approx(rest, rel=0.05)
    assert measured.log_distance_by_look[0] == pytest.approx(-10, abs=0.01)
    assert cell(module, decades=2.0).parting_step < measured.parting_step


def noise_of_their_own_parts_them(module):
    near, far = (cell(module, decades=decades, control="placebo").parting_step for decades in (4.0, 10.0))
    assert far < 1.3 * near
    assert far < cell(module, decades=10.0).parting_step


TRUTHS = [
    gradients_are_those_of_the_loss,
    same_stays_the_same,
    start_differs_by_the_decades,
    distance_grows_as_the_hessian_says,
    neurons_part_on_the_plateau,
    noise_of_their_own_parts_them,
]


@pytest.mark.parametrize("truth", TRUTHS)
def test_it_knows_when_neurons_part(truth):
    truth(symmetry_breaking_dynamics)


@pytest.mark.parametrize(
    ("truth", "right", "mistake"),
    [
        (gradients_are_those_of_the_loss, "(1 - one**2)", "(1 - one)"),
        (gradients_are_those_of_the_loss, "- y) / len(y)", "- y) / 100"),
        (same_stays_the_same, 'if config.start == "same"', "if False"),
        (start_differs_by_the_decades, "0.25 * 10.0**-config.decades", "0.5 * 10.0**-config.decades"),
        (distance_grows_as_the_hessian_says, "polyfit(LOOK * between", "polyfit(between"),
        (neurons_part_on_the_plateau, "loss=2 * slopes", "loss=slopes"),
        (noise_of_their_own_parts_them, 'config.control == "placebo"', 'config.control == "nothing"'),
    ],
)
def test_a_wrong_version_would_be_found_out(truth, right, mistake):
    module = wrong("symmetry_breaking_dynamics", right, mistake)
    with pytest.raises(AssertionError):
        truth(module)
