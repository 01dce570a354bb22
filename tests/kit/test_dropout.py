import jax
import numpy as np
import pytest

from axiom.kit import chance, data, dropout, losses, models, training
from axiom.kit.optimizers import Rates


def task(items=30):
    rng = np.random.default_rng(3)
    x, y = rng.standard_normal((items, 4)).astype(np.float32), rng.integers(0, 3, size=items).astype(np.int32)
    return data.LearningTask(x_train=x, y_train=y, x_test=x, y_test=y)


def first_answer(outputs, y):
    return losses.softmax_loss(outputs, y[:, 0])


OBJECTIVE = dropout.Dropout(loss=first_answer)


def of(rate, widths=(4, 8)):
    return tuple(
        dropout.patterns(chance.stream(1, f"{place}"), width=width, rate=rate) for place, width in enumerate(widths)
    )


def test_patterns_silence_their_share_and_leave_the_mean_as_it_was():
    quarter, half = (dropout.patterns(np.random.default_rng(4), width=64, rate=rate) for rate in (0.25, 0.5))
    assert np.mean(quarter == 0) == pytest.approx(0.25, abs=0.01)
    assert quarter.mean() == pytest.approx(1.0, abs=0.02)
    assert set(np.unique(half)) == {0.0, 2.0}
    assert (half[quarter == 0] == 0).all()
    assert (dropout.patterns(np.random.default_rng(4), width=8, rate=0.0) == 1).all()
    with pytest.raises(ValueError, match="leaves nothing"):
        dropout.patterns(np.random.default_rng(4), width=8, rate=1.0)


def test_every_showing_has_a_row_and_patterns_of_its_own():
    plain, orders = task(), chance.orders(2, items=30, epochs=3)
    rows, order = dropout.shown(chance.stream(2, "patterns"), plain, orders, layers=2)
    assert (rows.x_train[order] == plain.x_train[orders]).all()
    assert (rows.y_train[order][:, :, 0] == plain.y_train[orders]).all()
    assert sorted(order.ravel().tolist()) == list(range(90))
    numbers = rows.y_train[:, 1:]
    assert numbers.shape == (90, 2)
    assert (numbers.min() >= 0) & (numbers.max() < dropout.PATTERNS)
    assert len(np.unique(numbers)) > 150  # of 180 draws from 1,024, 165 differ on average
    with pytest.raises(ValueError, match="every row once"):
        dropout.shown(chance.stream(2, "patterns"), plain, orders[:, :20], layers=2)


def test_outputs_by_hand():
    net, x = models.mlp(np.random.default_rng(5), (4, 8, 3)), task().x_train
    numbers = np.random.default_rng(6).integers(0, dropout.PATTERNS, (30, 2))
    inputs, hidden = of(0.4)
    below = (x * inputs[numbers[:, 0]]) @ net[0].weights + net[0].biases
    by_hand = (np.maximum(below, 0) * hidden[numbers[:, 1]]) @ net[1].weights + net[1].biases
    assert np.asarray(dropout.outputs(net, x, numbers, (inputs, hidden))) == pytest.approx(by_hand, abs=1e-5)


def test_who_is_silent_gets_no_gradient():
    net, x = models.mlp(np.random.default_rng(5), (4, 8, 3)), task().x_train
    inputs, hidden = of(0.0)
    hidden = np.array(hidden)
    hidden[:, 2] = 0
    y = np.zeros((30, 3), dtype=np.int32)
    slope = jax.jit(jax.grad(OBJECTIVE))(net, x, y, inputs, hidden)
    lengths = np.linalg.norm(np.asarray(slope[0].weights), axis=0)
    assert lengths[2] == 0
    assert np.count_nonzero(lengths) == 7
    assert not np.asarray(slope[1].weights)[2].any()


def test_at_a_rate_of_nothing_it_is_plain_descent():
    plain, orders = task(), chance.orders(2, items=30, epochs=3)
    start = models.mlp(np.random.default_rng(5), (4, 8, 3))
    rows, order = dropout.shown(chance.stream(2, "patterns"), plain, orders, layers=2)
    common = {"rates": Rates(lr=0.1), "batch": 10, "watch": lambda _: 0}
    silent, _ = training.trained(start, rows, order, objective=OBJECTIVE, context=of(0.0), **common)
    without, _ = training.trained(start, plain, orders, **common)
    for one, other in zip(jax.tree.leaves(silent), jax.tree.leaves(without), strict=True):
        assert one == pytest.approx(other, abs=1e-5)
