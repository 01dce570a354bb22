"""Geometry: curvature, ranks, ways and directions against matrices that are written down."""

from collections import Counter
from math import log2

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from axiom.kit import chance, geometry, hessian, information, landscapes, losses, models, selectivity
from axiom.kit.models import Architecture, Layer


# Movement, likeness and ranks.
def draw(seed, *shape, purpose="data"):
    return chance.stream(seed, purpose).standard_normal(shape)


SEEDS = st.integers(min_value=0, max_value=2**63 - 1)


def net(*matrices):
    return tuple(Layer(weights=np.asarray(m, dtype=np.float32), biases=np.zeros(np.shape(m)[1])) for m in matrices)


def test_movement_dead_units_and_the_way_between_are_counted_by_hand():
    for layer, expected in [(0, 0.5), (1, 2.0)]:
        before = net([[3.0, 4.0]], [[1.0], [0.0]])
        after = net([[3.0, 6.5]], [[1.0], [2.0]])
        assert geometry.movement(before, after, layer=layer) == pytest.approx(expected)
    for activations, expected in [
        ([[0.0, 1.0], [0.0, 0.0]], 0.5),
        ([[0.0, 0.0]], 1.0),
        ([[0.1, 0.0], [0.0, 0.1]], 0.0),
    ]:
        assert geometry.dead(np.array(activations)) == expected
    for share, expected in [(0.0, 2.0), (0.25, 3.0)]:
        (layer,) = geometry.between(net([[2.0]]), net([[6.0]]), share=share)
        assert layer.weights.tolist() == [[expected]]
        assert layer.weights.dtype == np.float32
    for line, height in [
        ([1.0, 1.0, 1.0], 0.0),
        ([1.0, 5.0, 1.0], 4.0),
        ([0.0, 5.0, 2.0], 4.0),  # above the line, not above the lower end
        ([1.0, 0.0, 1.0], 0.0),  # a valley is no barrier
    ]:
        assert geometry.barrier(line) == pytest.approx(height)


def test_cka_agrees_with_its_definition_by_gram_matrices_and_ranks_with_theirs():
    for rows in [6, 30]:
        x, y = draw(5, rows, 4), draw(6, rows, 7)
        centring = np.eye(rows) - 1 / rows
        k, m = centring @ x @ x.T @ centring, centring @ y @ y.T @ centring
        assert geometry.cka(x, y) == pytest.approx(np.sum(k * m) / np.sqrt(np.sum(k * k) * np.sum(m * m)))
    for strengths, rank in [([5], 1), ([3, 3, 3], 3), ([4, 2, 0], 1.25), ([1e-8, 1e-8], 2)]:
        assert geometry.stable_rank(np.diag(np.array(strengths, dtype=np.float64))) == pytest.approx(rank)
    for strengths, rank in [
        ([5], 1),
        ([3, 3, 3], 3),
        ([3, 1], 4 / 27**0.25),  # shares of 3/4 and 1/4: 4 ** 1 / 3 ** 0.75
        ([0.5, 0.25, 0.25], 8**0.5),  # an entropy of one and a half bits
        ([0, 0], 0),
    ]:
        assert geometry.effective_rank(np.diag(np.array(strengths, dtype=np.float64))) == pytest.approx(rank)


@settings(max_examples=20)
@given(seed=SEEDS, scale=st.floats(0.01, 100), shift=st.floats(-10, 10))
def test_cka_ignores_rotation_scale_and_shift(seed, scale, shift):
    x = draw(seed, 30, 5)
    rotation, _ = np.linalg.qr(draw(seed, 5, 5, purpose="rotation"))
    assert geometry.cka(x, scale * x @ rotation + shift) == pytest.approx(1.0)


def by_svd(matrix):
    singular = np.linalg.svd(matrix, compute_uv=False)
    return (singular**2).sum() / singular[0] ** 2


@settings(max_examples=20)
@given(seed=SEEDS, rows=st.integers(1, 40), columns=st.integers(1, 40))
def test_the_stable_rank_is_that_of_an_svd_whatever_the_shape(seed, rows, columns):
    matrix = draw(seed, rows, columns)
    assert geometry.stable_rank(matrix) == pytest.approx(by_svd(matrix), rel=3e-3)
    assert geometry.stable_rank(matrix.astype(np.float32)) == pytest.approx(by_svd(matrix), rel=3e-3)


@settings(max_examples=20)
@given(seed=SEEDS, scale=st.floats(0.1, 10))
def test_the_cosine_of_two_networks_is_that_of_all_their_weights(seed, scale):
    one, other = (net(draw(seed, 4, 3, purpose=purpose), draw(seed, 3, 2, purpose=purpose)) for purpose in "ab")
    flat = [np.concatenate([layer.weights.ravel() for layer in each]).astype(np.float64) for each in (one, other)]
    expected = flat[0] @ flat[1] / np.linalg.norm(flat[0]) / np.linalg.norm(flat[1])
    assert geometry.cosine(one, other) == pytest.approx(expected, abs=1e-6)
    assert geometry.cosine(one, net(*(-scale * layer.weights for layer in one))) == pytest.approx(-1.0, abs=1e-6)


