"""Learning rates: cliffs, catapults and curvature, where a quadratic or a recursion says what must come."""

import functools
import itertools
import math

import numpy as np
import pytest

from axiom.domain.experiments import seed_of
from axiom.kit import chance, data, models
from axiom_catalogue import binder_crossing, border_dimension, catapult_phase
from axiom_catalogue import catapult_in_networks as in_networks
from axiom_catalogue import learning_rate_cliff as cliffs
from axiom_catalogue import learning_rate_phase_transitions as transitions
from axiom_catalogue import learning_rate_warmup_dynamics as warmed
from axiom_catalogue import loss_landscape_curvature as flatness
from axiom_catalogue import progressive_sharpening as sharpening


# A loss leaps where the rate is above 2 over the sharpness, and comes down in a flatter place; below it falls.
def test_the_first_step_is_that_of_the_sharpness():
    """That of one step on all rows: the loss after it is that of weights moved against the gradient by this rate."""
    measured = in_networks.run(in_networks.Config(network="relu", loss="mse", rate=1.0, rows=64, steps=150), 5)
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


# Lewkowycz et al. (2020): the two-variable recursion is exact, and has a phase below 2, one up to 4, and one above.
PHASE_RATES = (1.0, 1.9, 2.1, 3.0, 3.9, 4.2)


def by_recursion(config, seed, steps):
    """The kernel before each step, from the output and the kernel at the start alone, over the first one."""
    losses, kernels = catapult_phase.descent(config, seed)
    f, k = (2 * losses[0]) ** 0.5, kernels[0]
    lr, first = config.rate / k, k
    for _ in range(steps):
        yield k / first
        f, k = f * (1 - lr * k + lr**2 * f**2 / config.width), k + lr * f**2 * (lr * k - 4) / config.width


def test_phases_and_recursion_are_those_of_the_paper():
    for rate, seed in itertools.product((1.0, 2.5, 3.9), (3,)):
        config = catapult_phase.Config(rate=rate, steps=300)
        expected = list(by_recursion(catapult_phase.Config(rate=rate, steps=300), seed, 32))
        assert catapult_phase.run(config, seed).kernel_ratio_by_step == pytest.approx(expected, rel=1e-6)
    for rate, seed in itertools.product(PHASE_RATES, range(2)):
        measured = catapult_phase.run(catapult_phase.Config(rate=rate, steps=1_000), seed)
        assert measured.is_as_predicted
        assert (measured.diverged, measured.catapulted) == (rate > 4, 2 < rate < 4)
        if rate < 4:
            assert measured.converged
            assert 0 < measured.end_rate < 2
            assert measured.kernel_ratio * rate == pytest.approx(measured.end_rate)


# Where a training falls apart: at 2 over the sharpness in a quadratic, and later with cross-entropy in a network.
CLIFF_SEED = 5


@functools.cache
def cliff_cell(loss="mse", depth=1, *, rows=200, epochs=20, activation="relu", **changes):
    config = cliffs.Config(
        task="clusters", activation=activation, loss=loss, depth=depth, rows=rows, epochs=epochs, **changes
    )
    return cliffs.run(config, CLIFF_SEED)


def test_a_quadratic_falls_apart_at_two_over_its_eigenvalue():
    """Of an affine model on one batch with squared error: 2 over the largest eigenvalue of its inputs' moments."""
    measured = cliff_cell(depth=0, rows=cliffs.BATCH, epochs=200)
    task = data.clusters(chance.stream(CLIFF_SEED, "data"), inputs=20, classes=5, train=cliffs.BATCH, test=1)
    rows = np.hstack([task.x_train, np.ones((cliffs.BATCH, 1))])
    assert measured.cliff == pytest.approx(2 / np.linalg.eigvalsh(rows.T @ rows / cliffs.BATCH)[-1], rel=0.03)
    assert measured.log_cliff == pytest.approx(np.log(measured.cliff))
    assert measured.has_one_cliff == 1


def test_the_best_constant_answer_is_the_shares_of_the_classes():
    labels = np.array([0, 0, 0, 1])
    assert cliffs.constant(labels, is_square=False) == pytest.approx(-0.75 * np.log(0.75) - 0.25 * np.log(0.25))
    assert cliffs.constant(labels, is_square=True) == pytest.approx(0.75 * 0.25)


