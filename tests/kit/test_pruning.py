"""What of a network stays: masks, ranks, and the order of its neurons."""

import itertools

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from axiom.kit import chance, data, losses, lottery_tickets, lowrank, matching, models, pruning, training
from axiom.kit.models import Layer
from axiom.kit.optimizers import Rates

# Masks by magnitude.
SHARES = st.floats(0, 1)
SEEDS = st.integers(min_value=0, max_value=2**63 - 1)


def net(*matrices):
    return tuple(
        Layer(weights=np.asarray(m, dtype=np.float32), biases=np.ones(np.shape(m)[1], dtype=np.float32))
        for m in matrices
    )


def drawn(seed=5, *, factor=1.0):
    """Two layers, the second with weights so many times as large."""
    first, second = models.mlp(chance.stream(seed, "start"), (6, 10, 4))
    return (first, Layer(weights=second.weights * np.float32(factor), biases=second.biases))


def kept(mask):
    return [int(np.sum(layer.weights)) for layer in mask]


SMALL = net([[1.0, -4.0], [0.5, 3.0]], [[-2.0], [0.1]])


def test_the_largest_weights_stay_and_scattered_ones_are_as_many():
    for keep, layerwise, first, second in [
        (1.0, False, [[1, 1], [1, 1]], [[1], [1]]),
        (0.5, False, [[0, 1], [0, 1]], [[1], [0]]),
        (1 / 3, False, [[0, 1], [0, 1]], [[0], [0]]),  # the last layer loses everything
        (1 / 4, True, [[0, 1], [0, 0]], [[0], [0]]),
        (3 / 4, True, [[1, 1], [0, 1]], [[1], [1]]),
        (0.0, False, [[0, 0], [0, 0]], [[0], [0]]),
    ]:
        mask = pruning.magnitude(SMALL, keep=keep, layerwise=layerwise)
        assert [layer.weights.tolist() for layer in mask] == [first, second]
    _, mask, _ = masked_drawn()
    other = lottery_tickets.scattered(np.random.default_rng(0), mask)
    for old, new in zip(mask, other, strict=True):
        assert new.weights.sum() == old.weights.sum()
        assert set(np.unique(new.weights)) == {0.0, 1.0}
        assert not np.array_equal(new.weights, old.weights)
        assert np.array_equal(new.biases, old.biases)


@settings(max_examples=20)
@given(seed=SEEDS, keep=SHARES)
def test_as_many_stay_as_were_asked_for(seed, keep):
    everywhere = pruning.magnitude(drawn(seed), keep=keep)
    assert sum(kept(everywhere)) == round(keep * 100)
    assert pruning.density(everywhere) == pytest.approx(round(keep * 100) / 100)
    assert kept(pruning.magnitude(drawn(seed), keep=keep, layerwise=True)) == [round(keep * 60), round(keep * 40)]


@settings(max_examples=20)
@given(seed=SEEDS, layerwise=st.booleans())
def test_a_second_round_takes_from_what_the_first_has_left(seed, layerwise):
    first = pruning.magnitude(drawn(seed), keep=0.5, layerwise=layerwise)
    second = pruning.magnitude(drawn(seed + 1), keep=0.5, within=first, layerwise=layerwise)
    assert sum(kept(second)) == sum(round(0.5 * n) for n in (kept(first) if layerwise else [50]))
    for before, after in zip(first, second, strict=True):
        assert np.all(before.weights >= after.weights)


def pruned_loss(network, x, y, mask):
    return losses.CROSS_ENTROPY(pruning.pruned(network, mask), x, y)


