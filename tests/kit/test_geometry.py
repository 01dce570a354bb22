import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from axiom.kit import chance, geometry
from axiom.kit.models import Layer


def draw(seed, *shape, purpose="data"):
    return chance.stream(seed, purpose).standard_normal(shape)


SEEDS = st.integers(min_value=0, max_value=2**63 - 1)


def net(*matrices):
    return tuple(Layer(weights=np.asarray(m, dtype=np.float32), biases=np.zeros(np.shape(m)[1])) for m in matrices)


@pytest.mark.parametrize(("layer", "expected"), [(0, 0.5), (1, 2.0)])
def test_movement_is_the_distance_relative_to_the_start(layer, expected):
    before = net([[3.0, 4.0]], [[1.0], [0.0]])
    after = net([[3.0, 6.5]], [[1.0], [2.0]])
    assert geometry.movement(before, after, layer=layer) == pytest.approx(expected)


def test_a_net_that_stays_has_not_moved():
    still = net(draw(5, 4, 3))
    assert geometry.movement(still, still, layer=0) == 0.0


@given(seed=SEEDS, factor=st.floats(0.1, 10))
def test_movement_by_a_factor_is_what_it_adds(seed, factor):
    weights = draw(seed, 4, 3)
    assert geometry.movement(net(weights), net(weights * factor), layer=0) == pytest.approx(abs(factor - 1), abs=1e-5)


def test_cka_of_one_column_each_is_the_squared_correlation():
    x, y = draw(5, 50, 1), draw(6, 50, 1)
    y += 0.5 * x
    assert geometry.cka(x, y) == pytest.approx(np.corrcoef(x[:, 0], y[:, 0])[0, 1] ** 2)


@pytest.mark.parametrize("rows", [6, 30])  # fewer and more than there are columns: products of rows, and of columns
def test_cka_agrees_with_its_definition_by_gram_matrices(rows):
    x, y = draw(5, rows, 4), draw(6, rows, 7)
    centring = np.eye(rows) - 1 / rows
    k, m = centring @ x @ x.T @ centring, centring @ y @ y.T @ centring
    assert geometry.cka(x, y) == pytest.approx(np.sum(k * m) / np.sqrt(np.sum(k * k) * np.sum(m * m)))


@given(seed=SEEDS, scale=st.floats(0.01, 100), shift=st.floats(-10, 10))
def test_cka_ignores_rotation_scale_and_shift(seed, scale, shift):
    x = draw(seed, 30, 5)
    rotation, _ = np.linalg.qr(draw(seed, 5, 5, purpose="rotation"))
    assert geometry.cka(x, scale * x @ rotation + shift) == pytest.approx(1.0)


@given(seed=SEEDS)
def test_cka_is_symmetric_and_between_0_and_1(seed):
    x, y = draw(seed, 20, 4), draw(seed, 20, 6, purpose="other")
    assert 0.0 <= geometry.cka(x, y) <= 1.0
    assert geometry.cka(x, y) == pytest.approx(geometry.cka(y, x))


def test_cka_with_something_that_does_not_vary_is_zero():
    assert geometry.cka(draw(5, 20, 4), np.ones((20, 3))) == 0.0


@pytest.mark.parametrize(
    ("activations", "expected"),
    [([[0.0, 1.0], [0.0, 0.0]], 0.5), ([[0.0, 0.0]], 1.0), ([[0.1, 0.0], [0.0, 0.1]], 0.0)],
)
def test_dead_is_the_share_of_columns_that_no_row_wakes(activations, expected):
    assert geometry.dead(np.array(activations)) == expected


def by_svd(matrix):
    singular = np.linalg.svd(matrix, compute_uv=False)
    return (singular**2).sum() / singular[0] ** 2


@given(seed=SEEDS, rows=st.integers(1, 40), columns=st.integers(1, 40))
def test_the_stable_rank_is_that_of_an_svd_whatever_the_shape(seed, rows, columns):
    matrix = draw(seed, rows, columns)
    assert geometry.stable_rank(matrix) == pytest.approx(by_svd(matrix), rel=3e-3)
    assert geometry.stable_rank(matrix.astype(np.float32)) == pytest.approx(by_svd(matrix), rel=3e-3)


@pytest.mark.parametrize(("strengths", "rank"), [([5], 1), ([3, 3, 3], 3), ([4, 2, 0], 1.25), ([1e-8, 1e-8], 2)])
def test_the_stable_rank_counts_directions_by_their_strength(strengths, rank):
    assert geometry.stable_rank(np.diag(np.array(strengths, dtype=np.float64))) == pytest.approx(rank)