# Every product with a Hessian, eigenvalue and trace against a matrix that is written down.
TANH = losses.SquaredError(architecture=Architecture(activation="tanh"))
NOTHING = np.zeros(1, dtype=np.float32)


def quadratic(weights, x, y):
    """w.A.w / 2 + b.w with A for x and b for y, so that A is the Hessian wherever the weights are."""
    flat = jnp.concatenate([jnp.ravel(weights["first"]), jnp.ravel(weights["second"])])
    return 0.5 * flat @ x @ flat + y @ flat


def cubic(weights, _x, _y, scale):
    return scale * jnp.sum(weights**3)


def tree(flat):
    flat = np.asarray(flat, dtype=np.float32)
    return {"first": flat[:2], "second": flat[2:].reshape(2, 2)}


def flat(weights):
    return np.concatenate([np.ravel(weights["first"]), np.ravel(weights["second"])])


def symmetric(values, seed=5):
    """A matrix with these eigenvalues, in a random basis."""
    basis, _ = np.linalg.qr(chance.stream(seed, "basis").standard_normal((6, 6)))
    return (basis @ np.diag(values) @ basis.T).astype(np.float32)


HERE = tree(np.arange(6) / 3)
SLOPE = np.arange(6, dtype=np.float32)
START = hessian.direction(chance.stream(5, "probe"), HERE)


@settings(max_examples=8)
@given(st.integers(0, 2**31), st.lists(st.floats(-3, 3, width=32), min_size=6, max_size=6))
def test_a_product_is_that_with_the_matrix_itself(seed, vector):
    matrix = symmetric([4, 2, 1, 0, -1, -3], seed)
    product = hessian.hvp(quadratic, HERE, tree(vector), matrix, SLOPE)
    assert flat(product) == pytest.approx(matrix @ np.float32(vector), abs=1e-4)


def test_what_else_an_objective_wants_is_handed_through():
    at, along = np.array([1.0, 2.0], dtype=np.float32), np.array([1.0, 1.0], dtype=np.float32)
    assert np.asarray(hessian.hvp(cubic, at, along, NOTHING, NOTHING, 2.0)) == pytest.approx([12.0, 24.0])
    assert float(hessian.sharpness(cubic, at, along, NOTHING, NOTHING, 2.0)) == pytest.approx(24.0, rel=1e-4)
    assert hessian.lanczos(cubic, at, along, NOTHING, NOTHING, 2.0, iterations=2) == pytest.approx([12.0, 24.0])
    assert float(hessian.trace(cubic, at, np.ones((3, 2), np.float32), NOTHING, NOTHING, 2.0)) == pytest.approx(36.0)


def test_power_iteration_finds_the_largest_modulus_and_lanczos_all_there_are():
    for values, largest_modulus, least, largest in [
        ([5, 2, 1, 0, -1, -2], 5, -2, 5),
        ([3, 2, 1, 0, -1, -5], -5, -5, 3),
        ([-1, -2, -3, -4, -5, -9], -9, -9, -1),
    ]:
        matrix = symmetric(values)
        found = hessian.sharpness(quadratic, HERE, START, matrix, SLOPE, iterations=60)
        assert float(found) == pytest.approx(largest_modulus, rel=1e-3)
        ritz = hessian.lanczos(quadratic, HERE, START, matrix, SLOPE, iterations=6)
        assert ritz == pytest.approx(sorted(values), abs=1e-4)
        assert (ritz[0], ritz[-1]) == pytest.approx((least, largest), abs=1e-4)
    for values, found in [([2] * 6, [2]), ([0] * 6, [0]), ([3, 3, 3, -1, -1, -1], [-1, 3])]:
        ritz = hessian.lanczos(quadratic, HERE, START, symmetric(values), SLOPE, iterations=6)
        assert ritz == pytest.approx(found, abs=1e-4)


def test_the_squared_error_of_an_affine_model_has_the_curvature_of_its_inputs():
    x = chance.stream(5, "data").standard_normal((50, 4)).astype(np.float32)
    y = np.arange(50, dtype=np.int32) % 3
    net = (Layer(np.zeros((4, 3), np.float32), np.zeros(3, np.float32)),)
    start = hessian.direction(chance.stream(5, "probe"), net)
    inputs = np.column_stack([x, np.ones(50)])
    curvature = inputs.T @ inputs / 50
    ritz = hessian.lanczos(TANH, net, start, x, y, iterations=12)
    assert (ritz[0], ritz[-1]) == pytest.approx(np.linalg.eigvalsh(curvature)[[0, -1]], rel=1e-4)
    probes = hessian.signs(chance.stream(5, "probes"), net, 2_000)
    assert float(hessian.trace(TANH, net, probes, x, y)) == pytest.approx(3 * np.trace(curvature), rel=0.02)