# A quadratic falls apart at 2 / sharpness exactly, a wide linear network with a hidden layer at 4 (Lewkowycz 2020).
def transition_cell(network, rate, *, loss="mse", seed=3, **others):
    return transitions.run(transitions.Config(network=network, rate=rate, loss=loss, **others), seed)


def test_cliffs_are_where_theory_puts_them():
    below, above = (transition_cell("affine", rate) for rate in (1.9, 2.1))
    assert below.is_monotone
    assert below.spike == 1.0
    assert below.end_rate == pytest.approx(1.9, rel=1e-4)
    assert below.has_learned
    assert above.diverged
    assert not above.has_learned
    assert not above.is_monotone
    before, behind = (transition_cell("linear", rate) for rate in (3.5, 4.5))
    assert (before.diverged, behind.diverged) == (0, 1)
    assert before.spike > 2  # the catapult
    assert before.highest_step > 0
    assert before.has_learned
    assert before.end_rate < 2.05
    assert before.lr * before.start_sharpness == pytest.approx(3.5)


def test_a_course_does_not_depend_on_how_it_is_cut_into_blocks():
    cut, whole = (transition_cell("affine", 0.1, steps=steps) for steps in (transitions.BLOCK + 1, transitions.BLOCK))
    assert cut.final_loss < 0.99 * whole.final_loss
    assert cut.final_loss == pytest.approx(transition_by_hand(steps=transitions.BLOCK), rel=1e-4)


def transition_by_hand(steps, seed=3):
    """The squared error of an affine model after so many steps at a tenth of the inverse sharpness, in NumPy."""
    task = data.teacher(chance.stream(seed, "data"), inputs=20, classes=5, train=256, test=1)
    x, y = np.column_stack([task.x_train, np.ones(256)]), np.eye(5)[task.y_train]
    weights = np.vstack([models.mlp(chance.stream(seed, "start"), (20, 5), gain=1.0)[0].weights, np.zeros(5)])
    lr = 0.1 / np.linalg.eigvalsh(x.T @ x / 256)[-1]
    for _ in range(steps):
        weights = weights - lr * x.T @ (x @ weights - y) / 256
    return 0.5 * np.mean(np.sum((x @ weights - y) ** 2, axis=1))


# Gilmer et al. (2021), Kalra & Barkeshli (2024): small steps at first, and what becomes of the curvature.
WARMUP_SEED = seed_of("learning_rate_warmup_dynamics", 1, 0)


@functools.cache
def warmup_cell(lr=0.1, warmup=1, **changes):
    config = warmed.Config(
        **({"task": "clusters", "optimizer": "sgd", "epochs": 4, "lr": lr, "warmup": warmup} | changes)
    )
    return warmed.run(config, WARMUP_SEED)


def warmup_rates_of(**what):
    return warmed.schedule(warmed.Config(**({"task": "teacher", "optimizer": "sgd", "lr": 0.4, "epochs": 5} | what)))


def test_rates_grow_in_proportion():
    """A thousand examples are twenty steps: after two epochs of warm-up the fortieth step is the first full one."""
    rates = warmup_rates_of(warmup=2)
    assert rates.shape == (100,)
    assert rates[:40] == pytest.approx(0.01 * np.arange(1, 41))
    assert rates[40:] == pytest.approx(np.full(60, 0.4))
    assert warmup_rates_of(warmup=0) == pytest.approx(np.full(100, 0.4))


def test_adam_moves_each_weight_by_the_rate():
    """Its first step is the rate, whatever the gradient's size, and with a warm-up of 20 steps a twentieth of it."""
    adam = warmed.OPTIMIZERS["adam"]
    weight, slope, nothing = np.zeros(3, np.float32), np.array([1e-3, -2.0, 50.0], np.float32), np.zeros(3, np.float32)
    rates = warmed.Rates(lr=warmup_rates_of(lr=0.02, warmup=1))
    (moved,), _ = adam.step([weight], [slope], [(nothing, nothing)], 1.0, rates)
    assert moved == pytest.approx(-0.001 * np.sign(slope), rel=1e-3)
    (moved,), _ = adam.step([weight], [slope], [(nothing, nothing)], 5.0, rates)
    by_hand = 0.005 * 0.1 / (1 - 0.9**5) / (0.001 / (1 - 0.999**5)) ** 0.5
    assert moved == pytest.approx(-by_hand * np.sign(slope), rel=1e-3)


