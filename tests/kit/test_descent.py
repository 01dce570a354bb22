import jax
import jax.numpy as jnp
import numpy as np
import pytest
from cell_host import Notebook, Shelf

from axiom.kit import chance, pace
from axiom.kit.descent import descended
from axiom.kit.optimizers import ADAMW, MOMENTUM, SGD, Rates

X = chance.stream(5, "data").standard_normal((30, 4)).astype(np.float32)
Y = (X @ np.array([1.0, -2.0, 0.5, 0.0])).astype(np.float32)
START = (np.zeros(4, np.float32),)


def error(weights, x, y, *scales):
    """Half the mean squared error of a linear map; a scale in the context multiplies it."""
    return 0.5 * jnp.mean((x @ weights[0] - y) ** 2) * (scales[0] if scales else 1.0)


def fall(**changes):
    arguments = {
        "objective": error,
        "rates": Rates(lr=0.1),
        "steps": 20,
        "every": 4,
        "watch": lambda weights, loss: (weights[0].copy(), loss),
    }
    return descended(START, X, Y, **arguments | changes)


def by_hand(steps, lr=0.1):
    """The same descent in double precision."""
    weights, x, y = np.zeros(4), X.astype(np.float64), Y.astype(np.float64)
    for _ in range(steps):
        weights = weights - lr * x.T @ (x @ weights - y) / len(x)
    return weights


@pytest.mark.parametrize(("steps", "every", "looks"), [(1, 1, 1), (20, 4, 5), (21, 4, 6), (7, 100, 1)])
def test_descent_is_that_of_the_closed_gradient(steps, every, looks):
    (weights,), seen = fall(steps=steps, every=every)
    assert len(seen) == looks
    assert np.allclose(weights, by_hand(steps), atol=1e-5)
    assert np.array_equal(seen[-1][0], weights)
    before_last = by_hand(steps - 1)
    assert seen[-1][1] == pytest.approx(0.5 * np.mean((X @ before_last - Y) ** 2), rel=1e-3)


@pytest.mark.parametrize("optimizer", [SGD, MOMENTUM, ADAMW])
def test_how_it_is_cut_into_blocks_changes_nothing(optimizer):
    whole, cut = (fall(optimizer=optimizer, every=every, rates=Rates(lr=0.05))[0] for every in (20, 3))
    assert np.array_equal(whole[0], cut[0])


def test_the_context_reaches_the_objective():
    assert np.allclose(fall(context=(2.0,))[0][0], by_hand(20, lr=0.2), atol=1e-5)


def test_weights_may_have_any_shape_and_the_start_is_left_alone():
    start = {"a": (np.ones(2, np.float32), [np.ones(3, np.float32)])}
    end, _ = descended(
        start,
        X,
        Y,
        objective=lambda weights, _x, _y: sum(jnp.sum(leaf**2) for leaf in jax.tree.leaves(weights)),
        rates=Rates(lr=0.25),
        steps=1,
        every=1,
        watch=lambda _weights, loss: loss,
    )
    assert end["a"][1][0].tolist() == [0.5] * 3
    assert start["a"][1][0].tolist() == [1.0] * 3


def test_once_it_is_over_nothing_more_is_computed():
    _, seen = fall(is_over=lambda look: look[1] < 0.5, steps=400, every=2)
    over = [look[1] < 0.5 for look in seen]
    assert over == [False] * (len(seen) - 1) + [True]
    assert len(seen) < 100


def test_the_first_losses_are_the_fingerprint_and_all_of_it_is_said():
    pace.attach(heard := Notebook())
    fall()
    pace.attach(None)
    (fingerprint,) = heard.fingerprints
    assert fingerprint == pytest.approx([0.5 * np.mean((X @ by_hand(step) - Y) ** 2) for step in range(4)], rel=1e-4)
    assert heard.fractions[-1] == 1.0


@pytest.mark.parametrize("optimizer", [SGD, ADAMW])
def test_an_interrupted_descent_ends_in_the_same_bits(optimizer):
    pace.attach(Notebook(), shelf := Shelf())
    whole, seen = fall(optimizer=optimizer)
    for state in shelf.states[:-1]:
        pace.attach(Notebook(), Shelf(state))
        again, looks = fall(optimizer=optimizer)
        assert np.array_equal(again[0], whole[0])
        assert [look[1] for look in looks] == [look[1] for look in seen]
    pace.attach(None)
