"""Kaplan et al. (2020): where size alone is scarce the loss is a power of it; a floor or few examples bend the law."""

import functools

import numpy as np
import pytest
from wrong import wrong

from axiom.catalogue import neural_scaling_laws
from axiom.domain.experiments import seed_of

SEED = seed_of("neural_scaling_laws", 1, 0)
SIZES = np.array([33.0, 92.0, 229.0, 561.0, 1_576.0, 4_261.0])


@functools.cache
def cell(module, inputs=4, items=0, **changes):
    return module.run(
        module.Config(**({"inputs": inputs, "items": items, "steps": 800, "largest": 12} | changes)), SEED
    )


@functools.cache
def shown(module, inputs=4, items=0, **changes):
    return module.population(module.Config(**({"inputs": inputs, "items": items, "steps": 400} | changes)), SEED)


def a_power_law_is_found_exactly(module):
    """By hand: losses that are a power of the size leave nothing, and a floor below them leaves what a line leaves."""
    exponent, rest = module.power(SIZES, 7.0 * SIZES**-0.8)
    assert exponent == pytest.approx(0.8)
    assert rest == pytest.approx(0.0, abs=1e-9)
    x, y = np.log(SIZES), np.log(0.02 + 7.0 * SIZES**-0.8)
    exponent, rest = module.power(SIZES, np.exp(y))
    slope = ((x - x.mean()) @ (y - y.mean())) / ((x - x.mean()) @ (x - x.mean()))
    assert exponent == pytest.approx(-slope)
    assert rest == pytest.approx(np.var(y - slope * x) / np.var(y))
    assert rest > 0.01


def a_floor_is_found_where_there_is_one(module):
    exponent, rest = module.floored(SIZES, 0.02 + 7.0 * SIZES**-0.8)
    assert exponent == pytest.approx(0.8, rel=0.03)
    assert rest < 1e-4
    exponent, rest = module.floored(SIZES, 7.0 * SIZES**-0.8)
    assert exponent == pytest.approx(0.8, rel=0.03)  # and none where there is none
    assert rest < 1e-4
    below_zero = 7.0 * SIZES**-0.8 - 0.004
    assert module.floored(SIZES, below_zero)[1] >= module.power(SIZES, below_zero)[1] * 0.9


def examples_are_what_they_say(module):
    """Of mean 0 and variance 1; none comes twice, or few do as often as each other, and they are no test data."""
    fresh = shown(module)
    assert fresh.y_test.mean() == pytest.approx(0.0, abs=1e-5)
    assert fresh.y_test.std() == pytest.approx(1.0, rel=1e-4)
    assert len(np.unique(fresh.x_train, axis=0)) == len(fresh.x_train) == 400 * 64
    few = shown(module, items=100)
    assert few.x_train.shape == fresh.x_train.shape
    assert len(np.unique(few.x_train, axis=0)) == 100
    assert np.array_equal(few.x_train[:100], fresh.x_train[:100])
    assert few.y_train[:100] == pytest.approx(fresh.y_train[:100], abs=1e-5)
    assert not set(fresh.x_train[:, 0].tolist()) & set(fresh.x_test[:, 0].tolist())


def size_is_what_is_scarce(module):
    """More parameters lose less, the counts are those of two hidden layers, and the law is that of these losses."""
    measured = cell(module)
    assert measured.sizes == tuple(4 * w + w + w * w + w + w + 1 for w in (4, 7, 12))
    assert measured.losses[-1] < 0.6 * measured.losses[0]
    assert (measured.exponent, measured.unexplained) == module.power(np.array(measured.sizes), measured.losses)
    assert measured.exponent > 0.2
    assert max(measured.losses) < 0.5  # of the variance: something was learned


def few_examples_are_learned_by_heart(module):
    few, fresh = cell(module, 4, 64), cell(module)
    assert few.losses[-1] > 1.5 * fresh.losses[-1]
    assert few.exponent < fresh.exponent - 0.1
    assert few.best_unexplained != few.unexplained


def controls_are_what_they_say(module):
    """Whatever it says, a control has two inputs and other examples of one teacher; planted noise grows with it."""
    two, eight = (shown(module, inputs, control="placebo") for inputs in (2, 8))
    assert two.x_train.shape == eight.x_train.shape == shown(module, 2).x_train.shape
    assert not np.array_equal(two.x_train, eight.x_train)
    assert nearest(two, eight) < 0.05  # what the teacher says close by
    assert nearest(two, shown(module, 2)) < 0.05
    planted = shown(module, 8, control="planted")
    assert np.array_equal(planted.x_train, eight.x_train)
    assert (planted.y_test - eight.y_test).std() == pytest.approx(0.24, rel=0.05)
    assert np.array_equal(shown(module, 2, control="planted").y_test, two.y_test)


def nearest(one, other):
    """How far the labels of the one lie, in the mean square, from those of the nearest examples of the other."""
    away = ((one.x_test[:200, None] - other.x_test) ** 2).sum(axis=2)
    return float(np.mean((one.y_test[:200] - other.y_test[away.argmin(axis=1)]) ** 2))


TRUTHS = [
    a_power_law_is_found_exactly,
    a_floor_is_found_where_there_is_one,
    examples_are_what_they_say,
    size_is_what_is_scarce,
    few_examples_are_learned_by_heart,
    controls_are_what_they_say,
]


@pytest.mark.parametrize("truth", TRUTHS)
def test_it_knows_what_a_size_is_worth(truth):
    truth(neural_scaling_laws)


@pytest.mark.parametrize(
    ("truth", "right", "mistake"),
    [
        (a_power_law_is_found_exactly, "np.corrcoef(x, y)[0, 1] ** 2", "np.corrcoef(x, y)[0, 1]"),
        (a_power_law_is_found_exactly, "-float(np.polyfit(x, y, 1)[0])", "-float(np.polyfit(y, x, 1)[0])"),
        (a_floor_is_found_where_there_is_one, "(sizes / sizes[0]) ** -exponent", "(sizes / sizes[0]) ** exponent"),
        (a_floor_is_found_where_there_is_one, "if found[0] >= 0:", "if found[0] >= -1:"),
        (examples_are_what_they_say, "y[:TEST].std()", "y[:TEST].var()"),
        (examples_are_what_they_say, "again = TEST + ", "again = "),
        (examples_are_what_they_say, "% (len(x) - TEST)", "% 50"),
        (size_is_what_is_scarce, "part.size for layer in net for part in layer", "layer.weights.size for layer in net"),
        (size_is_what_is_scarce, "Rates(lr=lr)", "Rates(lr=0.0)"),
        (examples_are_what_they_say, "(config.items or count), inputs", "count, inputs"),
        (few_examples_are_learned_by_heart, "test[kept_back.argmin()]", "test[-1]"),
        (controls_are_what_they_say, "0.04 * (config.inputs - 2)", "0.04"),
        (controls_are_what_they_say, 'else (2, f" {config.inputs}")', 'else (2, "")'),
        (controls_are_what_they_say, 'chance.stream(seed, "teacher")', 'chance.stream(seed, f"teacher{own}")'),
    ],
)
def test_a_wrong_version_would_be_found_out(truth, right, mistake):
    module = wrong("neural_scaling_laws", right, mistake)
    with pytest.raises(AssertionError):
        truth(module)