def test_what_is_gone_has_no_gradient_and_stays_gone_in_training():
    task = data.clusters(chance.stream(5, "data"), inputs=6, classes=4, train=40, test=10)
    before, mask = drawn(), pruning.magnitude(drawn(), keep=0.3)
    slopes = jax.jit(jax.grad(pruned_loss))(before, task.x_train, task.y_train, mask)
    orders = chance.orders(5, items=40, epochs=3)
    end, _ = training.trained(
        before, task, orders, watch=lambda _: 0, rates=Rates(lr=0.1), batch=8, objective=pruned_loss, context=(mask,)
    )
    for old, new, slope, stays in zip(before, end, slopes, mask, strict=True):
        gone = stays.weights == 0
        assert np.all(np.asarray(slope.weights)[gone] == 0)
        assert np.array_equal(new.weights[gone], old.weights[gone])
        assert not np.array_equal(new.weights[~gone], old.weights[~gone])
        assert not np.array_equal(new.biases, old.biases)


# Masks in training.
def masked_drawn():
    start = models.mlp(chance.stream(3, "start"), (6, 10, 4))
    task = data.clusters(chance.stream(3, "data"), inputs=6, classes=4, train=100, test=50, separation=2.0)
    return start, pruning.magnitude(start, keep=0.4), task


def test_what_is_gone_stays_gone_and_what_is_left_learns():
    start, mask, task = masked_drawn()
    orders = chance.orders(3, items=100, epochs=10)
    end, seen = lottery_tickets.learned(start, mask, task, orders, rates=Rates(lr=0.1), batch=10, every=5, watch=len)
    assert seen == [2, 2]
    for before, layer, stays in zip(start, end, mask, strict=True):
        assert not np.any(layer.weights[stays.weights == 0])
        moved = layer.weights != before.weights
        assert moved[stays.weights == 1].mean() > 0.7
    loss = [float(losses.CROSS_ENTROPY(net, task.x_train, task.y_train)) for net in (pruning.pruned(start, mask), end)]
    assert loss[1] < loss[0] / 2


# Eckart & Young (1936): nothing of a rank is nearer than what the largest singular values leave.
ONES = np.ones((6, 6), dtype=np.float32)


def lowrank_drawn():
    net = models.mlp(chance.stream(1, "net"), (4, 6, 6, 3))
    x = chance.stream(1, "x").standard_normal((30, 4)).astype(np.float32)
    return net, x, chance.stream(1, "y").integers(0, 3, 30).astype(np.int32)


def test_factors_are_the_nearest_matrix_of_their_rank_and_gaps_stay():
    net, x, _ = lowrank_drawn()
    whole = lowrank.middle(net)
    sizes = np.linalg.svd(whole, compute_uv=False)
    for rank in (1, 3, 6):
        factors = lowrank.factored(net, rank=rank)
        assert factors[1].weights.shape == (6, rank)
        product = lowrank.middle(lowrank.composed(factors, ONES))
        assert np.linalg.norm(whole - product) == pytest.approx(np.sqrt((sizes[rank:] ** 2).sum()), abs=1e-5)
        one, other = factors[1].weights, factors[2].weights
        assert one.T @ one == pytest.approx(other @ other.T, abs=1e-5)
    same = models.logits(lowrank.composed(factors, ONES), x)
    assert same == pytest.approx(models.logits(net, x), abs=1e-4)
    net, x, y = lowrank_drawn()
    stays = (chance.stream(2, "stays").random((6, 6)) < 0.5).astype(np.float32)
    gapped = lowrank.composed(net, stays)
    assert np.array_equal(lowrank.middle(gapped), stays * lowrank.middle(net))
    slope = jax.jit(jax.grad(lowrank.Composed(loss="cross_entropy")))(net, x, y, stays)
    assert not np.asarray(slope[1].weights)[stays == 0].any()
    assert np.asarray(slope[1].weights)[stays == 1].any()