# Of bowls, spirals and walks by lot everything is known.
AFFINE = losses.SquaredError()


def network(sizes=(6, 8, 3), seed=1):
    rng = np.random.default_rng(seed)
    net = models.mlp(rng, sizes)
    return tuple(layer._replace(biases=rng.standard_normal(len(layer.biases)).astype(np.float32)) for layer in net)


def rows(inputs=6, classes=3, count=40):
    rng = np.random.default_rng(2)
    return rng.standard_normal((count, inputs)).astype(np.float32), rng.integers(0, classes, count).astype(np.int32)


def test_losses_on_a_line_through_a_bowl_are_a_parabola_and_a_bump_rises():
    net, (x, y) = network((6, 3)), rows()
    end = landscapes.flat(network((6, 3), seed=4))
    places = landscapes.straight(landscapes.flat(net), end, count=5)
    found = landscapes.losses_at(AFFINE, net, places, x, y)
    by_hand = [float(AFFINE(landscapes.shaped(net, place), x, y)) for place in places]
    assert found == pytest.approx(by_hand, rel=1e-5)
    assert np.diff(found, n=3) == pytest.approx(0, abs=1e-4)
    assert np.diff(found, n=2).min() > 0.1
    for line, expected in [
        ([4.0, 2.0, 1.0, 0.0], 0.0),
        ([4.0, 5.0, 1.0, 0.0], 0.25),  # above the start
        ([4.0, 1.0, 3.0, 2.0], 1.0),  # out of a dip, as high as the whole fall
        ([4.0, 0.0, 1.0, 2.0], 1.0),  # the end lies above what is passed
        ([1.0, 0.5, 1.0], np.inf),
    ]:
        assert landscapes.bump(line) == pytest.approx(expected)


def test_principal_components_are_those_of_the_covariance_and_of_theory():
    way = np.random.default_rng(3).standard_normal((12, 5)).cumsum(axis=0)
    values = np.sort(np.linalg.eigvalsh(np.cov(way.T)))
    assert landscapes.in_plane(way) == pytest.approx(values[-2:].sum() / values.sum())
    turned = np.linalg.qr(np.random.default_rng(4).standard_normal((50, 2)))[0]
    angle = np.linspace(0, 5, 30)
    spiral = np.column_stack([angle * np.cos(angle), angle * np.sin(angle)]) @ turned.T + 7
    assert landscapes.in_plane(spiral) == pytest.approx(1)
    # 6 / pi^2 of the variance and a quarter of that, of many steps in many dimensions.
    way = np.zeros((200, 6_000))
    way[:, 0] = np.arange(200)
    walk = landscapes.walked(np.random.default_rng(5), way)
    assert landscapes.in_plane(walk) == pytest.approx(6 / np.pi**2 * 1.25, abs=0.02)
    assert landscapes.in_plane(way) == pytest.approx(1)


def test_a_direction_is_as_long_as_the_weights_of_each_neuron_or_as_all_together():
    net, drawn = network(), network(seed=8)
    found = landscapes.shaped(net, landscapes.by_neuron(drawn, net))
    for layer, part, way in zip(net, found, drawn, strict=True):
        assert np.linalg.norm(part.weights, axis=0) == pytest.approx(np.linalg.norm(layer.weights, axis=0), rel=1e-5)
        assert (part.biases == 0).all()
        cosines = np.sum(part.weights * way.weights, axis=0) / (
            np.linalg.norm(part.weights, axis=0) * np.linalg.norm(way.weights, axis=0)
        )
        assert cosines == pytest.approx(1, abs=1e-5)
    net, drawn = network(), network(seed=8)
    found = landscapes.together(drawn, net)
    assert np.linalg.norm(found) ** 2 == pytest.approx(sum(np.sum(layer.weights**2) for layer in net), rel=1e-5)
    parts = landscapes.shaped(net, found)
    ratios = np.concatenate([(part.weights / way.weights).ravel() for part, way in zip(parts, drawn, strict=True)])
    assert np.ptp(ratios) == pytest.approx(0, abs=1e-5)
    assert all((part.biases == 0).all() for part in parts)


# Morcos et al. (2018): what is selective of units that are built by hand.
Y = np.repeat(np.arange(4), 5)
ONE_HOT = np.eye(4)[Y]


