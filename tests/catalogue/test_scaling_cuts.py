"""A line through logarithms finds a power law; losses fall with examples, and with units up to the teacher's."""

import functools

import numpy as np
import pytest
from wrong import wrong

from axiom.catalogue import scaling_cuts as right
from axiom.kit import chance, data, models, samples


@functools.cache
def cell(cut="parameters", task="exact", *, teacher=8, steps=1_200, module=right, **changes):
    return module.run(module.Config(cut=cut, task=task, teacher=teacher, steps=steps, **changes), 5)


def truth_of_the_line(module):
    """It finds the exponent of a power law, explains all of it, and half of a law with as much else in it."""
    sizes = np.array([64, 256, 1_024, 4_096])
    exact = 3.0 * sizes**-0.7
    assert module.line(sizes, exact) == (pytest.approx(-0.7), pytest.approx(1.0))
    steps = np.log(sizes) - np.log(sizes).mean()
    other = np.array([1.0, -1.0, -1.0, 1.0])  # neither a constant nor a slope
    mixed = exact * np.exp(other * 0.7 * np.sqrt(np.mean(steps**2)))
    assert module.line(sizes, mixed) == (pytest.approx(-0.7), pytest.approx(0.5))


def truth_of_the_cuts(module):
    """More examples help, and more units as long as the teacher has more."""
    items, units = cell("items", module=module), cell(module=module)
    assert (len(items.loss_by_size), len(units.loss_by_size)) == (8, 7)
    assert items.loss_by_size[0] > 2 * items.loss_by_size[-1]
    assert units.loss_by_size[0] > 1.1 * units.loss_by_size[2]
    assert items.exponent < -0.1
    assert items.least_loss == min(items.loss_by_size)


def truth_of_the_noise(module):
    """Noise in training, and none in the test data, costs a network with many parameters something."""
    exact, noisy = cell(module=module), cell(task="noisy", module=module)
    assert noisy.loss_by_size[-1] > 1.2 * exact.loss_by_size[-1]
    assert noisy.loss_by_size[-1] < 0.125  # half the variance of the noise


def truth_of_the_width(module):
    """A student's units count, and those beside it do nothing: it learns what a network of its own size learns."""
    task = data.teacher(
        chance.stream(5, "data"), inputs=20, classes=5, train=right.MOST, test=right.TEST, hidden=8, activation="tanh"
    )
    start = models.mlp(chance.stream(5, "start"), (20, 2, 5), gain=1.0)
    rows = samples.orders(5, items=right.MOST, distinct=right.MOST, steps=120, shape=right.SHAPE)
    best, *_ = samples.stopped_early(start, task, rows, lr=0.3, batch=right.BATCH, objective=right.ENTROPY)
    assert cell(task="classes", steps=120, module=module).loss_by_size[0] == pytest.approx(best, rel=1e-4)
    assert module.parameters(2, 5) == sum(array.size for layer in start for array in layer)


TRUTHS = (truth_of_the_line, truth_of_the_cuts, truth_of_the_noise, truth_of_the_width)


@pytest.mark.parametrize("truth", TRUTHS)
def test_it_finds_what_is_known(truth):
    truth(right)


def test_of_labels_that_tell_nothing_nobody_learns_more():
    measured = cell(task="classes", steps=120, corrupted=0.8)
    assert min(measured.loss_by_size) > 0.95 * max(measured.loss_by_size)
    assert abs(measured.exponent) < 0.02


@pytest.mark.parametrize(
    ("truth", "old", "new"),
    [
        (truth_of_the_line, "1 - np.var(ys - height", "np.var(ys - height"),
        (truth_of_the_line, "xs, ys = np.log(sizes), np.log(found)", "xs, ys = np.log(sizes), 1 + found"),
        (truth_of_the_cuts, "items=sizes[number][0]", "items=MOST - sizes[number][0] // 64"),
        (truth_of_the_width, "(width + 1) * outputs", "width * outputs"),
        (truth_of_the_noise, "y[:MOST] + noise", "y[:MOST]"),
    ],
)
def test_a_wrong_version_does_not(truth, old, new):
    with pytest.raises(AssertionError):
        truth(wrong("scaling_cuts", old, new))
