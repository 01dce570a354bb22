"""Lazy and rich networks: fixed kernels, powers of the width, and what stays of the start."""

import functools
from dataclasses import replace

import jax
import numpy as np
import pytest

from axiom.domain.experiments import seed_of
from axiom.kit import chance, data, geometry, losses, models, optimizers, training
from axiom_catalogue import feature_learning_phase, lazy_transition, lazy_vs_feature_learning

# Jacot et al. (2018), Yang & Hu (2021): a wider network moves less, towards a fixed kernel, and by known powers.


def test_movement_is_in_inverse_proportion_to_the_scale_of_outputs():
    """Chizat et al. (2019): movement in inverse proportion to their scale, whatever the width."""
    limit = lazy_vs_feature_learning.Config(width=64, parametrisation="ntk", lr=0.3, epochs=150)
    plain, scaled = (lazy_vs_feature_learning.run(replace(limit, alpha=alpha), 5) for alpha in (1.0, 16.0))
    assert scaled.movement == pytest.approx(plain.movement / 16, rel=0.05)
    assert scaled.middle_movement == pytest.approx(plain.middle_movement / 16, rel=0.1)
    assert abs(scaled.test_accuracy - plain.test_accuracy) < 0.06


@pytest.mark.parametrize("epochs", [1, 19, 25])
def test_any_number_of_epochs_gives_at_most_ten_points(epochs):
    measured = lazy_vs_feature_learning.run(lazy_vs_feature_learning.Config(width=8, epochs=epochs), 5)
    assert 1 <= len(measured.movement_by_epoch) <= 10


# A sudden drop is found where one was put, and none on a parabola; parts of a training make a whole.
TRANSITION_SEED = 5
TRANSITION_SIZES = np.array(lazy_transition.widths(512), dtype=float)


def test_a_drop_is_found_where_one_was_put():
    """On a parabola no step drops beyond it and the steepest is the last; a drop that is put there is seen there."""
    xs = np.log(TRANSITION_SIZES)
    smooth = np.exp(1.0 + 0.4 * xs - 0.15 * xs**2)
    jump, bend, steepest = lazy_transition.transition(TRANSITION_SIZES, smooth)
    assert (jump, bend, steepest) == (pytest.approx(0.0, abs=1e-9), pytest.approx(-0.15), 1.0)
    broken = smooth * np.where(np.arange(13) > 6, np.exp(-1.0), 1.0)
    jump, _, steepest = lazy_transition.transition(TRANSITION_SIZES, broken)
    assert jump > 0.6
    assert steepest == pytest.approx(6 / 11)


def test_a_width_in_parts_is_what_it_is_as_a_whole():
    task = data.teacher(chance.stream(TRANSITION_SEED, "data"), inputs=20, classes=5, train=2_000, test=500)
    start = models.mlp(chance.stream(TRANSITION_SEED, "start"), (20, 16, 16, 5))
    whole, _ = training.trained(
        start,
        task,
        chance.orders(TRANSITION_SEED, items=2_000, epochs=10),
        rates=optimizers.Rates(lr=0.05),
        batch=64,
        watch=lambda _net: 0.0,
        every=10,
    )
    measured = lazy_transition.run(lazy_transition.Config(lr=0.05, widest=16, epochs=10), TRANSITION_SEED)
    assert measured.movement_by_width[-1] == pytest.approx(geometry.movement(start, whole, layer=0), rel=1e-4)
    assert measured.accuracy_by_width[-1] == pytest.approx(training.accuracy(whole, task.x_test, task.y_test), abs=0.01)
    for name in ("movement", "entropy", "gradient", "dead", "similarity", "accuracy"):
        by_width = getattr(measured, f"{name}_by_width")
        ends = [getattr(measured, f"{name}_by_look_{which}")[-1] for which in ("narrow", "wide")]
        assert ends == [by_width[0], by_width[-1]]
    assert list(measured.movement_by_look_narrow) == sorted(measured.movement_by_look_narrow)
    assert len(measured.movement_by_width) == 3
    assert measured.movement_by_width[0] > measured.movement_by_width[-1]


def test_entropy_of_weights_is_one_where_all_weigh_the_same():
    layer = models.Layer(np.ones((4, 4), dtype=np.float32), np.zeros(4))
    assert lazy_transition.weight_entropy((layer,)) == pytest.approx(1.0)
    some = layer._replace(weights=np.diag([1.0, -1.0, 1.0, -1.0]))
    assert lazy_transition.weight_entropy((some,)) == pytest.approx(0.5)