@given(seed=SEEDS, scale=st.floats(1e-6, 1e6))
def test_the_stable_rank_is_the_same_turned_around_and_at_every_scale(seed, scale):
    matrix = draw(seed, 12, 5)
    assert geometry.stable_rank(scale * matrix) == pytest.approx(geometry.stable_rank(matrix))
    assert geometry.stable_rank(matrix.T) == pytest.approx(geometry.stable_rank(matrix))


@given(seed=SEEDS, scale=st.floats(0.1, 10))
def test_the_cosine_of_two_networks_is_that_of_all_their_weights(seed, scale):
    one, other = (net(draw(seed, 4, 3, purpose=purpose), draw(seed, 3, 2, purpose=purpose)) for purpose in "ab")
    flat = [np.concatenate([layer.weights.ravel() for layer in each]).astype(np.float64) for each in (one, other)]
    expected = flat[0] @ flat[1] / np.linalg.norm(flat[0]) / np.linalg.norm(flat[1])
    assert geometry.cosine(one, other) == pytest.approx(expected, abs=1e-6)
    assert geometry.cosine(one, net(*(-scale * layer.weights for layer in one))) == pytest.approx(-1.0, abs=1e-6)


def test_the_cosine_counts_biases_too():
    one = (Layer(weights=np.array([[1.0]]), biases=np.array([0.0])),)
    other = (Layer(weights=np.array([[1.0]]), biases=np.array([1.0])),)
    assert geometry.cosine(one, other) == pytest.approx(0.5**0.5)


@pytest.mark.parametrize(("share", "expected"), [(0.0, 2.0), (0.25, 3.0), (1.0, 6.0)])
def test_a_share_of_the_way_is_on_the_line(share, expected):
    (layer,) = geometry.between(net([[2.0]]), net([[6.0]]), share=share)
    assert layer.weights.tolist() == [[expected]]
    assert layer.weights.dtype == np.float32


@pytest.mark.parametrize(
    ("losses", "height"),
    [
        ([1.0, 1.0, 1.0], 0.0),
        ([1.0, 5.0, 1.0], 4.0),
        ([0.0, 5.0, 2.0], 4.0),  # above the line, not above the lower end
        ([0.0, 3.0, 4.0, 3.0], 2.0),
        ([1.0, 0.0, 1.0], 0.0),  # a valley is no barrier
        ([2.0, 1.0, 0.0], 0.0),
    ],
)
def test_a_barrier_is_the_height_above_the_line_of_the_ends(losses, height):
    assert geometry.barrier(losses) == pytest.approx(height)


@pytest.mark.parametrize(
    ("strengths", "rank"),
    [
        ([5], 1),
        ([3, 3, 3], 3),
        ([1e-9, 1e-9], 2),
        ([4, 4, 0], 2),
        ([3, 1], 4 / 27**0.25),  # shares of 3/4 and 1/4: 4 ** 1 / 3 ** 0.75
        ([0.5, 0.25, 0.25], 8**0.5),  # an entropy of one and a half bits
        ([0, 0], 0),
    ],
)
def test_the_effective_rank_is_the_exponential_of_the_entropy(strengths, rank):
    assert geometry.effective_rank(np.diag(np.array(strengths, dtype=np.float64))) == pytest.approx(rank)


@given(seed=SEEDS, rows=st.integers(1, 30), columns=st.integers(1, 30), scale=st.floats(1e-6, 1e6))
def test_the_effective_rank_lies_between_the_stable_rank_and_the_rank(seed, rows, columns, scale):
    matrix = draw(seed, rows, columns)
    rank = geometry.effective_rank(scale * matrix)
    assert geometry.stable_rank(matrix) * (1 - 1e-3) <= rank <= min(rows, columns) * (1 + 1e-9)
    assert geometry.effective_rank(matrix.T) == pytest.approx(rank)


@given(seed=SEEDS)
def test_the_effective_rank_of_a_kronecker_product_is_the_product_of_the_ranks(seed):
    one, other = draw(seed, 5, 3), draw(seed, 2, 4, purpose="other")
    product = geometry.effective_rank(one) * geometry.effective_rank(other)
    assert geometry.effective_rank(np.kron(one, other)) == pytest.approx(product)
