"""Landscapes: bowls, valleys, walks between networks, and where two neurons part."""

import functools

import jax
import numpy as np
import pytest

from axiom.domain.experiments import seed_of
from axiom.kit import chance, data, landscapes, losses, models
from axiom_catalogue import gradient_descent_landscapes as landscapes_of_descent
from axiom_catalogue import loss_surfaces, mode_connectivity, sam_vs_sgd
from axiom_catalogue import symmetry_breaking_dynamics as symmetry_breaking

# Of an affine model with squared error the landscape is a bowl: its way, its line and its rise are algebra.
BOWL_SEED = seed_of("gradient_descent_landscapes", 1, 0)
BOWL = {"task": "clusters", "loss": "mse", "depth": 0, "goal": 0.65}


@functools.cache
def bowl_cell(**changes):
    return landscapes_of_descent.run(
        landscapes_of_descent.Config(**({"task": "clusters", "loss": "ce", "lr": 0.2, "goal": 0.4} | changes)),
        BOWL_SEED,
    )


def bowl():
    """Inputs with a one, and the targets less what the same class everywhere would be; and the start."""
    task = data.clusters(chance.stream(BOWL_SEED, "data"), inputs=20, classes=5, train=1_000, test=2_000)
    (layer,) = models.mlp(chance.stream(BOWL_SEED, "start"), (20, 5))
    inputs = np.column_stack([task.x_train, np.ones(1_000)]).astype(np.float64)
    return inputs, np.eye(5)[task.y_train], np.vstack([layer.weights, layer.biases]).astype(np.float64)


@functools.cache
def way_by_hand(lr, goal):
    """The weights at the start and after every four steps of fifty examples, until half the squared error is there."""
    inputs, targets, weights = bowl()
    way = [weights]
    for row in chance.orders(BOWL_SEED, items=1_000, epochs=200).reshape(-1, 4, 50):
        for items in row:
            x = inputs[items]
            weights = weights - lr * x.T @ (x @ weights - targets[items]) / 50
        way.append(weights)
        if 0.5 * np.mean(np.sum((inputs @ weights - targets) ** 2, axis=1)) <= goal:
            return np.array(way)
    raise LookupError("it never arrives")


def test_way_is_that_of_descent():
    """Its points, its plane, and the losses on the line from its first point to its last: a parabola."""
    inputs, targets, _ = bowl()
    for lr in (0.02, 0.1):
        way = way_by_hand(lr, 0.65 * 0.4)
        measured = bowl_cell(**BOWL, lr=lr)
        assert measured.points == min(41, len(way))
        chosen = np.unique(np.linspace(0, len(way) - 1, 41).round().astype(int))
        points = way[chosen].reshape(len(chosen), -1)
        values = np.linalg.svd(points - points.mean(axis=0), compute_uv=False) ** 2
        assert measured.in_plane == pytest.approx(values[:2].sum() / values.sum(), abs=1e-3)
        walk = landscapes.walked(chance.stream(BOWL_SEED, "walk"), points)
        later = [np.linalg.svd(path[1:] - path[1:].mean(axis=0), compute_uv=False) ** 2 for path in (points, walk)]
        more = later[0][:2].sum() / later[0].sum() - later[1][:2].sum() / later[1].sum()
        assert measured.later_beyond_walk == pytest.approx(more, abs=1e-4)
        shares = np.linspace(0, 1, 25)[:, None, None]
        losses = [
            0.5 * np.mean(np.sum((inputs @ weights - targets) ** 2, axis=1))
            for weights in (1 - shares) * way[0] + shares * way[-1]
        ]
        assert measured.line == pytest.approx(losses, rel=1e-3)
        assert measured.train_loss == pytest.approx(losses[-1], rel=1e-3)
        assert measured.is_monotone == 1
        assert measured.bump == pytest.approx(0, abs=1e-3)


def test_rise_is_half_the_curvature():
    """Of a bowl, along directions by lot: of those that know the weights, and of those that know how long they were."""
    inputs, _, start = bowl()
    power = np.sum(inputs[:, :20] ** 2) / 1_000 / 20
    for lr in (0.1,):
        end, measured = way_by_hand(lr, 0.65 * 0.4)[-1], bowl_cell(**BOWL, lr=lr)
        assert measured.rise == pytest.approx(0.5 * 0.2**2 * np.sum(end[:20] ** 2) * power, rel=0.12)
        assert measured.plain_rise == pytest.approx(0.5 * 0.2**2 * np.sum(start[:20] ** 2) * power, rel=0.12)