def test_the_gradient_is_as_long_as_the_one_that_jax_finds():
    task = data.teacher(chance.stream(TRANSITION_SEED, "data"), inputs=20, classes=5, train=50, test=10)
    net = models.mlp(chance.stream(TRANSITION_SEED, "net"), (20, 8, 8, 5))
    slopes = jax.tree.leaves(jax.jit(jax.grad(losses.CROSS_ENTROPY))(net, task.x_train, task.y_train))
    assert lazy_transition.gradient(net, task) == pytest.approx(
        np.sqrt(sum(float((slope**2).sum()) for slope in slopes)), rel=1e-4
    )


# Chizat et al. (2019): a lazy network is its kernel. Woodworth et al. (2020): what a regression of u^2 - v^2 finds.
PHASE_SEED = seed_of("feature_learning_phase", 1, 0)


@functools.cache
def phase_cell(task="product", alpha=1.0, **changes):
    return feature_learning_phase.run(feature_learning_phase.Config(task=task, alpha=alpha, **changes), PHASE_SEED)


def test_kernel_is_that_of_gradients():
    """Each weight of a small network is moved a little, by hand."""
    rng, step = chance.stream(1, "net"), 1e-5
    parts = [rng.standard_normal(shape) for shape in ((3, 5), (5,), (5, 1), (1,))]
    x, gradients = rng.standard_normal((4, 3)), []

    def outputs(moved):
        return feature_learning_phase.NTK.outputs((models.Layer(*moved[:2]), models.Layer(*moved[2:])), x)[:, 0]

    for place, part in enumerate(parts):
        for index in np.ndindex(part.shape):
            up, down = ([array.copy() for array in parts] for _ in range(2))
            up[place][index] += step
            down[place][index] -= step
            gradients.append((outputs(up) - outputs(down)) / (2 * step))
    measured = feature_learning_phase.kernel((models.Layer(*parts[:2]), models.Layer(*parts[2:])), x)
    assert measured == pytest.approx(np.transpose(gradients) @ gradients, rel=1e-6)


def test_lazy_network_is_its_kernel():
    """With a large alpha, step after step is what the kernel of the start does to the targets."""
    x = chance.stream(PHASE_SEED, "data").standard_normal((1_200, 20)).astype(np.float32)
    start = models.ntk(chance.stream(PHASE_SEED, "start"), (20, 100, 1))
    whole = feature_learning_phase.kernel(start, x)
    y = x.sum(axis=1) / 20**0.5
    learned, errors = np.zeros(1_200), []
    for _ in range(200):
        learned = learned - 0.5 * whole[:, :200] @ (learned - y)[:200] / 200
        errors.append(np.square(learned - y)[200:].sum() / np.square(y[200:]).sum())
    assert phase_cell("linear", 100.0, steps=200).best_error == pytest.approx(min(errors[49::50]), rel=0.01)
    assert phase_cell("linear", 1.0, steps=200).best_error != pytest.approx(min(errors[49::50]), rel=0.01)


def test_steps_of_a_regression_are_multiplied():
    """So the logarithm of u / v stays, but for the cubes of its steps, in the space of the rows."""
    rng = chance.stream(1, "rows")
    x, truth = rng.standard_normal((40, 100)), np.arange(100) < 3
    y = x @ truth
    for alpha in (0.03, 1.0):
        u, v, errors, path = feature_learning_phase.descended(x, y, alpha, 3_000)
        assert errors == pytest.approx([np.square(x @ weights - y).sum() / np.square(y).sum() for weights in path])
        assert errors[0] == 1.0
        assert errors[-1] <= 0.02 < errors[-2]
        assert path[-1] == pytest.approx(u**2 - v**2)
        turned = np.log(u / v)
        beside = turned - np.linalg.pinv(x) @ (x @ turned)
        assert np.linalg.norm(beside) < 1e-3 * np.linalg.norm(turned)


def test_regression_ends_at_the_sparsest_or_the_shortest():
    x = chance.stream(PHASE_SEED, "rows").standard_normal((40, 100))
    truth = np.arange(100) < 3
    shortest, step = np.zeros(100), 0.06 / 40  # by hand, as early
    while np.square(x @ (shortest - truth)).sum() > 0.02 * np.square(x @ truth).sum():
        shortest = shortest - step * x.T @ (x @ (shortest - truth))
    assert np.linalg.matrix_rank(np.vstack([x, shortest])) == 40
    rich, lazy = (phase_cell("regression", alpha) for alpha in (0.01, 30.0))
    assert lazy.test_error == pytest.approx(np.square(shortest - truth).sum() / 3, rel=0.01)
    assert lazy.attention == pytest.approx(np.square(shortest[:3]).sum() / np.square(shortest).sum(), rel=0.01)
    assert lazy.kernel_change < 0.01 < 1 < rich.kernel_change
    assert rich.test_error < 0.1
    assert rich.attention > 0.95


# Kornblith et al. (2019), Lee et al. (2019): wide networks are alike, and were so before anything was learned.
