"""Of an affine model with squared error the landscape is a bowl: its way, its line and its rise are algebra."""

import functools

import numpy as np
import pytest
from wrong import wrong

from axiom.catalogue import gradient_descent_landscapes
from axiom.domain.experiments import seed_of
from axiom.kit import chance, data, landscapes, models

SEED = seed_of("gradient_descent_landscapes", 1, 0)
BOWL = {"task": "clusters", "loss": "mse", "depth": 0, "goal": 0.65}


@functools.cache
def cell(module, **changes):
    return module.run(module.Config(**({"task": "clusters", "loss": "ce", "lr": 0.2, "goal": 0.4} | changes)), SEED)


def bowl():
    """Inputs with a one, and the targets less what the same class everywhere would be; and the start."""
    task = data.clusters(chance.stream(SEED, "data"), inputs=20, classes=5, train=1_000, test=2_000)
    (layer,) = models.mlp(chance.stream(SEED, "start"), (20, 5))
    inputs = np.column_stack([task.x_train, np.ones(1_000)]).astype(np.float64)
    return inputs, np.eye(5)[task.y_train], np.vstack([layer.weights, layer.biases]).astype(np.float64)


@functools.cache
def way_by_hand(lr, goal):
    """The weights at the start and after every four steps of fifty examples, until half the squared error is there."""
    inputs, targets, weights = bowl()
    way = [weights]
    for row in chance.orders(SEED, items=1_000, epochs=200).reshape(-1, 4, 50):
        for items in row:
            x = inputs[items]
            weights = weights - lr * x.T @ (x @ weights - targets[items]) / 50
        way.append(weights)
        if 0.5 * np.mean(np.sum((inputs @ weights - targets) ** 2, axis=1)) <= goal:
            return np.array(way)
    raise LookupError("it never arrives")


def way_is_that_of_descent(module):
    """Its points, its plane, and the losses on the line from its first point to its last: a parabola."""
    inputs, targets, _ = bowl()
    for lr in (0.02, 0.1):
        way = way_by_hand(lr, 0.65 * 0.4)
        measured = cell(module, **BOWL, lr=lr)
        assert measured.points == min(41, len(way))
        chosen = np.unique(np.linspace(0, len(way) - 1, 41).round().astype(int))
        points = way[chosen].reshape(len(chosen), -1)
        values = np.linalg.svd(points - points.mean(axis=0), compute_uv=False) ** 2
        assert measured.in_plane == pytest.approx(values[:2].sum() / values.sum(), abs=1e-3)
        walk = landscapes.walked(chance.stream(SEED, "walk"), points)
        later = [np.linalg.svd(each[1:] - each[1:].mean(axis=0), compute_uv=False) ** 2 for each in (points, walk)]
        more = later[0][:2].sum() / later[0].sum() - later[1][:2].sum() / later[1].sum()
        assert measured.later_beyond_walk == pytest.approx(more, abs=1e-4)
        shares = np.linspace(0, 1, 25)[:, None, None]
        losses = [
            0.5 * np.mean(np.sum((inputs @ one - targets) ** 2, axis=1))
            for one in (1 - shares) * way[0] + shares * way[-1]
        ]
        assert measured.line == pytest.approx(losses, rel=1e-3)
        assert measured.train_loss == pytest.approx(losses[-1], rel=1e-3)
        assert measured.is_monotone == 1
        assert measured.bump == pytest.approx(0, abs=1e-3)


def rise_is_half_the_curvature(module):
    """Of a bowl, along directions by lot: of those that know the weights, and of those that know how long they were."""
    inputs, _, start = bowl()
    power = np.sum(inputs[:, :20] ** 2) / 1_000 / 20
    for lr in (0.02, 0.1):
        end, measured = way_by_hand(lr, 0.65 * 0.4)[-1], cell(module, **BOWL, lr=lr)
        assert measured.rise == pytest.approx(0.5 * 0.2**2 * np.sum(end[:20] ** 2) * power, rel=0.12)
        assert measured.plain_rise == pytest.approx(0.5 * 0.2**2 * np.sum(start[:20] ** 2) * power, rel=0.12)


