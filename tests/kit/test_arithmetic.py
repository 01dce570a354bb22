"""Gromov (2023): a hidden layer of squares adds modulo P exactly when its neurons are waves with fitting phases."""

import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from axiom.kit import arithmetic, chance
from axiom.kit.optimizers import Rates


def gromov(modulus):
    """The closed form, with every frequency at seven pairs of phases, for which all but the wanted terms cancel."""
    frequency, turn = np.meshgrid(np.arange(1, (modulus + 1) // 2), 2 * np.pi * np.arange(7) / 7)
    frequency, first, second = frequency.ravel(), turn.ravel(), 3 * turn.ravel()
    angle = 2 * np.pi * np.outer(np.arange(modulus), frequency) / modulus
    inner = np.concatenate([np.cos(angle + first), np.cos(angle + second)])
    return arithmetic.Quadratic(inner=inner, outer=np.cos(angle + first + second).T)


def table(modulus, share=1.0, **changes):
    return arithmetic.modular_addition(chance.stream(3, "pairs"), modulus=modulus, share=share, **changes)


@pytest.mark.parametrize("modulus", [5, 11, 23])
def test_the_closed_form_answers_every_sum_and_nothing_else(modulus):
    task, net = table(modulus), gromov(modulus)
    answers = arithmetic.outputs(net, task.x_train.astype(np.float64))
    wave = 7 / 4 * (modulus * np.eye(modulus)[task.y_train] - 1)  # of each frequency, 7 / 2 times a cosine
    assert answers == pytest.approx(wave, abs=1e-9)
    assert arithmetic.accuracy(net, task.x_train, task.y_train) == 1.0
    assert arithmetic.concentration(net) == pytest.approx(1.0)


def test_the_gradient_is_that_of_the_formula():
    task = table(7, 0.6)
    net = arithmetic.quadratic(chance.stream(3, "start"), modulus=7, hidden=9)
    x, inner, outer = (np.asarray(each, dtype=np.float64) for each in (task.x_train, *net))
    heard = x @ inner
    residual = (heard**2 @ outer - np.eye(7)[task.y_train]) / len(x)
    found = jax.jit(jax.grad(arithmetic.squared_error))(net, task.x_train, task.y_train)
    assert np.asarray(found.outer) == pytest.approx((heard**2).T @ residual, abs=1e-6)
    assert np.asarray(found.inner) == pytest.approx(x.T @ (2 * heard * (residual @ outer.T)), abs=1e-6)


@given(modulus=st.integers(2, 17), share=st.floats(0, 1), is_scrambled=st.booleans())
def test_every_pair_is_shown_or_asked_once(modulus, share, is_scrambled):
    task = table(modulus, share, is_scrambled=is_scrambled)
    x, y = (np.concatenate(parts) for parts in ((task.x_train, task.x_test), (task.y_train, task.y_test)))
    pairs = np.stack([x[:, :modulus].argmax(axis=1), x[:, modulus:].argmax(axis=1)], axis=1)
    assert len({tuple(pair) for pair in pairs.tolist()}) == len(x) == modulus**2
    assert (x.sum(axis=1) == 2).all()
    assert len(task.y_train) == round(share * modulus**2)
    assert np.bincount(y).tolist() == [modulus] * modulus
    assert is_scrambled or (y == pairs.sum(axis=1) % modulus).all()


def test_a_larger_share_shows_what_a_smaller_one_does():
    small, large = table(11, 0.3), table(11, 0.5)
    assert (large.x_train[: len(small.x_train)] == small.x_train).all()


def test_scrambled_sums_have_nothing_to_do_with_the_true_ones():
    true, scrambled = table(23), table(23, is_scrambled=True)
    assert (true.x_train == scrambled.x_train).all()
    assert np.mean(true.y_train == scrambled.y_train) < 0.1


def test_random_weights_hear_every_frequency():
    nets = [arithmetic.quadratic(chance.stream(seed, "start"), modulus=23, hidden=200) for seed in range(5)]
    assert np.mean([arithmetic.concentration(net) for net in nets]) == pytest.approx(4 / 24, rel=0.02)


def test_weights_of_nothing_hear_nothing():
    nothing = arithmetic.Quadratic(inner=np.zeros((10, 4)), outer=np.zeros((4, 5)))
    assert arithmetic.concentration(nothing) == 0.0
    assert arithmetic.norm(nothing) == 0.0


def test_the_norm_is_that_of_all_weights_together():
    net = arithmetic.quadratic(chance.stream(3, "start"), modulus=7, hidden=9)
    assert arithmetic.norm(net) == pytest.approx(np.linalg.norm(np.concatenate([each.ravel() for each in net])))


def test_learning_ends_when_the_rest_of_the_table_is_known():
    task = table(23, 0.7)
    start = arithmetic.quadratic(chance.stream(3, "start"), modulus=23, hidden=64)
    found = arithmetic.learned(start, task, rates=Rates(lr=0.01, weight_decay=1.0), steps=300, every=20)
    assert found.steps == found.grokked_at == 20 * len(found.test) < 300
    assert found.test[-1] >= arithmetic.MASTERED > max(found.test[:-1])
    assert (
        found.train[found.memorised_at // 20 - 1]
        >= arithmetic.MASTERED
        > max(found.train[: found.memorised_at // 20 - 1])
    )
    assert found.test[-1] == arithmetic.accuracy(found.net, task.x_test, task.y_test)


def test_a_budget_that_is_too_short_leaves_both_times_open():
    start = arithmetic.quadratic(chance.stream(3, "start"), modulus=23, hidden=64)
    found = arithmetic.learned(start, table(23, 0.7), rates=Rates(lr=1e-6, weight_decay=1.0), steps=40, every=20)
    assert (found.memorised_at, found.grokked_at) == (None, None)
    assert found.steps == 40
    assert len(found.test) == len(found.train) == 2
