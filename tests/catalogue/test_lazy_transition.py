"""A sudden drop is found where one was put, and none on a parabola; parts of a training make a whole."""

import functools

import jax
import numpy as np
import pytest
from wrong import wrong

from axiom.catalogue import lazy_transition as right
from axiom.kit import chance, data, geometry, losses, models, optimizers, training

SEED = 5
SIZES = np.array(right.widths(512), dtype=float)


@functools.cache
def cell(widest=32, epochs=10, *, module=right, **changes):
    return module.run(module.Config(lr=0.05, widest=widest, epochs=epochs, **changes), SEED)


def truth_of_the_transition(module):
    """On a parabola no step drops beyond it and the steepest is the last; a drop that is put there is seen there."""
    xs = np.log(SIZES)
    smooth = np.exp(1.0 + 0.4 * xs - 0.15 * xs**2)
    jump, bend, steepest = module.transition(SIZES, smooth)
    assert (jump, bend, steepest) == (pytest.approx(0.0, abs=1e-9), pytest.approx(-0.15), 1.0)
    broken = smooth * np.where(np.arange(13) > 6, np.exp(-1.0), 1.0)
    jump, _, steepest = module.transition(SIZES, broken)
    assert jump > 0.6
    assert steepest == pytest.approx(6 / 11)


def truth_of_the_parts(module):
    """A width in parts is what it is as a whole, and its last checkpoint is its end."""
    task = data.teacher(chance.stream(SEED, "data"), inputs=20, classes=5, train=2_000, test=500)
    start = models.mlp(chance.stream(SEED, "start"), (20, 32, 32, 5))
    whole, _ = training.trained(
        start,
        task,
        chance.orders(SEED, items=2_000, epochs=10),
        rates=optimizers.Rates(lr=0.05),
        batch=64,
        watch=lambda _net: 0.0,
        every=10,
    )
    measured = cell(module=module)
    assert measured.movement_by_width[-1] == pytest.approx(geometry.movement(start, whole, layer=0), rel=1e-4)
    assert measured.accuracy_by_width[-1] == pytest.approx(training.accuracy(whole, task.x_test, task.y_test), abs=0.01)
    for name in ("movement", "entropy", "gradient", "dead", "similarity", "accuracy"):
        by_width = getattr(measured, f"{name}_by_width")
        ends = [getattr(measured, f"{name}_by_look_{which}")[-1] for which in ("narrow", "wide")]
        assert ends == [by_width[0], by_width[-1]]
    assert list(measured.movement_by_look_narrow) == sorted(measured.movement_by_look_narrow)
    assert len(measured.movement_by_width) == 5
    assert measured.movement_by_width[0] > measured.movement_by_width[-1]


def truth_of_the_entropy(module):
    """It is 1 where all wires weigh the same, and the log of as many as have all the weight over that of all."""
    layer = models.Layer(np.ones((4, 4), dtype=np.float32), np.zeros(4))
    assert module.weight_entropy((layer,)) == pytest.approx(1.0)
    some = layer._replace(weights=np.diag([1.0, -1.0, 1.0, -1.0]))
    assert module.weight_entropy((some,)) == pytest.approx(0.5)


def truth_of_the_gradient(module):
    """It is as long as the one that JAX finds."""
    task = data.teacher(chance.stream(SEED, "data"), inputs=20, classes=5, train=50, test=10)
    net = models.mlp(chance.stream(SEED, "net"), (20, 8, 8, 5))
    slopes = jax.tree.leaves(jax.grad(losses.CROSS_ENTROPY)(net, task.x_train, task.y_train))
    assert module.gradient(net, task) == pytest.approx(
        np.sqrt(sum(float((each**2).sum()) for each in slopes)), rel=1e-4
    )


TRUTHS = (truth_of_the_transition, truth_of_the_parts, truth_of_the_entropy, truth_of_the_gradient)


@pytest.mark.parametrize("truth", TRUTHS)
def test_it_finds_what_is_known(truth):
    truth(right)


def test_widths_are_the_old_ones_and_one_between_any_two():
    assert right.widths(512) == [8, 11, 16, 23, 32, 45, 64, 91, 128, 181, 256, 362, 512]


@pytest.mark.parametrize(
    ("truth", "old", "new"),
    [
        (truth_of_the_transition, "np.polyfit(xs, ys, 2)", "np.append(0.0, np.polyfit(xs, ys, 1))"),
        (truth_of_the_transition, "slopes.argmin() / (len(slopes) - 1)", "slopes.argmax() / (len(slopes) - 1)"),
        (truth_of_the_parts, "information.dressed(kept) if part else start", "start"),
        (truth_of_the_parts, "            orders[part],\n", "            orders[0],\n"),
        (truth_of_the_gradient, "* (np.asarray(below) > 0)", "* 1.0"),
        (truth_of_the_entropy, "np.abs(np.asarray(", "np.square(1 + np.asarray("),
    ],
)
def test_a_wrong_version_does_not(truth, old, new):
    with pytest.raises(AssertionError):
        truth(wrong("lazy_transition", old, new))
