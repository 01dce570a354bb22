"""Attention against its formula, JAX's own, and what no order of tokens may change."""

import jax
import numpy as np
import pytest

from axiom.kit import attention, chance, digits, losses, training
from axiom.kit.attention import SelfAttention, attentive
from axiom.kit.models import Layer
from axiom.kit.optimizers import ADAMW, Rates

FOUR = SelfAttention(tokens=4)


def draw(*shape, purpose="data"):
    return chance.stream(5, purpose).standard_normal(shape).astype(np.float32)


def start(seed=5):
    return attentive(chance.stream(seed, "start"), tokens=4, size=3, width=8, classes=5)


def without(net, number, part="weights"):
    """The same network with zeros in the weights or the biases of one layer."""
    layers = list(net)
    layers[number] = layers[number]._replace(**{part: 0 * getattr(layers[number], part)})
    return tuple(layers)


def test_of_two_tokens_the_share_is_a_sigmoid():
    """A query of 3 against keys of 1 and 2, in one dimension: e^3 / (e^3 + e^6) of it for the first."""
    among = attention.shares(np.array([[3.0]]), np.array([[1.0], [2.0]]))
    assert among.tolist() == [pytest.approx([1 / (1 + np.exp(3)), 1 / (1 + np.exp(-3))])]
    wide = attention.shares(np.array([[3.0, 0, 0, 0]]), np.array([[1.0, 0, 0, 0], [2.0, 0, 0, 0]]))
    assert wide[0, 0] == pytest.approx(1 / (1 + np.exp(1.5)))  # over the root of four dimensions


def test_large_scores_are_no_fault():
    assert attention.shares(np.array([[1e4]]), np.array([[1.0], [-1.0]])).tolist() == [[1.0, 0.0]]


def test_it_is_the_attention_of_jax():
    queries, keys, values = (draw(2, 6, 8, purpose=name) for name in ("queries", "keys", "values"))
    heard = attention.shares(queries, keys) @ values
    theirs = jax.nn.dot_product_attention(*(part[:, :, None, :] for part in (queries, keys, values)))
    assert np.allclose(heard, theirs[:, :, 0, :], atol=1e-5)


def test_who_asks_nothing_heeds_all_alike():
    assert np.allclose(FOUR.shares(without(start(), 1), draw(7, 12)), 0.25)


def test_shares_of_a_token_sum_to_one():
    among = FOUR.shares(start(), draw(7, 12))
    assert among.shape == (7, 4, 4)
    assert np.allclose(among.sum(axis=2), 1)
    assert among.min() > 0


def test_without_places_the_order_of_tokens_says_nothing():
    x = draw(7, 4, 3)
    turned = x[:, [2, 0, 3, 1]]
    net = without(start(), 0, "biases")
    assert np.allclose(FOUR.outputs(net, x.reshape(7, 12)), FOUR.outputs(net, turned.reshape(7, 12)), atol=1e-5)
    placed = [FOUR.outputs(start(), rows.reshape(7, 12)) for rows in (x, turned)]
    assert not np.allclose(*placed, atol=1e-2)


def test_without_values_each_token_speaks_for_itself():
    net, x = without(without(start(), 3), 3, "biases"), draw(7, 12)
    embedded = x.reshape(7, 4, 3) @ net[0].weights + net[0].biases
    assert np.allclose(FOUR.hidden(net, x)[0], np.maximum(embedded, 0).mean(axis=1), atol=1e-6)


def test_two_tokens_by_hand():
    """One number a token, and weights of 1: the first token, 0, heeds both alike, and the second mostly itself."""
    one = Layer(weights=np.ones((1, 1)), biases=np.zeros(1))
    net, x = (one, one, one, one, one), np.array([[0.0, 2.0]])
    heeded = 2 / (1 + np.exp(-4))  # of the second: scores of 0 and 4
    assert SelfAttention(tokens=2).outputs(net, x).item() == pytest.approx(((0 + 1) + (2 + heeded)) / 2)


def test_numpy_and_jax_compute_the_same_network():
    by_numpy, by_jax = FOUR.outputs(start(), draw(7, 12)), jax.jit(FOUR.outputs)(start(), draw(7, 12))
    assert type(by_numpy) is np.ndarray
    assert np.allclose(by_numpy, by_jax, atol=1e-5)


def test_it_learns_to_read_digits_line_by_line():
    lines, task = SelfAttention(tokens=8), digits.task(chance.stream(5, "data"), train=1_297, test=500)
    start = attentive(chance.stream(5, "start"), tokens=8, size=8, width=32, classes=10)
    *_, end = training.descend(
        start, task, chance.orders(5, items=1_297, epochs=12), optimizer=ADAMW, rates=Rates(lr=0.01), batch=50,
        objective=losses.CrossEntropy(architecture=lines), every=12,
    )  # fmt: skip
    assert training.accuracy(end, task.x_test, task.y_test, lines) > 0.85
