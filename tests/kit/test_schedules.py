"""Schedules by their formulas, and a training that follows one step by step."""

import numpy as np
import pytest

from axiom.kit import descent, models, schedules, training
from axiom.kit.data import LearningTask
from axiom.kit.losses import SquaredError
from axiom.kit.models import Layer
from axiom.kit.optimizers import ADAMW, SGD, Rates


def test_a_cosine_passes_the_known_places():
    rates = schedules.cosine(0.2, steps=12)
    assert rates[[0, 4, 6, 8]].tolist() == pytest.approx([0.2, 0.15, 0.1, 0.05])
    assert rates[-1] == pytest.approx(0.1 * (1 - np.cos(np.pi / 12)), rel=1e-5)
    assert schedules.cosine(0.2, steps=1_000, end=0.05)[[0, 500]].tolist() == pytest.approx([0.2, 0.125])


def test_stairs_go_down_after_as_many_steps():
    rates = schedules.stairs(1.0, steps=6, after=(4, 2))
    assert rates.tolist() == pytest.approx([1, 1, 0.1, 0.1, 0.01, 0.01])
    assert schedules.stairs(0.4, steps=3, after=(1,), factor=0.5).tolist() == pytest.approx([0.4, 0.2, 0.2])


def test_a_warm_up_grows_in_proportion_and_leaves_the_rest():
    rates = schedules.warmed_up(schedules.constant(0.8, steps=6), steps=4)
    assert rates.tolist() == pytest.approx([0.2, 0.4, 0.6, 0.8, 0.8, 0.8])
    cosine = schedules.cosine(0.1, steps=9)
    assert schedules.warmed_up(cosine, steps=3)[2:].tolist() == cosine[2:].tolist()
    assert schedules.warmed_up(cosine, steps=0).tolist() == cosine.tolist()


ONE = Layer(weights=np.ones((1, 1), np.float32), biases=np.zeros(1, np.float32))
X, Y = np.ones((2, 1), np.float32), np.zeros((2, 1), np.float32)
LOSS = SquaredError(architecture=models.Architecture())


def test_plain_descent_takes_the_rate_of_each_step():
    """Weight and bias of one affine map to zero: their sum shrinks by 1 - 2 lr at each step."""
    rates = schedules.stairs(0.3, steps=6, after=(2, 5), factor=0.5)
    _, sums = descent.descended(
        (ONE,), X, Y, objective=LOSS, rates=Rates(lr=rates), steps=6, every=1,
        watch=lambda net, _loss: float((net[0].weights + net[0].biases).item()),
    )  # fmt: skip
    assert sums == pytest.approx(np.cumprod(1 - 2 * rates).tolist(), rel=1e-5)


def test_small_batches_take_the_rate_of_each_step_across_epochs():
    task = LearningTask(x_train=X, y_train=Y, x_test=X, y_test=Y)
    rates = schedules.warmed_up(schedules.cosine(0.2, steps=6), steps=3)
    orders = np.tile(np.arange(2, dtype=np.int32), (3, 1))
    nets = training.descend((ONE,), task, orders, optimizer=SGD, rates=Rates(lr=rates), batch=1, objective=LOSS)
    sums = [float((net[0].weights + net[0].biases).item()) for net in nets]
    assert sums == pytest.approx(np.cumprod(1 - 2 * rates)[1::2].tolist(), rel=1e-5)


def test_a_constant_schedule_is_the_rate_itself():
    found = [
        descent.descended(
            (ONE,), X, Y, objective=LOSS, optimizer=ADAMW, rates=Rates(lr=lr, weight_decay=0.1), steps=5, every=5,
            watch=lambda _net, loss: loss,
        )[0][0].weights
        for lr in (0.1, schedules.constant(0.1, steps=5))
    ]  # fmt: skip
    assert np.array_equal(*found)


def test_a_schedule_that_ends_too_soon_is_refused():
    task = LearningTask(x_train=X, y_train=Y, x_test=X, y_test=Y)
    short = Rates(lr=schedules.constant(0.1, steps=3))
    with pytest.raises(ValueError, match="3 rates is over before 4 steps"):
        descent.descended((ONE,), X, Y, objective=LOSS, rates=short, steps=4, every=4, watch=lambda _, loss: loss)
    with pytest.raises(ValueError, match="3 rates is over before 4 steps"):
        next(training.descend((ONE,), task, np.zeros((2, 2), np.int32), optimizer=SGD, rates=short, batch=1))
