import jax
import numpy as np
import pytest

from axiom.kit import chance, data, descent, losses, models, samples, training
from axiom.kit.optimizers import Rates

TASK = data.teacher(chance.stream(5, "data"), inputs=6, classes=3, train=40, test=20)
SQUARE = losses.SquaredError()


def start(*sizes):
    return models.mlp(chance.stream(5, "start"), sizes or (6, 7, 3))


@pytest.mark.parametrize(("items", "steps", "rows"), [(40, 10, 3), (7, 12, 3), (16, 1, 1), (1_000, 8, 2)])
def test_every_item_of_a_sample_comes_once_before_one_comes_again(items, steps, rows):
    orders = samples.orders(5, items=items, distinct=items, steps=steps, shape=(4, 8))
    assert (orders.shape, orders.dtype) == ((rows, 32), np.int32)
    times = np.bincount(orders.ravel(), minlength=items)
    assert times.max() - times.min() <= 1
    assert len(times) == items


def test_items_beyond_the_distinct_ones_stand_for_these_equally_often():
    orders = samples.orders(5, items=16, distinct=4, steps=4, shape=(1, 4))
    assert np.bincount(orders.ravel()).tolist() == [4, 4, 4, 4]


def test_more_steps_leave_the_first_ones_as_they_were():
    few, many = (samples.orders(5, items=10, distinct=10, steps=steps, shape=(2, 4)) for steps in (4, 40))
    assert (many[: len(few)] == few).all()


def stopped(steps):
    rows = samples.orders(5, items=40, distinct=40, steps=steps, shape=(10, 8))
    return rows, samples.stopped_early(start(), TASK, rows, lr=0.3, batch=8, objective=losses.CROSS_ENTROPY)


def test_stopping_early_chooses_by_one_half_and_tells_of_the_other():
    rows, (best, last, look) = stopped(300)
    _, nets = training.trained(
        start(), TASK, rows, rates=Rates(lr=0.3), batch=8, watch=lambda net: [list(layer) for layer in net]
    )

    def loss(net, half):
        layers = tuple(models.Layer(*layer) for layer in net)
        return float(losses.CROSS_ENTROPY(layers, TASK.x_test[half], TASK.y_test[half]))

    chosen = min(range(len(nets)), key=lambda number: loss(nets[number], slice(10)))
    assert look == chosen < len(rows) - 1
    assert best == pytest.approx(loss(nets[chosen], slice(10, None)), rel=1e-5)
    assert last == pytest.approx(loss(nets[-1], slice(10, None)), rel=1e-5)


def test_each_of_two_students_learns_as_if_it_were_alone():
    rng = np.random.default_rng(5)
    net, x = start(6, 7, 1), rng.standard_normal((2, 30, 6)).astype(np.float32)
    y = rng.standard_normal((2, 30, 1)).astype(np.float32)
    pair = samples.two_students(net, x, y, objective=SQUARE, lr=0.1, steps=120)
    for student, rows, targets in zip(pair, x, y, strict=True):
        alone, _ = descent.descended(
            net, rows, targets, objective=SQUARE, rates=Rates(lr=0.1), steps=120, every=60, watch=lambda _, loss: loss
        )
        for one, other in zip(jax.tree.leaves(student), jax.tree.leaves(alone), strict=True):
            assert one == pytest.approx(other, rel=1e-4, abs=1e-6)


def test_what_both_lose_is_the_sum():
    x, y = TASK.x_train.reshape(2, 20, 6), TASK.y_train.reshape(2, 20)
    both = samples.Both(objective=losses.CROSS_ENTROPY)(2 * (start(),), x, y)
    assert float(both) == pytest.approx(2 * float(losses.CROSS_ENTROPY(start(), TASK.x_train, TASK.y_train)), rel=1e-6)