# A bowl curves down nowhere, a saddle everywhere and two hills have two valleys; the middle is the network itself.
SURFACE_UP, SURFACE_ACROSS = np.meshgrid(np.linspace(-1, 1, 25), np.linspace(-1, 1, 25), indexing="ij")


def test_bowls_curve_down_nowhere_and_saddles_everywhere():
    assert loss_surfaces.downward(SURFACE_UP**2 + SURFACE_ACROSS**2 + SURFACE_UP * SURFACE_ACROSS) == 0.0
    assert loss_surfaces.downward(SURFACE_UP**2 + SURFACE_ACROSS**2 + 3 * SURFACE_UP * SURFACE_ACROSS) == 1.0
    assert loss_surfaces.downward(SURFACE_UP**3 + SURFACE_ACROSS**2) == pytest.approx(0.5, abs=0.05)
    assert loss_surfaces.downward(SURFACE_ACROSS**3 + SURFACE_UP**2) == pytest.approx(0.5, abs=0.05)


def test_a_wave_of_two_periods_has_two_valleys():
    assert loss_surfaces.minima(SURFACE_UP**2 + SURFACE_ACROSS**2) == 1
    assert loss_surfaces.minima(SURFACE_ACROSS**2 - np.cos(2 * np.pi * (SURFACE_UP - 0.5))) == 2
    assert loss_surfaces.minima(SURFACE_UP + SURFACE_ACROSS**2) == 0


def test_the_middle_of_a_picture_is_the_network():
    near, far = (
        loss_surfaces.run(loss_surfaces.Config(depth=2, is_residual=False, epochs=10, reach=reach), 5)
        for reach in (0.1, 1.0)
    )
    surface = np.array(far.loss_by_place).reshape(loss_surfaces.SIDE, loss_surfaces.SIDE)
    assert far.train_loss == near.train_loss == surface[12, 12]
    assert far.rise > 4 * near.rise > 0
    assert far.rise == pytest.approx(
        np.log(np.concatenate([surface[0], surface[-1], surface[1:-1, 0], surface[1:-1, -1]]).mean() / surface[12, 12])
    )
    assert len({round(float(corner), 6) for corner in surface[[0, 0, -1, -1], [0, -1, 0, -1]]}) == 4
    assert far.is_one_valley == (far.minima <= 1)


# Entezari et al. (2021): put in each other's order, wide networks lie in one valley, at least for new data.
def test_a_shuffled_twin_is_found_again():
    """A network whose start had its neurons in another order becomes the same function, and matching finds it."""
    twin = mode_connectivity.run(mode_connectivity.Config(width=128, epochs=5, second="shuffled"), 6)
    assert twin.barrier > 0.2
    assert twin.matched_barrier == pytest.approx(0.0, abs=1e-3)
    assert twin.matched_cosine == pytest.approx(1.0, abs=1e-4)


# Foret et al. (2021): the gradient of a place uphill; it leads to flatter minima, and helps where labels are wrong.
def test_gradient_is_that_of_a_place_uphill():
    """By hand: the plain gradient at the weights plus the radius along the plain gradient of length one."""
    net = models.mlp(chance.stream(1, "net"), (4, 6, 3))
    x = chance.stream(1, "x").standard_normal((20, 4)).astype(np.float32)
    y = chance.stream(1, "y").integers(0, 3, 20).astype(np.int32)
    plain = jax.jit(jax.grad(losses.CROSS_ENTROPY))
    slope = plain(net, x, y)
    length = np.sqrt(sum(float((np.asarray(part) ** 2).sum()) for part in jax.tree.leaves(slope)))
    there = jax.tree.map(lambda weight, part: weight + 0.3 * part / length, net, slope)
    uphill = jax.jit(jax.grad(sam_vs_sgd.UPHILL))
    slope_uphill = uphill(net, x, y, 0.3)
    for part_uphill, other in zip(jax.tree.leaves(slope_uphill), jax.tree.leaves(plain(there, x, y)), strict=True):
        assert np.asarray(part_uphill) == pytest.approx(np.asarray(other), rel=1e-4, abs=1e-6)
    for part_uphill, other in zip(jax.tree.leaves(uphill(net, x, y, 0.0)), jax.tree.leaves(slope), strict=True):
        assert np.asarray(part_uphill) == pytest.approx(np.asarray(other), rel=1e-4, abs=1e-6)