def test_units_built_by_hand_are_as_selective_as_they_were_built():
    units = np.stack(
        [
            ONE_HOT[:, 2],  # of one class alone
            np.ones(20),  # of none
            np.zeros(20),  # asleep
            1 + 2 * ONE_HOT[:, 0],  # 3 there, 1 elsewhere
            ONE_HOT[:, 0] + ONE_HOT[:, 1],  # of two: the others' mean is a third
            7 * (1 + 2 * ONE_HOT[:, 0]),  # scale says nothing
        ],
        axis=1,
    )
    found = selectivity.of_units(units, Y, classes=4)
    assert found == pytest.approx([1, 0, 0, 0.5, 0.5, 0.5])
    assert selectivity.mean(units, Y, classes=4) == pytest.approx(2.5 / 5)  # who sleeps does not count
    assert selectivity.mean(0 * units, Y, classes=4) == 0.0
    rng = chance.stream(1, "fours")
    sizes, scores = rng.permutation(22).astype(float), rng.random(22)
    rows = selectivity.fours(sizes, scores)
    assert rows.shape == (5, 4)
    assert sorted(sizes[rows].ravel()) == list(range(2, 22))
    assert [set(sizes[row]) for row in rows] == [set(range(18 - 4 * n, 22 - 4 * n)) for n in range(5)]
    assert (np.diff(scores[rows], axis=1) < 0).all()


def test_a_unit_that_is_gone_says_its_mean():
    net = models.mlp(chance.stream(2, "net"), (5, 8, 3))
    x = chance.stream(2, "x").standard_normal((50, 5)).astype(np.float32)
    active = models.hidden(net, x)[-1]
    nobody, whole = np.array([], dtype=int), models.logits(net, x)
    assert selectivity.without(net, active, nobody) == pytest.approx(whole, abs=1e-5)
    gone = selectivity.without(net, active, np.array([3, 6]))
    change = sum((active[:, [n]].mean() - active[:, [n]]) @ net[-1].weights[[n]] for n in (3, 6))
    assert gone - whole == pytest.approx(change, abs=1e-5)
    everybody = selectivity.without(net, active, np.arange(8))
    assert np.ptp(everybody, axis=0) == pytest.approx(np.zeros(3))


# Counted by hand: cells, entropies, what they tell of a label; and noise that sees everything or nothing.
def bits_of(things):
    counts = Counter(things)
    total = sum(counts.values())
    return -sum(count / total * log2(count / total) for count in counts.values())


@pytest.fixture(scope="module")
def active():
    return np.tanh(2 * chance.stream(1, "active").standard_normal((500, 4))).astype(np.float32)


def test_bins_and_patterns_are_evenly_spread(active):
    for degree in (1, 2):
        task = information.rule(chance.stream(degree, "rule"), bits=8, degree=degree, train=200)
        x, y = information.patterns(task)
        assert len({tuple(row) for row in x.tolist()}) == len(x) == 256
        assert set(np.unique(x)) == {-1.0, 1.0}
        assert y.mean() == pytest.approx(0.5, abs=0.02)
        assert len(task.x_train) == 200
    found = information.equal_shares(active, bins=5)
    assert all(np.bincount(column).tolist() == [100] * 5 for column in found.T)
    assert np.array_equal(found, information.equal_shares(np.float64(active) ** 3 / 1000, bins=5))
    assert information.equal_shares(np.ones((7, 1)), bins=5).tolist() == [[0]] * 7
    found = information.even_bins(np.array([[-1.0, -0.51, -0.49, 0.0, 0.99, 1.0, 7.0]]), low=-1, high=1, bins=4)
    assert found.tolist() == [[0, 0, 1, 2, 3, 3, 3]]


def test_what_cells_tell_of_a_label_is_counted_and_noise_hides_it(active):
    names = information.occupied(information.even_bins(active[:, :2], low=-1, high=1, bins=3))
    y = (active[:, 0] + active[:, 2] > 0).astype(np.int32)
    by_hand = bits_of(names.tolist()) + bits_of(y.tolist()) - bits_of(zip(names.tolist(), y.tolist(), strict=True))
    assert information.of_label(names, y) == pytest.approx(by_hand)
    assert information.of_label(names, np.zeros(500, dtype=np.int32)) == pytest.approx(0.0, abs=1e-9)
    assert information.of_label(y.astype(np.int64), y) == pytest.approx(bits_of(y.tolist()))
    apart = np.arange(64.0)[:, None]
    assert information.through_noise(apart, noise=0.01) == pytest.approx(6.0)
    assert information.through_noise(apart, noise=1e6) == pytest.approx(0.0, abs=1e-6)
    assert information.through_noise(apart // 4, noise=0.01) == pytest.approx(4.0)
    two = information.through_noise(np.array([[0.0], [1.0]]), noise=1.0)
    assert two == pytest.approx(-log2((1 + np.exp(-0.5)) / 2), rel=1e-5)
