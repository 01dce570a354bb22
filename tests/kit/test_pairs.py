import jax
import numpy as np
import pytest

from axiom.kit import chance, data, losses, models, optimizers, pairs, training

TASK = data.clusters(chance.stream(5, "data"), inputs=6, classes=3, train=40, test=10)
ONE, OTHER = (models.mlp(chance.stream(5, purpose), (6, 7, 3)) for purpose in ("one", "other"))


def test_halves_are_the_two_networks():
    assert pairs.halves(ONE + OTHER) == (ONE, OTHER)


def test_the_losses_add_up():
    rows = TASK.x_train, TASK.y_train
    expected = float(losses.CROSS_ENTROPY(ONE, *rows)) + float(losses.CROSS_ENTROPY(OTHER, *rows))
    assert float(pairs.cross_entropies(ONE + OTHER, *rows)) == pytest.approx(expected, rel=1e-6)


def test_two_networks_side_by_side_learn_as_each_alone():
    orders, rates = chance.orders(5, items=40, epochs=5), optimizers.Rates(lr=0.1)

    def learned(start, objective):
        steps = training.descend(
            start, TASK, orders, optimizer=optimizers.SGD, rates=rates, batch=8, objective=objective
        )
        return list(steps)[-1]

    together = pairs.halves(learned(ONE + OTHER, pairs.cross_entropies))
    for start, beside in zip((ONE, OTHER), together, strict=True):
        alone = learned(start, losses.CROSS_ENTROPY)
        for layer, again in zip(jax.tree.leaves(alone), jax.tree.leaves(beside), strict=True):
            assert np.allclose(layer, again, atol=1e-5)
