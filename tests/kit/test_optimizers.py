"""Rules of descent against the papers' formulas, by hand."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from axiom.kit import optimizers
from axiom.kit.optimizers import ADAMW, MOMENTUM, RMSPROP, SGD, Rates

EVERY = {"sgd": SGD, "momentum": MOMENTUM, "rmsprop": RMSPROP, "adamw": ADAMW}
every_optimizer = pytest.mark.parametrize("optimizer", EVERY.values(), ids=EVERY)
slopes = st.floats(-5, 5).filter(lambda slope: abs(slope) > 1e-3)


def walk(optimizer, gradients, *, start=1.0, **rates):
    """The weights after each gradient."""
    weight, memory = np.array([start]), (np.zeros(1),) * optimizer.memories
    found = []
    for count, gradient in enumerate(gradients, start=1):
        slope = gradient(weight) if callable(gradient) else np.array([gradient])
        weight, memory = optimizer.rule(weight, slope, memory, count, Rates(**rates))
        assert len(memory) == optimizer.memories
        found.append(float(weight[0]))
    return found


def test_plain_descent_on_a_parabola_shrinks_by_a_constant_factor():
    found = walk(SGD, [lambda weight: 3 * weight] * 5, lr=0.1)
    assert found == pytest.approx([0.7**step for step in range(1, 6)])


def test_under_a_constant_gradient_momentum_reaches_ten_times_the_step():
    found = walk(MOMENTUM, [1.0] * 200, lr=0.01, start=0.0)
    assert found[:3] == pytest.approx([-0.01, -0.01 * (1 + 1.9), -0.01 * (1 + 1.9 + 2.71)])
    assert found[-1] - found[-2] == pytest.approx(-0.1)


def test_the_heavy_ball_on_a_parabola_is_the_two_step_recurrence():
    found = [1.0, 1.0, *walk(MOMENTUM, [lambda weight: 2 * weight] * 20, lr=0.05)]
    for before, now, after in zip(found, found[1:], found[2:], strict=False):
        assert after == pytest.approx(now - 0.05 * 2 * now + 0.9 * (now - before))


@given(slope=slopes)
def test_under_a_constant_gradient_rmsprop_steps_by_the_rate_over_what_it_has_seen(slope):
    found = [0.0, *walk(RMSPROP, [slope] * 4, lr=0.01, start=0.0)]
    steps = [math.copysign(0.01, slope) / math.sqrt(1 - 0.9**count) for count in range(1, 5)]
    assert -np.diff(found) == pytest.approx(steps, rel=1e-4)


@given(slope=slopes, scale=st.floats(0.1, 100))
def test_under_a_constant_gradient_adam_steps_by_the_rate_whatever_the_scale(slope, scale):
    found = [0.0, *walk(ADAMW, [scale * slope] * 5, lr=0.01, start=0.0)]
    assert np.diff(found) == pytest.approx([-math.copysign(0.01, slope)] * 5, rel=1e-4)


def test_adam_after_two_gradients_is_the_sum_by_hand():
    mean = (0.9 * 0.1 * 1.0 + 0.1 * -2.0) / (1 - 0.9**2)
    square = (0.999 * 0.001 * 1.0 + 0.001 * 4.0) / (1 - 0.999**2)
    first = 1.0 - 0.1
    assert walk(ADAMW, [1.0, -2.0], lr=0.1) == pytest.approx([first, first - 0.1 * mean / math.sqrt(square)])


def test_decay_of_adamw_does_not_pass_through_the_moments():
    found = walk(ADAMW, [0.0] * 3, lr=0.1, weight_decay=0.5)
    assert found == pytest.approx([0.95, 0.95**2, 0.95**3])


@pytest.mark.parametrize("optimizer", [SGD, MOMENTUM, RMSPROP], ids=["sgd", "momentum", "rmsprop"])
def test_decay_of_the_others_is_a_part_of_the_gradient(optimizer):
    decayed = walk(optimizer, [lambda weight: 2 * weight] * 6, lr=0.02, weight_decay=0.5)
    assert decayed == pytest.approx(walk(optimizer, [lambda weight: 2.5 * weight] * 6, lr=0.02))


@every_optimizer
def test_no_rate_is_no_step(optimizer):
    assert walk(optimizer, [1.0, -3.0], lr=0.0, weight_decay=0.1) == [1.0, 1.0]


@every_optimizer
def test_it_finds_the_bottom_of_a_parabola(optimizer):
    assert abs(walk(optimizer, [lambda weight: 2 * weight] * 400, lr=0.01)[-1]) < 0.02


@every_optimizer
def test_arrays_follow_their_gradients_element_by_element(optimizer):
    rng = np.random.Generator(np.random.Philox(5))
    weight, slope = rng.standard_normal((2, 3, 4))
    moved, _ = optimizer.rule(weight, slope, (np.zeros((3, 4)),) * optimizer.memories, 1, Rates(lr=0.1))
    single, _ = optimizer.rule(weight[1, 2], slope[1, 2], (0.0,) * optimizer.memories, 1, Rates(lr=0.1))
    assert moved.shape == (3, 4)
    assert moved[1, 2] == pytest.approx(single)
    assert (np.sign(weight - moved) == np.sign(slope)).all()


def test_no_decay_unless_it_is_asked_for():
    assert optimizers.Rates(lr=0.1).weight_decay == 0
