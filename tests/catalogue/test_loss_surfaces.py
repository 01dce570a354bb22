"""A bowl curves down nowhere, a saddle everywhere and two hills have two valleys; the middle is the network itself."""

import functools

import numpy as np
import pytest
from wrong import wrong

from axiom.catalogue import loss_surfaces as right
from axiom.kit import chance, models

SEED = 5
UP, ACROSS = np.meshgrid(np.linspace(-1, 1, 25), np.linspace(-1, 1, 25), indexing="ij")


@functools.cache
def cell(depth=2, *, is_residual=False, epochs=10, module=right, **changes):
    return module.run(module.Config(depth=depth, is_residual=is_residual, epochs=epochs, **changes), SEED)


def truth_of_the_curves(module):
    """Bowls of any slant curve down nowhere, saddles everywhere; of a third power it is half of the plane."""
    assert module.downward(UP**2 + ACROSS**2 + UP * ACROSS) == 0.0
    assert module.downward(UP**2 + ACROSS**2 + 3 * UP * ACROSS) == 1.0
    assert module.downward(UP**3 + ACROSS**2) == pytest.approx(0.5, abs=0.05)
    assert module.downward(ACROSS**3 + UP**2) == pytest.approx(0.5, abs=0.05)


def truth_of_the_valleys(module):
    """A bowl has one, a wave of two periods has two, a slope none."""
    assert module.minima(UP**2 + ACROSS**2) == 1
    assert module.minima(ACROSS**2 - np.cos(2 * np.pi * (UP - 0.5))) == 2
    assert module.minima(UP + ACROSS**2) == 0


def truth_of_the_picture(module):
    """Its middle is the network, and away from it the loss rises, further out more."""
    near, far = (cell(reach=reach, module=module) for reach in (0.1, 1.0))
    surface = np.array(far.loss_by_place).reshape(module.SIDE, module.SIDE)
    assert far.train_loss == near.train_loss == surface[12, 12]
    assert far.rise > 4 * near.rise > 0
    assert far.rise == pytest.approx(
        np.log(np.concatenate([surface[0], surface[-1], surface[1:-1, 0], surface[1:-1, -1]]).mean() / surface[12, 12])
    )
    assert len({round(float(corner), 6) for corner in surface[[0, 0, -1, -1], [0, -1, 0, -1]]}) == 4
    assert far.is_one_valley == (far.minima <= 1)


def truth_of_the_depth(module):
    """Around a deep plain network more of the picture curves down than around a shallow one or with skips."""
    deep = cell(12, module=module).downward
    assert deep > cell(2, module=module).downward + 0.05
    assert deep > cell(12, is_residual=True, module=module).downward + 0.05


TRUTHS = (truth_of_the_curves, truth_of_the_valleys, truth_of_the_picture, truth_of_the_depth)


@pytest.mark.parametrize("truth", TRUTHS)
def test_it_finds_what_is_known(truth):
    truth(right)


def test_with_skips_signals_keep_their_size_through_many_layers():
    start = right.begun(chance.stream(SEED, "start"), 12, is_residual=True)
    x = chance.stream(SEED, "x").standard_normal((200, 20)).astype(np.float32)
    first, *_, last = models.Architecture(residual=True).hidden(start, x)
    assert np.std(np.asarray(last)) < 10 * np.std(np.asarray(first))


def test_in_a_placebo_all_are_equally_deep_and_begin_elsewhere():
    one, other = (cell(depth, control="placebo") for depth in (12, 2))
    assert one.loss_by_place != other.loss_by_place
    assert one.train_loss == pytest.approx(other.train_loss, rel=0.5)


@pytest.mark.parametrize(
    ("truth", "old", "new"),
    [
        (truth_of_the_curves, "np.hypot((up - side) / 2, mixed)", "abs(up - side) / 2"),
        (truth_of_the_curves, "(up + side) / 2 - np.hypot", "(up + side) / 2 + np.hypot"),
        (truth_of_the_valleys, "inner < each", "inner <= each.max()"),
        (truth_of_the_picture, "middle + up * upwards", "middle + up * across"),
        (truth_of_the_picture, "(config.reach * landscapes", "(1.0 * landscapes"),
        (truth_of_the_depth, "residual=config.is_residual and not is_placebo", "residual=True"),
    ],
)
def test_a_wrong_version_does_not(truth, old, new):
    with pytest.raises(AssertionError):
        truth(wrong("loss_surfaces", old, new))
