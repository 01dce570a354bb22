import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from axiom.kit import chance, matching, models

SEEDS = st.integers(min_value=0, max_value=2**63 - 1)
SIZES = (4, 6, 5, 3)


def net(seed, purpose="start", sizes=SIZES):
    """With biases: a start has none, and they must move with their neurons."""
    rng = chance.stream(seed, "biases")
    layers = models.mlp(chance.stream(seed, purpose), sizes)
    return tuple(layer._replace(biases=rng.standard_normal(layer.biases.shape).astype(np.float32)) for layer in layers)


def orders_of(seed, sizes=SIZES):
    rng = chance.stream(seed, "order")
    return [rng.permutation(size) for size in sizes[1:-1]]


def total(gains, order):
    return sum(gains[row, column] for row, column in enumerate(order))


@given(seed=SEEDS, size=st.integers(1, 6), digits=st.integers(0, 2))
def test_no_other_assignment_has_larger_gains(seed, size, digits):
    gains = np.round(chance.stream(seed, "gains").standard_normal((size, size)), digits)  # few digits make ties
    found = matching.assignment(gains)
    best = max(total(gains, order) for order in itertools.permutations(range(size)))
    assert sorted(found) == list(range(size))
    assert total(gains, found) == pytest.approx(best)


@pytest.mark.parametrize(
    ("gains", "expected"),
    [
        ([[1.0]], [0]),
        ([[0.0, 1.0], [1.0, 0.0]], [1, 0]),
        ([[5.0, 4.0], [5.0, 1.0]], [1, 0]),  # who comes first does not get the best
        ([[-1.0, -9.0], [-9.0, -1.0]], [0, 1]),
        (np.eye(7)[[3, 1, 4, 0, 5, 6, 2]], [3, 1, 4, 0, 5, 6, 2]),
    ],
)
def test_assignments_that_can_be_seen(gains, expected):
    assert matching.assignment(np.array(gains)).tolist() == expected


@pytest.mark.parametrize("gain", [np.nan, np.inf])
def test_gains_that_are_no_numbers_are_refused(gain):
    with pytest.raises(ValueError, match="not a real number"):
        matching.assignment(np.array([[1.0, gain], [0.0, 2.0]]))


def test_no_exchange_among_two_or_three_rows_of_a_large_assignment_gains():
    gains = chance.stream(5, "gains").standard_normal((120, 120))
    found = matching.assignment(gains)
    assert sorted(found) == list(range(120))
    loss = gains[np.arange(120), found][:, None] - gains[:, found]  # what row i gives up for the column of row j
    assert (loss + loss.T).min() > -1e-9
    least_by_two = (loss[:, :, None] + loss[None, :, :]).min(axis=1)
    assert (least_by_two + loss.T).min() > -1e-9


@given(seed=SEEDS)
def test_a_permuted_network_computes_the_same(seed):
    x = chance.stream(seed, "data").standard_normal((9, 4)).astype(np.float32)
    there = matching.permuted(net(seed), orders := orders_of(seed))
    assert np.allclose(models.logits(there, x), models.logits(net(seed), x), atol=1e-4)
    for before, after, order in zip(models.hidden(net(seed), x), models.hidden(there, x), orders, strict=True):
        assert np.allclose(after, before[:, order], atol=1e-4)


@pytest.mark.parametrize("seed", range(5))  # a narrow network has local optima, in which matching may end
def test_a_shuffled_twin_is_found_to_be_the_same_network(seed):
    sizes = (20, 40, 40, 5)
    original = net(seed, sizes=sizes)
    found = matching.matched(original, matching.permuted(original, orders_of(seed, sizes)))
    assert matching.overlap(original, found) == pytest.approx(matching.overlap(original, original))
    for layer, again in zip(original, found, strict=True):
        assert np.array_equal(layer.weights, again.weights)
        assert np.array_equal(layer.biases, again.biases)


@given(seed=SEEDS)
def test_matching_never_takes_from_the_overlap_and_changes_no_function(seed):
    first, second = net(seed), net(seed, "another start")
    found = matching.matched(first, second)
    x = chance.stream(seed, "data").standard_normal((9, 4)).astype(np.float32)
    assert matching.overlap(first, found) >= matching.overlap(first, second) - 1e-6
    assert np.allclose(models.logits(found, x), models.logits(second, x), atol=1e-4)


@given(seed=SEEDS)
def test_with_one_hidden_layer_no_order_is_better_than_the_one_found(seed):
    sizes = (3, 5, 2)
    first, second = net(seed, sizes=sizes), net(seed, "another start", sizes)
    orders = (matching.permuted(second, [np.array(order)]) for order in itertools.permutations(range(5)))
    best = max(matching.overlap(first, other) for other in orders)
    assert matching.overlap(first, matching.matched(first, second)) == pytest.approx(best, rel=1e-5)


def test_the_overlap_is_the_sum_of_products():
    one = (models.Layer(weights=np.array([[1.0, 2.0]]), biases=np.array([3.0, 0.0])),)
    other = (models.Layer(weights=np.array([[4.0, 5.0]]), biases=np.array([6.0, 7.0])),)
    assert matching.overlap(one, other) == 4 + 10 + 18