def test_what_is_learned_keeps_its_gaps_or_its_rank():
    task = data.clusters(chance.stream(3, "task"), inputs=4, classes=3, train=60, test=50, separation=2.0)
    orders = chance.orders(3, items=60, epochs=20)
    options = {"loss": "cross_entropy", "lr": 0.1, "batch": 10, "every": 5}
    net, _, _ = lowrank_drawn()
    stays = (chance.stream(2, "stays").random((6, 6)) < 0.5).astype(float)
    gapped, seen = lowrank.learned(net, stays, task, orders, **options)
    assert np.array_equal(lowrank.middle(gapped) != 0, stays == 1)
    assert not np.allclose(lowrank.middle(gapped), stays * lowrank.middle(net))
    assert len(seen) == 4
    assert seen[-1] == training.accuracy(gapped, task.x_test, task.y_test) > 0.8
    thin, _ = lowrank.learned(lowrank.factored(net, rank=2), np.ones((6, 6)), task, orders, **options)
    assert np.linalg.matrix_rank(lowrank.middle(thin), tol=1e-4) == 2
    plain, seen = lowrank.learned(net, np.ones((6, 6)), task, orders, **options)
    end = list(training.sgd(net, task, orders, lr=0.1, batch=10))[-1]
    assert lowrank.middle(plain) == pytest.approx(lowrank.middle(end), abs=1e-5)


# The order of neurons.
SIZES = (4, 6, 5, 3)


def matching_net(seed, purpose="start", sizes=SIZES):
    """With biases: a start has none, and they must move with their neurons."""
    rng = chance.stream(seed, "biases")
    layers = models.mlp(chance.stream(seed, purpose), sizes)
    return tuple(layer._replace(biases=rng.standard_normal(layer.biases.shape).astype(np.float32)) for layer in layers)


def orders_of(seed, sizes=SIZES):
    rng = chance.stream(seed, "order")
    return [rng.permutation(size) for size in sizes[1:-1]]


def total(gains, order):
    return sum(gains[row, column] for row, column in enumerate(order))


@settings(max_examples=20)
@given(seed=SEEDS, size=st.integers(1, 6), digits=st.integers(0, 2))
def test_no_other_assignment_has_larger_gains(seed, size, digits):
    gains = np.round(chance.stream(seed, "gains").standard_normal((size, size)), digits)  # few digits make ties
    found = matching.assignment(gains)
    best = max(total(gains, order) for order in itertools.permutations(range(size)))
    assert sorted(found) == list(range(size))
    assert total(gains, found) == pytest.approx(best)


@pytest.mark.parametrize("gain", [np.nan, np.inf])
def test_gains_that_are_no_numbers_are_refused(gain):
    with pytest.raises(ValueError, match="real"):
        matching.assignment(np.array([[1.0, gain], [0.0, 2.0]]))


@settings(max_examples=20)
@given(seed=SEEDS)
def test_a_permuted_network_computes_the_same(seed):
    x = chance.stream(seed, "data").standard_normal((9, 4)).astype(np.float32)
    there = matching.permuted(matching_net(seed), orders := orders_of(seed))
    assert np.allclose(models.logits(there, x), models.logits(matching_net(seed), x), atol=1e-4)
    for before, after, order in zip(models.hidden(matching_net(seed), x), models.hidden(there, x), orders, strict=True):
        assert np.allclose(after, before[:, order], atol=1e-4)


@pytest.mark.parametrize("seed", [0, 3])  # a narrow network has local optima, in which matching may end
def test_a_shuffled_twin_is_found_to_be_the_same_network(seed):
    sizes = (20, 40, 40, 5)
    original = matching_net(seed, sizes=sizes)
    found = matching.matched(original, matching.permuted(original, orders_of(seed, sizes)))
    assert matching.overlap(original, found) == pytest.approx(matching.overlap(original, original))
    for layer, again in zip(original, found, strict=True):
        assert np.array_equal(layer.weights, again.weights)
        assert np.array_equal(layer.biases, again.biases)


@settings(max_examples=20)
@given(seed=SEEDS)
def test_with_one_hidden_layer_no_order_is_better_than_the_one_found(seed):
    sizes = (3, 5, 2)
    first, second = matching_net(seed, sizes=sizes), matching_net(seed, "another start", sizes)
    orders = (matching.permuted(second, [np.array(order)]) for order in itertools.permutations(range(5)))
    best = max(matching.overlap(first, other) for other in orders)
    assert matching.overlap(first, matching.matched(first, second)) == pytest.approx(best, rel=1e-5)
