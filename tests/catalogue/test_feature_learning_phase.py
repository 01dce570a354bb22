"""Chizat et al. (2019): a lazy network is its kernel. Woodworth et al. (2020): what a regression of u^2 - v^2 finds."""

import functools

import numpy as np
import pytest
from wrong import wrong

from axiom.catalogue import feature_learning_phase
from axiom.domain.experiments import seed_of
from axiom.kit import chance, models

SEED = seed_of("feature_learning_phase", 1, 0)


@functools.cache
def cell(module, task="product", alpha=1.0, **changes):
    return module.run(module.Config(task=task, alpha=alpha, **changes), SEED)


def kernel_is_that_of_gradients(module):
    """Each weight of a small network is moved a little, by hand."""
    rng, step = chance.stream(1, "net"), 1e-5
    parts = [rng.standard_normal(shape) for shape in ((3, 5), (5,), (5, 1), (1,))]
    x, gradients = rng.standard_normal((4, 3)), []

    def outputs(moved):
        return module.NTK.outputs((models.Layer(*moved[:2]), models.Layer(*moved[2:])), x)[:, 0]

    for place, part in enumerate(parts):
        for index in np.ndindex(part.shape):
            up, down = ([each.copy() for each in parts] for _ in range(2))
            up[place][index] += step
            down[place][index] -= step
            gradients.append((outputs(up) - outputs(down)) / (2 * step))
    found = module.kernel((models.Layer(*parts[:2]), models.Layer(*parts[2:])), x)
    assert found == pytest.approx(np.transpose(gradients) @ gradients, rel=1e-6)


def lazy_network_is_its_kernel(module):
    """With a large alpha, step after step is what the kernel of the start does to the targets."""
    x = chance.stream(SEED, "data").standard_normal((1_200, 20)).astype(np.float32)
    start = models.ntk(chance.stream(SEED, "start"), (20, 100, 1))
    whole = module.kernel(start, x)
    y = x.sum(axis=1) / 20**0.5
    learned, errors = np.zeros(1_200), []
    for _ in range(200):
        learned = learned - 0.5 * whole[:, :200] @ (learned - y)[:200] / 200
        errors.append(np.square(learned - y)[200:].sum() / np.square(y[200:]).sum())
    assert cell(module, "linear", 100.0, steps=200).best_error == pytest.approx(min(errors[49::50]), rel=0.01)
    assert cell(module, "linear", 1.0, steps=200).best_error != pytest.approx(min(errors[49::50]), rel=0.01)


def kernel_rests_as_alpha_grows(module):
    """Weights move by one over alpha, and a kernel of ReLU, which turns on and off, by no less and at most its root."""
    lazy, lazier = (cell(module, "linear", alpha, steps=200).kernel_change for alpha in (10.0, 100.0))
    assert 10**0.5 < lazy / lazier < 10
    assert lazier < 0.01


def steps_of_a_regression_are_multiplied(module):
    """So the logarithm of u / v stays, but for the cubes of its steps, in the space of the rows."""
    rng = chance.stream(1, "rows")
    x, truth = rng.standard_normal((40, 100)), np.arange(100) < 3
    y = x @ truth
    for alpha in (0.03, 1.0):
        u, v, errors, path = module.descended(x, y, alpha, 3_000)
        assert errors == pytest.approx([np.square(x @ weights - y).sum() / np.square(y).sum() for weights in path])
        assert errors[0] == 1.0
        assert errors[-1] <= 0.02 < errors[-2]
        assert path[-1] == pytest.approx(u**2 - v**2)
        turned = np.log(u / v)
        beside = turned - np.linalg.pinv(x) @ (x @ turned)
        assert np.linalg.norm(beside) < 1e-3 * np.linalg.norm(turned)


def regression_ends_at_the_sparsest_or_the_shortest(module):
    x = chance.stream(SEED, "rows").standard_normal((40, 100))
    truth = np.arange(100) < 3
    shortest, step = np.zeros(100), 0.06 / 40  # by hand, as early
    while np.square(x @ (shortest - truth)).sum() > 0.02 * np.square(x @ truth).sum():
        shortest = shortest - step * x.T @ (x @ (shortest - truth))
    assert np.linalg.matrix_rank(np.vstack([x, shortest])) == 40
    rich, lazy = (cell(module, "regression", alpha) for alpha in (0.01, 30.0))
    assert lazy.test_error == pytest.approx(np.square(shortest - truth).sum() / 3, rel=0.01)
    assert lazy.attention == pytest.approx(np.square(shortest[:3]).sum() / np.square(shortest).sum(), rel=0.01)
    assert lazy.kernel_change < 0.01 < 1 < rich.kernel_change
    assert rich.test_error < 0.1
    assert rich.attention > 0.95


def training_ends_at_the_same_error(module):
    whole = cell(module, "linear", 1.0)
    assert whole.best_error <= whole.test_error
    short = cell(module, "linear", 1.0, steps=whole.steps - 50)
    assert short.test_error is None
    assert short.steps == whole.steps - 50


def placebo_has_no_scale(module):
    one, other = (cell(module, "product", alpha, steps=50, control="placebo") for alpha in (0.3, 30.0))
    assert one != other
    assert one.kernel_change == pytest.approx(other.kernel_change, rel=0.4)
    assert one.kernel_change > 3 * cell(module, "product", 30.0, steps=50).kernel_change


TRUTHS = [
    kernel_is_that_of_gradients,
    lazy_network_is_its_kernel,
    kernel_rests_as_alpha_grows,
    steps_of_a_regression_are_multiplied,
    regression_ends_at_the_sparsest_or_the_shortest,
    training_ends_at_the_same_error,
    placebo_has_no_scale,
]


@pytest.mark.parametrize("truth", TRUTHS)
def test_it_knows_how_far_networks_go(truth):
    truth(feature_learning_phase)


@pytest.mark.parametrize(
    ("truth", "right", "mistake"),
    [
        (kernel_is_that_of_gradients, "rows.T / len(first) + 1)", "rows.T / len(first))"),
        (kernel_is_that_of_gradients, "(before > 0) * second", "(before > 0) * np.square(second)"),
        (lazy_network_is_its_kernel, "learned = alpha * (", "learned = ("),
        (lazy_network_is_its_kernel, "(begun + y / alpha)", "(y / alpha)"),
        (kernel_rests_as_alpha_grows, "np.linalg.norm(last - first)", "np.linalg.norm(last)"),
        (steps_of_a_regression_are_multiplied, "v * (1 + slope)", "v * (1 + 2 * slope)"),
        (regression_ends_at_the_sparsest_or_the_shortest, "2 * alpha**2 * x @ x.T", "alpha**2 * x @ x.T"),
        (regression_ends_at_the_sparsest_or_the_shortest, ".sum(axis=1) / SPARSE", ".sum(axis=1) / WIDE"),
        (training_ends_at_the_same_error, "seen[-1][1] if seen[-1][0] <= enough else None", "seen[-1][1]"),
        (placebo_has_no_scale, 'alpha, own = (1.0, f"', 'alpha, own = (config.alpha, f"'),
    ],
)
def test_a_wrong_version_would_be_found_out(truth, right, mistake):
    module = wrong("feature_learning_phase", right, mistake)
    with pytest.raises(AssertionError):
        truth(module)
