import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from axiom.kit import chance, data, fisher, losses, models
from axiom.kit.models import Layer

TASK = data.clusters(chance.stream(5, "data"), inputs=4, classes=3, train=24, test=5)
X, Y = TASK.x_train, TASK.y_train
STRENGTHS = st.floats(0.1, 100)


PLAIN, ANCHORED = jax.jit(losses.CROSS_ENTROPY), jax.jit(fisher.Anchored())
PLAIN_SLOPE, ANCHORED_SLOPE = jax.jit(jax.grad(losses.CROSS_ENTROPY)), jax.jit(jax.grad(fisher.Anchored()))


def start(*sizes):
    return models.mlp(chance.stream(5, "start"), sizes or (4, 6, 3))


def numbers(tree):
    return np.concatenate([np.asarray(leaf, dtype=np.float64).ravel() for leaf in jax.tree.leaves(tree)])


def gaussian(mean, x, y):
    """The negative log-likelihood of rows around a mean, with variance 1."""
    del y
    return 0.5 * jnp.mean(jnp.sum((x - mean) ** 2, axis=1))


def shifted(mean, x, y, by):
    return gaussian(mean - by, x, y)


def test_the_fisher_information_of_a_mean_is_the_mean_squared_distance_from_it():
    mean = np.array([0.5, -1.0, 0.0, 2.0], dtype=np.float32)
    found = fisher.diagonal(gaussian, mean, X, Y)
    assert found == pytest.approx(((X - mean) ** 2).mean(axis=0), rel=1e-5)


def test_of_many_rows_from_the_model_itself_it_is_the_inverse_of_their_variance():
    x = chance.stream(5, "rows").standard_normal((4_000, 2)).astype(np.float32)
    found = fisher.diagonal(gaussian, np.zeros(2, dtype=np.float32), x, np.zeros(4_000, dtype=np.int32))
    assert found == pytest.approx([1.0, 1.0], abs=4 * np.sqrt(2 / 4_000))


def test_what_the_objective_is_given_besides_rows_reaches_it():
    zero, by = np.zeros(4, dtype=np.float32), np.ones(4, dtype=np.float32)
    assert fisher.diagonal(shifted, zero, X, Y, by) == pytest.approx(((X + 1) ** 2).mean(axis=0), rel=1e-5)


def test_it_is_the_mean_of_the_squares_of_each_examples_gradient():
    found = fisher.diagonal(losses.CROSS_ENTROPY, start(), X, Y)
    slopes = [numbers(PLAIN_SLOPE(start(), X[i : i + 1], Y[i : i + 1])) for i in range(24)]
    assert numbers(found) == pytest.approx(np.mean(np.square(slopes), axis=0), rel=1e-4, abs=1e-9)
    squared_mean = np.mean(slopes, axis=0) ** 2  # the gradient of the batch, squared, which is not the same
    assert numbers(found).sum() > 3 * squared_mean.sum()


def test_of_a_softmax_layer_it_is_the_closed_form():
    (layer,) = linear = start(4, 3)
    outputs = np.asarray(models.logits(linear, X), dtype=np.float64)
    error = np.exp(outputs) / np.exp(outputs).sum(axis=1, keepdims=True) - np.eye(3)[Y]
    ((weights, biases),) = fisher.diagonal(losses.CROSS_ENTROPY, linear, X, Y)
    assert weights.shape == layer.weights.shape
    assert np.asarray(weights) == pytest.approx((X.astype(np.float64) ** 2).T @ error**2 / 24, rel=1e-4)
    assert np.asarray(biases) == pytest.approx((error**2).mean(axis=0), rel=1e-4)


def test_equal_shares_have_the_same_sum():
    found = fisher.diagonal(losses.CROSS_ENTROPY, start(), X, Y)
    equal = fisher.equalised(found)
    assert numbers(equal).sum() == pytest.approx(numbers(found).sum(), rel=1e-5)
    assert np.ptp(numbers(equal)) == 0.0
    assert jax.tree.map(np.shape, equal) == jax.tree.map(np.shape, found)


def moved(net, by):
    return tuple(Layer(weights=layer.weights + by, biases=layer.biases - by) for layer in net)


@settings(max_examples=10)
@given(strength=STRENGTHS, by=st.floats(-1, 1))
def test_the_penalty_is_half_of_strength_times_importance_times_the_squared_way(strength, by):
    anchor = start()
    importance = jax.tree.map(lambda leaf: np.full_like(leaf, 0.2), anchor)
    net = moved(anchor, np.float32(by))
    penalty = ANCHORED(net, X, Y, anchor, importance, strength) - PLAIN(net, X, Y)
    assert float(penalty) == pytest.approx(0.5 * strength * 0.2 * by**2 * numbers(anchor).size, rel=1e-3, abs=1e-4)


def test_the_penalty_pulls_each_weight_home_as_strongly_as_it_matters():
    anchor, net = start(), moved(start(), np.float32(0.1))
    importance = fisher.diagonal(losses.CROSS_ENTROPY, anchor, X, Y)
    held, free = ANCHORED_SLOPE(net, X, Y, anchor, importance, 3.0), PLAIN_SLOPE(net, X, Y)
    way = numbers(net) - numbers(anchor)
    assert numbers(held) - numbers(free) == pytest.approx(3.0 * numbers(importance) * way, abs=1e-5)


def test_at_the_anchor_it_costs_nothing_and_equal_ones_compile_once():
    anchor = start()
    importance = fisher.diagonal(losses.CROSS_ENTROPY, anchor, X, Y)
    here = ANCHORED(anchor, X, Y, anchor, importance, 1e3)
    assert float(here) == pytest.approx(float(PLAIN(anchor, X, Y)), rel=1e-6)
    assert fisher.Anchored() == fisher.Anchored()
    assert hash(fisher.Anchored()) == hash(fisher.Anchored())


def test_another_objective_may_be_anchored():
    anchor = start()
    nothing = jax.tree.map(np.zeros_like, anchor)
    objective = jax.jit(fisher.Anchored(objective=losses.SquaredError()))
    alone = jax.jit(losses.SquaredError())
    assert float(objective(anchor, X, Y, anchor, nothing, 1.0)) == pytest.approx(float(alone(anchor, X, Y)), rel=1e-6)
