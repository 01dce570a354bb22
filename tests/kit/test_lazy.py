"""Chizat et al. (2019): alpha times the outputs, over its square."""

import jax
import numpy as np
import pytest

from axiom.kit import chance, lazy, losses, models

PLAIN = {"cross_entropy": losses.CrossEntropy(), "squared_error": losses.SquaredError()}


def drawn():
    net = models.mlp(chance.stream(1, "net"), (4, 6, 6, 5))
    x = chance.stream(1, "x").standard_normal((30, 4)).astype(np.float32)
    return net, x, chance.stream(1, "y").integers(0, 5, 30).astype(np.int32)


@pytest.mark.parametrize("loss", PLAIN)
def test_it_is_the_loss_of_a_louder_last_layer_over_the_square(loss):
    net, x, y = drawn()
    louder = (*net[:2], models.Layer(3 * net[2].weights, 3 * net[2].biases))
    found = float(lazy.Scaled(loss=loss)(net, x, y, np.float32(3.0)))
    assert found == pytest.approx(float(PLAIN[loss](louder, x, y)) / 9, rel=1e-5)
    assert float(lazy.Scaled(loss=loss)(net, x, y, np.float32(1.0))) == pytest.approx(float(PLAIN[loss](net, x, y)))


def test_outputs_learn_as_fast_and_units_more_slowly_by_one_over_alpha():
    """One step from outputs of 0, of a network that says nothing: the change of alpha times the outputs."""
    net, x, y = drawn()
    still = (*net[:2], models.Layer(0 * net[2].weights, net[2].biases))
    louder, slope_of = [], jax.jit(jax.grad(lazy.Scaled(loss="squared_error")))
    for alpha in (1.0, 50.0):
        slope = slope_of(still, x, y, np.float32(alpha))
        after = jax.tree.map(lambda one, its: one - 0.1 * its, still, slope)
        louder.append(alpha * np.asarray(models.logits(after, x)))
        again = slope_of(after, x, y, np.float32(alpha))
        louder.append(alpha**2 * np.asarray(again[0].weights))
    assert louder[0] == pytest.approx(louder[2], rel=1e-3, abs=1e-5)
    assert louder[1] == pytest.approx(louder[3], rel=1e-3, abs=1e-5)