# Fukumizu & Amari (2000): on the plateau the difference of two neurons grows at a rate that their Hessian says.
NEURONS_SEED = seed_of("symmetry_breaking_dynamics", 1, 0)


@functools.cache
def neurons_cell(start="near", **changes):
    return symmetry_breaking.run(symmetry_breaking.Config(start=start, **changes), NEURONS_SEED)


def plateau(**changes):
    """Both layers where two neurons that are the same come to rest, with the rows and their targets."""
    x, y, weights, outer = symmetry_breaking.begun(symmetry_breaking.Config(start="same", **changes), NEURONS_SEED)
    for _ in range(6_000):
        by_weights, by_outer, _ = symmetry_breaking.slopes(weights, outer, x, y)
        weights, outer = weights - 0.2 * by_weights, outer - 0.2 * by_outer
    return x, y, weights, outer


def test_gradients_are_those_of_the_loss():
    x, y, weights, outer = symmetry_breaking.begun(symmetry_breaking.Config(start="near", decades=1.0), NEURONS_SEED)

    def loss(weights, outer):
        return 0.5 * np.mean((np.tanh(x @ weights.T) @ outer - y) ** 2)

    by_weights, by_outer, measured = symmetry_breaking.slopes(weights, outer, x, y)
    assert measured == pytest.approx(loss(weights, outer))
    for place in np.ndindex(weights.shape):
        step = np.zeros_like(weights)
        step[place] = 1e-5
        rise = loss(weights + step, outer) - loss(weights - step, outer)
        assert by_weights[place] == pytest.approx(rise / 2e-5, rel=1e-5, abs=1e-9)
    for place in range(2):
        step = 1e-5 * np.eye(2)[place]
        rise = loss(weights, outer + step) - loss(weights, outer - step)
        assert by_outer[place] == pytest.approx(rise / 2e-5, rel=1e-5, abs=1e-9)


def test_neurons_that_begin_alike_stay_alike():
    for batch in (16, symmetry_breaking.ROWS):
        measured = neurons_cell("same", batch=batch, steps=400)
        assert measured.is_alike == 1
        assert measured.parting_step is measured.growth is None
        assert measured.log_distance_by_look == ()
    assert neurons_cell(decades=10.0, steps=400).is_alike == 0


def test_start_differs_by_the_decades():
    for decades in (1.0, 6.0, 10.0):
        _, _, weights, outer = symmetry_breaking.begun(
            symmetry_breaking.Config(start="near", decades=decades), NEURONS_SEED
        )
        assert np.linalg.norm(weights[0] - weights[1]) / 0.5 == pytest.approx(10.0**-decades, rel=1e-4)
        assert symmetry_breaking.apart(weights) == pytest.approx(10.0**-decades, rel=1e-2)
        assert outer[0] == outer[1]


def test_distance_grows_as_the_hessian_says():
    """The part of the Hessian that tells two neurons apart has the eigenvalue -rate: the mean of r o tanh'' x x^T."""
    x, y, weights, outer = plateau()
    active = np.tanh(x @ weights[0])
    residual = 2 * outer[0] * active - y
    curved = residual * outer[0] * -2 * active * (1 - active**2)
    rate = -np.linalg.eigvalsh((x * curved[:, None]).T @ x / len(x))[0]
    assert rate > 0
    measured = neurons_cell(decades=10.0)
    assert measured.growth == pytest.approx(np.log1p(0.2 * rate), rel=0.1)  # the plateau still sinks a little
    more = neurons_cell(decades=10.0).parting_step - neurons_cell(decades=8.0).parting_step
    assert more == pytest.approx(np.log(100) / np.log1p(0.2 * rate), rel=0.1)