def walk_is_that_of_theory(module):
    """In many dimensions steps by lot are at right angles, so their lengths say all about the walk's components."""
    measured = cell(module)
    placebo = cell(module, control="placebo")
    for each in (measured, placebo):
        assert each.beyond_walk == pytest.approx(each.in_plane - each.walk_in_plane)
        assert 0.7 < each.walk_in_plane < 0.95
    assert measured.walk_in_plane == pytest.approx(placebo.in_plane, abs=0.02)
    assert placebo.walk_in_plane == pytest.approx(placebo.in_plane, abs=0.02)
    assert abs(placebo.walk_in_plane - placebo.in_plane) > 1e-6
    assert measured.beyond_walk > 0.03
    assert placebo.line[0] == measured.line[0]
    assert placebo.line[-1] > 2 * measured.line[-1]


def jump_is_left_out(module):
    """At a high rate the first look is a hundred times as far as the next: the way and any walk are this line alone."""
    fast = {"loss": "mse", "lr": 0.1, "width": 128, "goal": 0.5}
    measured, placebo = (cell(module, **fast, control=control) for control in ("none", "placebo"))
    assert measured.in_plane > 0.99
    assert measured.walk_in_plane > 0.99
    assert abs(measured.beyond_walk) < 0.01
    assert measured.later_beyond_walk > 0.1
    assert 0 < abs(placebo.later_beyond_walk) < 0.06


def loss_is_matched(module):
    for loss, nothing in (("ce", np.log(5)), ("mse", 0.4)):
        measured = cell(module, loss=loss)
        assert 0.3 * nothing < measured.train_loss <= 0.4 * nothing
        assert measured.test_accuracy > 0.6
    assert cell(module, goal=0.01, depth=0).has_arrived == 0


TRUTHS = [way_is_that_of_descent, rise_is_half_the_curvature, walk_is_that_of_theory, jump_is_left_out, loss_is_matched]


@pytest.mark.parametrize("truth", TRUTHS)
def test_it_knows_the_landscape(truth):
    truth(gradient_descent_landscapes)


@pytest.mark.parametrize(
    ("truth", "right", "mistake"),
    [
        (way_is_that_of_descent, "BATCH = 20, 5, 1_000, 2_000, 50", "BATCH = 20, 5, 1_000, 2_000, 25"),
        (way_is_that_of_descent, "rates=Rates(lr=config.lr)", "rates=Rates(lr=2 * config.lr)"),
        (way_is_that_of_descent, "LOOK = 200", "LOOK = 1_000"),
        (way_is_that_of_descent, "straight(way[0], way[-1]", "straight(way[1], way[-1]"),
        (way_is_that_of_descent, "np.linspace(0, len(way) - 1, POINTS)", "np.linspace(0, len(way) // 2, POINTS)"),
        (way_is_that_of_descent, "< NO_BUMP", "> NO_BUMP"),
        (rise_is_half_the_curvature, "by_neuron(each, end)", "by_neuron(each, start)"),
        (rise_is_half_the_curvature, "together(each, start)", "together(each, end)"),
        (rise_is_half_the_curvature, "found[1:].mean() - found[0]", "found[1:].mean()"),
        (rise_is_half_the_curvature, "share=AWAY", "share=AWAY / 2"),
        (walk_is_that_of_theory, 'chance.stream(seed, "walk"), way)', 'chance.stream(seed, "walk"), way[:4])'),
        (walk_is_that_of_theory, 'chance.stream(seed, "walk")', 'chance.stream(seed, "turned")'),
        (walk_is_that_of_theory, "beyond_walk=plane - beside", "beyond_walk=beside - plane"),
        (jump_is_left_out, "in_plane(walk[1:])", "in_plane(walk)"),
        (jump_is_left_out, "in_plane(way[1:])", "in_plane(way)"),
        (way_is_that_of_descent, "in_plane(way[1:])", "in_plane(way[2:])"),
        (loss_is_matched, "0.5 * (1 - 1 / CLASSES)", "1 - 1 / CLASSES"),
    ],
)
def test_a_wrong_version_would_be_found_out(truth, right, mistake):
    module = wrong("gradient_descent_landscapes", right, mistake)
    with pytest.raises(AssertionError):
        truth(module)
