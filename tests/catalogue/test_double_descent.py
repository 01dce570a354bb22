"""Belkin et al. (2019) and Hastie et al. (2022): the peak at p = N, the second descent, and a risk known exactly."""

import functools

import numpy as np
import pytest
from wrong import wrong

from axiom.catalogue import double_descent

SEEDS = range(12)


def risks(module, seeds=SEEDS, **config):
    return np.array([module.run(module.Config(**config), seed).risk for seed in seeds])


def random_features(module, features, samples=40, **config):
    return np.median(risks(module, design="random_features", features=features, samples=samples, **config))


def finite(p, n, noise):
    """The expected risk of an isotropic design: the variance alone below n, a bias besides above it."""
    return noise**2 * p / (n - p - 1) if p < n else 1 - n / p + noise**2 * n / (p - n - 1)


def the_peak_is_at_as_many_features_as_samples(module):
    for samples in (30, 60):
        widths = [samples // 2, samples - 6, samples, samples + 6, 2 * samples]
        by_width = [random_features(module, width, samples) for width in widths]
        assert int(np.argmax(by_width)) == 2
        assert by_width[2] > 5 * max(by_width[0], by_width[-1])


def it_is_there_without_noise_too(module):
    few, peak, many = (random_features(module, width, noise=0.0) for width in (16, 40, 400))
    assert peak > 4 * few
    assert many < 0.2 * few


def beyond_it_the_risk_falls_below_that_of_fewer_features(module):
    assert random_features(module, 640) < 0.75 * min(random_features(module, width) for width in (8, 16, 24))


def a_ridge_takes_the_peak_away(module):
    few, peak, many = (random_features(module, width, ridge=10.0) for width in (16, 40, 160))
    assert few > peak > many


def the_isotropic_risk_is_the_closed_form(module):
    for p, noise in ((20, 0.5), (40, 1.0), (120, 0.5), (240, 0.0)):
        found = risks(module, range(40), design="isotropic", features=p, samples=80, noise=noise)
        error = found.std() / len(found) ** 0.5
        assert abs(found.mean() - finite(p, 80, noise)) < 3.5 * error
        assert error < 0.08 * found.mean()


def what_is_measured_over_theory_is_one_on_average(module):
    for p in (20, 240):
        config = module.Config(design="isotropic", features=p, samples=80)
        assert np.mean([module.run(config, seed).risk_over_theory for seed in range(40)]) == pytest.approx(1, abs=0.12)


TRUTHS = [
    the_peak_is_at_as_many_features_as_samples,
    it_is_there_without_noise_too,
    beyond_it_the_risk_falls_below_that_of_fewer_features,
    a_ridge_takes_the_peak_away,
    the_isotropic_risk_is_the_closed_form,
    what_is_measured_over_theory_is_one_on_average,
]


@pytest.mark.parametrize("truth", TRUTHS, ids=lambda truth: truth.__name__)
def test_it_is_true_that(truth):
    truth(double_descent)


FIT = "features.ridge(seen, y, penalty=config.ridge)"
FRESH = 'chance.stream(seed, "test").standard_normal((TEST, INPUTS))'
WRONG = [
    (the_peak_is_at_as_many_features_as_samples, FRESH, "x"),  # the risk on the rows that were learned
    (the_peak_is_at_as_many_features_as_samples, FIT, "features.ridge(seen[::2], y[::2], penalty=config.ridge)"),
    (it_is_there_without_noise_too, FIT, "features.ridge(seen, y, penalty=1.0)"),
    (a_ridge_takes_the_peak_away, FIT, "features.minimum_norm(seen, y)"),
    (beyond_it_the_risk_falls_below_that_of_fewer_features, "count=config.features", "count=min(50, config.features)"),
    (the_isotropic_risk_is_the_closed_form, "noise = config.noise *", "noise = config.noise**2 *"),
    (
        the_isotropic_risk_is_the_closed_form,
        "standard_normal((config.features,",
        "uniform(-1.0, 1.0, (config.features,",
    ),
    (the_isotropic_risk_is_the_closed_form, "np.sum((weights - truth) ** 2)", "np.mean((weights - truth) ** 2)"),
    (what_is_measured_over_theory_is_one_on_average, "samples=config.samples, noise", "samples=TEST, noise"),
    (what_is_measured_over_theory_is_one_on_average, "risk / theory if", "risk * theory if"),
]


@pytest.mark.parametrize(("truth", "old", "new"), WRONG)
def test_it_would_not_be_of_a_wrong_version(truth, old, new):
    with pytest.raises(AssertionError):
        truth(wrong("double_descent", old, new))


@functools.cache
def cell(features, seed=5, **config):
    return double_descent.run(
        double_descent.Config(**{"design": "random_features", "samples": 40} | config, features=features), seed
    )


def test_from_as_many_features_as_samples_on_the_model_interpolates():
    assert cell(20).train_error > 0.01
    assert cell(41).train_error < 1e-12
    assert cell(400, ridge=1.0).train_error > 1e-4
    assert cell(60).weight_norm > cell(600).weight_norm


def test_where_there_is_no_closed_form_it_is_compared_with_none():
    assert cell(40).risk_over_theory is None
    assert cell(39, design="isotropic").risk_over_theory is None
    assert cell(20, design="isotropic", noise=0.0).risk_over_theory is None  # theory has 0, and digits are all there is
    assert cell(42, design="isotropic", ridge=1.0).risk_over_theory is None
    assert cell(42, design="isotropic").risk_over_theory > 0


def test_the_noise_of_the_balanced_placebo_is_the_one_of_the_closed_form():
    placebo = double_descent.experiment.controls[1].placebo
    few, many = (finite(config.features, config.samples, config.noise) for config in placebo)
    assert few == pytest.approx(many, rel=0.01)