def test_what_diverges_is_no_number():
    """A rate of 4 throws plain descent out for good: no loss, no sharpness, and one class for all."""
    measured = warmup_cell(4.0, 0, task="teacher")
    assert measured.diverged == 1
    assert measured.train_loss is measured.highest_loss is measured.log_early_sharpness is None
    assert len(measured.sharpness_by_epoch) < 4
    assert measured.test_accuracy < 0.5


# Cohen et al. (2021): sharpness * lr / 2 ends at 1, from below and from above; a quadratic never sharpens.
def sharp_cell(lr, *, depth=2, steps=800, seed=3):
    return sharpening.run(sharpening.Config(lr=lr, depth=depth, width=32, rows=64, steps=steps), seed)


def test_the_sharpness_ends_at_the_edge_of_stability():
    measured = sharp_cell(0.4)
    assert 0.97 < measured.edge_ratio < 1.02
    assert measured.is_at_edge
    assert measured.edge_step is not None
    assert measured.sharpening > 1
    affine = sharp_cell(0.4, depth=0)
    assert affine.start_sharpness == pytest.approx(sharp_of_inputs(seed=3, rows=64), rel=1e-3)
    assert affine.sharpening == pytest.approx(1.0)
    assert affine.edge_ratio == pytest.approx(affine.end_sharpness * 0.2)


def sharp_of_inputs(seed, rows):
    """The largest eigenvalue of the second moment of inputs and bias: the sharpness of an affine model."""
    x = chance.stream(seed, "data").standard_normal((rows, sharpening.INPUTS))
    inputs = np.column_stack([x, np.ones(rows)])
    return np.linalg.eigvalsh(inputs.T @ inputs / rows)[-1]


@pytest.mark.parametrize("others", [{"depth": 0, "lr": 1.5, "steps": 4_000}, {"depth": 2, "lr": 2.0}])
def test_what_diverges_has_no_end_but_the_curve_until_then(others):
    measured = sharp_cell(**others)
    assert measured.diverged
    assert not measured.is_at_edge
    assert len(measured.edge_ratio_by_snapshot) < sharpening.SNAPSHOTS
    assert measured.edge_ratio_by_snapshot[0] == pytest.approx(measured.start_sharpness * others["lr"] / 2)
    names = ("end_sharpness", "sharpening", "edge_ratio", "rising", "final_loss")
    assert all(getattr(measured, name) is None for name in names)


# At the same training loss a higher rate is at a flatter place; an affine model has one curvature everywhere.
@functools.cache
def curvature_cell(lr, *, seed=3, loss="mse", until="loss", width=32, rows=400, **others):
    return flatness.run(flatness.Config(lr=lr, loss=loss, until=until, width=width, rows=rows, **others), seed)


def test_an_affine_model_has_the_curvature_of_its_inputs():
    affine = curvature_cell(0.1, until="epochs", depth=0, epochs=3)
    curvature = curvature_of_inputs(seed=3, rows=400)
    assert affine.sharpness == pytest.approx(np.linalg.eigvalsh(curvature)[-1], rel=1e-3)
    assert affine.trace == pytest.approx(flatness.CLASSES * np.trace(curvature), rel=0.2)


def curvature_of_inputs(seed, rows):
    """The second moment of inputs and bias: for each class, the Hessian of an affine model."""
    task = data.clusters(chance.stream(seed, "data"), inputs=20, classes=5, train=rows, test=1_000)
    inputs = np.column_stack([task.x_train, np.ones(rows)])
    return inputs.T @ inputs / rows


