"""He et al. (2015), Schoenholz et al. (2017): the variance of weights says how signals grow and how deep one gets."""

import functools
import math

import pytest
from wrong import wrong

from axiom.catalogue import weight_init_landscape
from axiom.domain.experiments import seed_of

SEED = seed_of("weight_init_landscape", 1, 0)


@functools.cache
def cell(module, scale, depth=16, *, activation="relu", **changes):
    return module.run(module.Config(activation=activation, depth=depth, scale=scale, **changes), SEED)


def growth_is_that_of_the_formula(module):
    """Each ReLU layer multiplies the mean square by the scale: exactly so with endlessly many units."""
    for scale in (0.25, 1.0, 4.0):
        measured = cell(module, scale, epochs=1)
        assert measured.growth == pytest.approx(math.log(scale), abs=0.15)
        assert measured.excess == pytest.approx(measured.growth - math.log(scale))
    one, four = (cell(module, scale, epochs=1).growth for scale in (1.0, 4.0))
    assert four - one == pytest.approx(math.log(4), rel=1e-3)  # the same directions, stretched


def tanh_bounds_what_is_large(module):
    """Small signals shrink as in a linear network, large ones keep the size at which tanh holds them."""
    small = cell(module, 0.25, activation="tanh", epochs=1)
    assert small.growth == pytest.approx(math.log(0.25), abs=0.25)
    assert abs(cell(module, 4.0, activation="tanh", epochs=1).growth) < 0.1


def deep_networks_need_the_critical_size(module):
    critical, small, large = (cell(module, scale) for scale in (1.0, 0.25, 2.0))
    assert critical.trained == 1
    assert small.trained == 0
    assert large.trained == 0
    assert critical.test_accuracy > small.test_accuracy + 0.05
    assert large.diverged == 1
    assert (large.test_accuracy, large.train_accuracy) == (0.2, 0.2)  # of five classes


def shallow_networks_hardly_care(module):
    small, critical = (cell(module, scale, depth=2) for scale in (0.25, 1.0))
    assert abs(small.test_accuracy - critical.test_accuracy) < 0.06
    assert min(small.test_accuracy, critical.test_accuracy) > 0.65


def controls_are_what_they_say(module):
    one, other = (cell(module, scale, control="placebo") for scale in (0.25, 1.0))
    assert abs(one.test_accuracy - other.test_accuracy) < 0.12
    assert one.test_accuracy != other.test_accuracy
    assert cell(module, 0.25, control="planted").test_accuracy < 0.35
    assert cell(module, 1.0, control="planted") == cell(module, 1.0)


TRUTHS = [
    growth_is_that_of_the_formula,
    tanh_bounds_what_is_large,
    deep_networks_need_the_critical_size,
    shallow_networks_hardly_care,
    controls_are_what_they_say,
]


@pytest.mark.parametrize("truth", TRUTHS)
def test_it_knows_how_large_weights_must_be(truth):
    truth(weight_init_landscape)


@pytest.mark.parametrize(
    ("truth", "right", "mistake"),
    [
        (growth_is_that_of_the_formula, "np.sqrt(CRITICAL[", "(CRITICAL["),
        (growth_is_that_of_the_formula, "(len(sizes) - 1)", "len(sizes)"),
        (tanh_bounds_what_is_large, '"relu": 2.0, "tanh": 1.0', '"relu": 1.0, "tanh": 1.0'),
        (deep_networks_need_the_critical_size, "int(not is_finite)", "int(is_finite)"),
        (deep_networks_need_the_critical_size, "GUESSING = 1 / CLASSES", "GUESSING = 0.0"),
        (controls_are_what_they_say, 'f"start {config.scale}", 1.0', '"start", 1.0'),
    ],
)
def test_a_wrong_version_would_be_found_out(truth, right, mistake):
    module = wrong("weight_init_landscape", right, mistake)
    with pytest.raises(AssertionError):
        truth(module)
