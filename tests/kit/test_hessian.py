"""Every product, eigenvalue and trace against a matrix that is written down, a closed form or finite differences."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from axiom.kit import chance, hessian, losses, models
from axiom.kit.models import Architecture, Layer

TANH = losses.SquaredError(architecture=Architecture(activation="tanh"))
NOTHING = np.zeros(1, dtype=np.float32)


def quadratic(weights, x, y):
    """w.A.w / 2 + b.w with A for x and b for y, so that A is the Hessian wherever the weights are."""
    flat = jnp.concatenate([jnp.ravel(weights["first"]), jnp.ravel(weights["second"])])
    return 0.5 * flat @ x @ flat + y @ flat


def cubic(weights, x, y, scale):
    del x, y
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


@settings(max_examples=20)
@given(st.integers(0, 2**31), st.lists(st.floats(-3, 3, width=32), min_size=6, max_size=6))
def test_a_product_is_that_with_the_matrix_itself(seed, vector):
    matrix = symmetric([4, 2, 1, 0, -1, -3], seed)
    product = hessian.hvp(quadratic, HERE, tree(vector), matrix, SLOPE)
    assert flat(product) == pytest.approx(matrix @ np.float32(vector), abs=1e-4)


def test_a_product_is_the_difference_of_gradients_nearby():
    net = models.mlp(chance.stream(5, "start"), (4, 6, 3))
    x = chance.stream(5, "data").standard_normal((20, 4)).astype(np.float32)
    y = np.arange(20, dtype=np.int32) % 3
    vector = hessian.direction(chance.stream(5, "probe"), net)
    gradient = jax.jit(jax.grad(TANH))
    above, below = (gradient(jax.tree.map(lambda w, v, h=h: w + h * v, net, vector), x, y) for h in (0.005, -0.005))
    product = hessian.hvp(TANH, net, vector, x, y)
    for one, up, down in zip(*map(jax.tree.leaves, (product, above, below)), strict=True):
        assert np.asarray(one) == pytest.approx(np.asarray((up - down) / 0.01), abs=2e-3)


def test_what_else_an_objective_wants_is_handed_through():
    at, along = np.array([1.0, 2.0], dtype=np.float32), np.array([1.0, 1.0], dtype=np.float32)
    assert np.asarray(hessian.hvp(cubic, at, along, NOTHING, NOTHING, 2.0)) == pytest.approx([12.0, 24.0])
    assert float(hessian.sharpness(cubic, at, along, NOTHING, NOTHING, 2.0)) == pytest.approx(24.0, rel=1e-4)
    assert hessian.lanczos(cubic, at, along, NOTHING, NOTHING, 2.0, iterations=2) == pytest.approx([12.0, 24.0])
    assert float(hessian.trace(cubic, at, np.ones((3, 2), np.float32), NOTHING, NOTHING, 2.0)) == pytest.approx(36.0)


@pytest.mark.parametrize(
    ("values", "largest_modulus", "least", "largest"),
    [([5, 2, 1, 0, -1, -2], 5, -2, 5), ([3, 2, 1, 0, -1, -5], -5, -5, 3), ([-1, -2, -3, -4, -5, -9], -9, -9, -1)],
)
def test_power_iteration_finds_the_largest_modulus_and_lanczos_both_ends(values, largest_modulus, least, largest):
    matrix = symmetric(values)
    found = hessian.sharpness(quadratic, HERE, START, matrix, SLOPE, iterations=60)
    assert float(found) == pytest.approx(largest_modulus, rel=1e-3)
    ritz = hessian.lanczos(quadratic, HERE, START, matrix, SLOPE, iterations=6)
    assert ritz == pytest.approx(sorted(values), abs=1e-4)
    assert (ritz[0], ritz[-1]) == pytest.approx((least, largest), abs=1e-4)


def test_lanczos_stays_within_the_spectrum_and_comes_nearer_with_every_product():
    matrix = symmetric([5, 4.5, 2, 1, -1, -2])
    tops = [hessian.lanczos(quadratic, HERE, START, matrix, SLOPE, iterations=count)[-1] for count in (1, 3, 6)]
    assert tops == sorted(tops)
    assert tops[-1] == pytest.approx(5, abs=1e-4)


@pytest.mark.parametrize(("values", "found"), [([2] * 6, [2]), ([0] * 6, [0]), ([3, 3, 3, -1, -1, -1], [-1, 3])])
def test_lanczos_ends_where_no_direction_is_left(values, found):
    ritz = hessian.lanczos(quadratic, HERE, START, symmetric(values), SLOPE, iterations=6)
    assert ritz == pytest.approx(found, abs=1e-4)


def test_a_flat_place_has_no_sharpness():
    flat_place = np.zeros((6, 6), dtype=np.float32)
    assert float(hessian.sharpness(quadratic, HERE, START, flat_place, SLOPE)) == 0.0


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


def test_the_trace_over_all_sign_vectors_is_exact():
    matrix = symmetric([7, 2, 1, 0, -1, -3])
    every = np.array(list(itertools.product([-1, 1], repeat=6)), dtype=np.float32)
    probes = {"first": every[:, :2], "second": every[:, 2:].reshape(-1, 2, 2)}
    assert float(hessian.trace(quadratic, HERE, probes, matrix, SLOPE)) == pytest.approx(6, abs=1e-4)


def test_one_probe_of_signs_is_enough_where_the_hessian_is_diagonal():
    probes = hessian.signs(chance.stream(5, "probes"), HERE, 1)
    matrix = np.diag(np.arange(6)).astype(np.float32)
    assert float(hessian.trace(quadratic, HERE, probes, matrix, SLOPE)) == pytest.approx(15, abs=1e-5)


def test_probes_are_fair_signs_in_the_shape_of_the_weights():
    probes = hessian.signs(chance.stream(5, "probes"), HERE, 500)
    assert {name: leaf.shape for name, leaf in probes.items()} == {"first": (500, 2), "second": (500, 2, 2)}
    assert {leaf.dtype for leaf in probes.values()} == {np.dtype(np.float32)}
    assert {float(sign) for leaf in probes.values() for sign in np.unique(leaf)} == {-1.0, 1.0}
    assert all(abs(leaf.mean()) < 0.1 for leaf in probes.values())


def test_a_direction_is_drawn_in_the_shape_of_the_weights_from_its_stream_alone():
    again = hessian.direction(chance.stream(5, "probe"), tree(np.ones(6)))
    other = hessian.direction(chance.stream(6, "probe"), HERE)
    assert flat(again).tolist() == flat(START).tolist() != flat(other).tolist()
    assert again["second"].shape == (2, 2)