@pytest.mark.parametrize(
    "others", [{"lr": 0.1, "depth": 0, "goal": 1e-4}, {"lr": 5.0, "until": "epochs"}], ids=["too far", "diverged"]
)
def test_what_does_not_arrive_has_no_curvature(others):
    measured = curvature_cell(others.pop("lr"), **others)
    assert not measured.has_arrived
    assert measured.epochs >= 1
    names = ("trace", "sharpness", "edge_ratio", "train_loss", "test_loss", "test_accuracy")
    assert all(getattr(measured, name) is None for name in names)


# Binder's cumulant of known order parameters, where curves break and cross, and what a high rate does to a network.
def test_the_cumulant_is_that_of_known_distributions():
    """2 / 3 where it keeps its size, whatever the size and sign; 0 where it is normal about 0; none without numbers."""
    normal = np.random.default_rng(5).standard_normal(200_000)
    assert binder_crossing.cumulant(np.full(9, -3.0)) == pytest.approx(2 / 3)
    assert binder_crossing.cumulant(5 * normal) == pytest.approx(0.0, abs=0.02)
    assert binder_crossing.cumulant(5 + normal) > 0.5
    assert binder_crossing.cumulant(np.array([1.0, np.nan])) == binder_crossing.cumulant(np.zeros(4)) == 0.0


def test_a_curve_breaks_between_the_last_in_order_and_the_first_that_is_not():
    between = math.sqrt(binder_crossing.RATES[1] * binder_crossing.RATES[2])
    assert binder_crossing.broken([0.66, 0.5, 0.2, 0.6]) == between
    assert binder_crossing.broken([0.66, 0.5, 0.4]) is None
    assert binder_crossing.broken([0.1, 0.6]) is None  # it had none to lose


def test_curves_cross_where_the_wide_network_has_less_and_the_narrow_one_has_some():
    between = math.sqrt(binder_crossing.RATES[1] * binder_crossing.RATES[2])
    assert binder_crossing.crossed([0.6, 0.6, 0.6], [0.66, 0.55, 0.4]) == between
    assert binder_crossing.crossed([0.6, 0.6, 0.1], [0.66, 0.6, -0.3]) is None
    assert binder_crossing.crossed([0.6, 0.6, 0.6], [0.66, 0.66, 0.7]) is None


# Borders along lines whose dimension is known: a point, Cantor's set, and coins.
def test_the_dimension_of_a_border_is_that_of_a_line_or_of_cantors_set():
    small = {"levels": 4, "steps": 60, "examples": 32, "width": 4}
    smooth, cantor = (
        [border_dimension.run(border_dimension.Config(control=control, **small), seed).dimension for seed in range(4)]
        for control in ("smooth", "cantor")
    )
    assert smooth == [1.0] * 4
    assert np.mean(cantor) == pytest.approx(1.0 + math.log(2.0) / math.log(3.0), abs=0.06)


def test_cantors_set_lies_between_two_sides_that_its_thirds_repeat():
    shares = (np.arange(3**6) + 0.5) / 3**6
    sides = border_dimension.find_cantor_side(shares).reshape(3, -1)
    assert not sides[1].any()
    assert sides[2].tolist() == (~sides[0]).tolist()
    assert sides[0, 243 // 3 : 2 * 243 // 3].tolist() == [False] * 81


def test_a_border_everywhere_has_as_many_changes_in_coarse_pieces_as_in_fine_ones():
    coins = np.random.default_rng(0).random((400, border_dimension.PIECES + 1)) < 0.5
    assert border_dimension.count_changes(coins, border_dimension.COARSE) == pytest.approx(4.0, abs=0.3)
    assert border_dimension.count_changes(coins, 1) == pytest.approx(32.0, abs=1.0)


def test_finer_windows_are_pieces_over_which_fates_change_and_stay_where_none_does():
    windows = np.array([[0.5, 0.0, 64.0], [-0.5, 64.0, 128.0]])
    learned = np.zeros((2, border_dimension.PIECES + 1), bool)
    learned[0, :11] = learned[1, 63:] = True
    finer = border_dimension.find_finer(windows, learned, np.random.default_rng(1))
    assert sorted(map(tuple, finer)) == [(-0.5, 126.0, 127.0), (0.5, 10.0, 11.0)]
    assert border_dimension.find_finer(windows, learned | True, np.random.default_rng(1)).tolist() == windows.tolist()
