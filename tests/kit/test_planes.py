"""Many networks side by side are each what they would be alone, and their kernels are those of their gradients."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from axiom.kit import planes

RNG = np.random.default_rng(3)
INPUTS, WIDTH, ROWS = 3, 5, 4
START = RNG.standard_normal((INPUTS, WIDTH)).astype(np.float32), RNG.standard_normal(WIDTH).astype(np.float32)
SEEN, AIMS = RNG.standard_normal((ROWS, INPUTS)).astype(np.float32), RNG.standard_normal(ROWS).astype(np.float32)


def alone(bend, start, row):
    """The sum over hidden units of one network for one row, as anybody would write it."""
    first, last = start
    return bend(row @ first / INPUTS**0.5) @ last


@pytest.mark.parametrize("activation", planes.ACTIVATIONS)
def test_sums_and_kernels_are_those_of_each_network(activation):
    bend = planes.ACTIVATIONS[activation]
    scales = np.float32([0.5, 1.0, 3.0])
    layers = tuple(layer * scales for layer in planes.begun(START, 3))
    sums, kernels = planes.sums(bend, layers, SEEN), planes.kernels(bend, layers, SEEN)
    slope_of = jax.jit(jax.grad(lambda net, row: alone(bend, net, row)))
    for place, scale in enumerate(scales):
        start = tuple(scale * layer for layer in START)
        slopes = [slope_of(start, row) for row in SEEN]
        flat = np.array([np.concatenate([np.ravel(each) for each in slope]) for slope in slopes])
        assert sums[:, place] == pytest.approx([float(alone(bend, start, row)) for row in SEEN], rel=1e-4)
        assert np.allclose(kernels[place], flat @ flat.T / WIDTH, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("seen", [planes.FEW - 1, planes.FEW, planes.MANY], ids=["few", "some", "many"])
@pytest.mark.parametrize("is_once", [False, True])
def test_training_side_by_side_is_training_alone_with_a_push_before_each_step_or_once(is_once, seen):
    train = planes.trainer("tanh", 30, seen, is_pushed_once=is_once)
    pushes, rates = np.float32([0.0, 0.1, 1.0]), np.float32([1.0, 2.0, 4.0])
    learned, moments, losses = train(pushes, rates, rates, START, (SEEN, AIMS), None)
    bend = planes.ACTIVATIONS["tanh"]

    def loss(net):
        return jnp.mean((jnp.stack([alone(bend, net, row) for row in SEEN]) / WIDTH - AIMS) ** 2)

    step = jax.jit(jax.value_and_grad(loss))
    for place, (push, rate) in enumerate(zip(pushes, rates, strict=True)):
        net, told = (START[0] + push if is_once else START[0], START[1]), []
        first = float(loss(net))
        for _ in range(30):
            net = net[0] + (0.0 if is_once else push), net[1]
            value, slopes = step(net)
            told.append(float(value) / first)
            net = tuple(layer - rate * slope for layer, slope in zip(net, slopes, strict=True))
        assert bool(learned[place]) == (np.mean(told[-20:]) < 1)
        half = next(moment for moment, each in enumerate(told) if each <= (1 + np.mean(told[-20:])) / 2)
        assert not learned[place] or abs(int(moments[place]) - half) <= 1
    assert losses.shape == (3,)


def test_a_loss_that_leaves_the_numbers_has_run_away():
    steps = np.arange(40)
    told = jnp.asarray(np.stack([0.9**steps, 2.0**steps, np.where(steps > 5, np.nan, 0.5)], axis=1))
    learned, moments = planes.fates(told)
    assert learned.tolist() == [True, False, False]
    assert moments[1] == 4  # 16 is the first above ten
    assert moments[2] == 6
