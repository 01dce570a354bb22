import numpy as np
import pytest

from axiom.kit import chance, data, losses, masked, models, pruning
from axiom.kit.optimizers import Rates


def drawn():
    start = models.mlp(chance.stream(3, "start"), (6, 10, 4))
    task = data.clusters(chance.stream(3, "data"), inputs=6, classes=4, train=100, test=50, separation=2.0)
    return start, pruning.magnitude(start, keep=0.4), task


def test_the_loss_is_that_of_the_pruned_network():
    start, mask, task = drawn()
    x, y = task.x_train, task.y_train
    found = float(masked.loss_of_what_stays(start, x, y, mask))
    assert found == pytest.approx(float(losses.CROSS_ENTROPY(pruning.pruned(start, mask), x, y)))
    assert found != pytest.approx(float(losses.CROSS_ENTROPY(start, x, y)), rel=1e-3)


def test_what_is_gone_stays_gone_and_what_is_left_learns():
    start, mask, task = drawn()
    orders = chance.orders(3, items=100, epochs=10)
    end, seen = masked.learned(start, mask, task, orders, rates=Rates(lr=0.1), batch=10, every=5, watch=len)
    assert seen == [2, 2]
    for before, layer, stays in zip(start, end, mask, strict=True):
        assert not np.any(layer.weights[stays.weights == 0])
        moved = layer.weights != before.weights
        assert moved[stays.weights == 1].mean() > 0.7
    loss = [float(losses.CROSS_ENTROPY(net, task.x_train, task.y_train)) for net in (pruning.pruned(start, mask), end)]
    assert loss[1] < loss[0] / 2


def test_scattered_weights_are_as_many_in_each_layer_and_elsewhere():
    _, mask, _ = drawn()
    other = masked.scattered(np.random.default_rng(0), mask)
    for old, new in zip(mask, other, strict=True):
        assert new.weights.sum() == old.weights.sum()
        assert set(np.unique(new.weights)) == {0.0, 1.0}
        assert not np.array_equal(new.weights, old.weights)
        assert np.array_equal(new.biases, old.biases)
