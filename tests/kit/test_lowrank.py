"""Eckart & Young (1936): nothing of a rank is nearer than what the largest singular values leave."""

import jax
import numpy as np
import pytest

from axiom.kit import chance, data, losses, lowrank, models, training

ONES = np.ones((6, 6), dtype=np.float32)


def drawn():
    net = models.mlp(chance.stream(1, "net"), (4, 6, 6, 3))
    x = chance.stream(1, "x").standard_normal((30, 4)).astype(np.float32)
    return net, x, chance.stream(1, "y").integers(0, 3, 30).astype(np.int32)


def test_factors_are_the_nearest_matrix_of_their_rank():
    net, x, _ = drawn()
    whole = lowrank.middle(net)
    sizes = np.linalg.svd(whole, compute_uv=False)
    for rank in (1, 3, 6):
        factors = lowrank.factored(net, rank=rank)
        assert factors[1].weights.shape == (6, rank)
        product = lowrank.middle(lowrank.composed(factors, ONES))
        assert np.linalg.norm(whole - product) == pytest.approx(np.sqrt((sizes[rank:] ** 2).sum()), abs=1e-5)
        one, other = factors[1].weights, factors[2].weights
        assert one.T @ one == pytest.approx(other @ other.T, abs=1e-5)
    same = models.logits(lowrank.composed(factors, ONES), x)
    assert same == pytest.approx(models.logits(net, x), abs=1e-4)


def test_gaps_stay_gaps_and_have_no_slope():
    net, x, y = drawn()
    stays = (chance.stream(2, "stays").random((6, 6)) < 0.5).astype(np.float32)
    gapped = lowrank.composed(net, stays)
    assert np.array_equal(lowrank.middle(gapped), stays * lowrank.middle(net))
    slope = jax.jit(jax.grad(lowrank.Composed(loss="cross_entropy")))(net, x, y, stays)
    assert not np.asarray(slope[1].weights)[stays == 0].any()
    assert np.asarray(slope[1].weights)[stays == 1].any()


@pytest.mark.parametrize("loss", ["cross_entropy", "squared_error"])
def test_the_loss_is_that_of_the_plain_network(loss):
    net, x, y = drawn()
    plain = losses.CrossEntropy() if loss == "cross_entropy" else losses.SquaredError()
    composed = lowrank.Composed(loss=loss)
    assert float(composed(net, x, y, ONES)) == pytest.approx(float(plain(net, x, y)))
    assert float(composed(lowrank.factored(net, rank=6), x, y, ONES)) == pytest.approx(
        float(plain(net, x, y)), rel=1e-4
    )


def test_other_weights_stand_in_the_middle():
    net, _, _ = drawn()
    other = lowrank.instead(net, 2 * lowrank.middle(net))
    assert np.array_equal(other[1].weights, 2 * net[1].weights)
    assert all(other[n] is net[n] for n in (0, 2))


def test_what_is_learned_keeps_its_gaps_or_its_rank():
    task = data.clusters(chance.stream(3, "task"), inputs=4, classes=3, train=60, test=50, separation=2.0)
    orders, options = (
        chance.orders(3, items=60, epochs=20),
        {"loss": "cross_entropy", "lr": 0.1, "batch": 10, "every": 5},
    )
    net, _, _ = drawn()
    stays = (chance.stream(2, "stays").random((6, 6)) < 0.5).astype(float)
    gapped, seen = lowrank.learned(net, stays, task, orders, **options)
    assert np.array_equal(lowrank.middle(gapped) != 0, stays == 1)
    assert not np.allclose(lowrank.middle(gapped), stays * lowrank.middle(net))
    assert len(seen) == 4
    assert seen[-1] == training.accuracy(gapped, task.x_test, task.y_test) > 0.8
    thin, _ = lowrank.learned(lowrank.factored(net, rank=2), np.ones((6, 6)), task, orders, **options)
    assert np.linalg.matrix_rank(lowrank.middle(thin), tol=1e-4) == 2
    plain, seen = lowrank.learned(net, np.ones((6, 6)), task, orders, **options)
    end = list(training.sgd(net, task, orders, lr=0.1, batch=10))[-1]
    assert lowrank.middle(plain) == pytest.approx(lowrank.middle(end), abs=1e-5)
