import numpy as np
import pytest

from axiom.kit import chance, models
from axiom.kit.models import Layer


def net(*sizes, seed=5):
    return models.mlp(chance.stream(seed, "start"), sizes)


def test_a_net_has_the_shapes_that_were_asked_for():
    assert [(layer.weights.shape, layer.biases.shape) for layer in net(20, 8, 3)] == [((20, 8), (8,)), ((8, 3), (3,))]
    assert {array.dtype for layer in net(20, 8, 3) for array in layer} == {np.dtype(np.float32)}


@pytest.mark.parametrize(("fan_in", "fan_out"), [(20, 400), (400, 400), (400, 50)])
def test_he_start_has_variance_two_over_fan_in(fan_in, fan_out):
    (layer,) = net(fan_in, fan_out)
    draws = fan_in * fan_out
    spread = np.sqrt(2 / draws)  # relative standard error of a variance
    assert layer.weights.var() == pytest.approx(2 / fan_in, rel=5 * spread)
    assert not layer.biases.any()


def test_he_start_keeps_the_scale_of_a_signal_through_depth():
    x = chance.stream(5, "data").standard_normal((50, 100)).astype(np.float32)
    nets = [net(100, 100, 100, 100, 100, 2, seed=seed) for seed in range(40)]
    moments = np.array([[np.mean(a**2) for a in models.hidden(one, x)] for one in nets])
    # Nets this narrow differ by a quarter at depth 4, so the mean of forty has a standard error of 0.04.
    assert moments.mean(axis=0).tolist() == pytest.approx([1.0] * 4, rel=0.17)


def test_hidden_and_logits_are_what_is_computed_by_hand():
    two = (
        Layer(weights=np.array([[1.0, -1.0], [0.0, 2.0]]), biases=np.array([0.5, 0.0])),
        Layer(weights=np.array([[1.0], [3.0]]), biases=np.array([-1.0])),
    )
    x = np.array([[1.0, 1.0], [-2.0, 0.0]])
    (activations,) = models.hidden(two, x)
    assert activations.tolist() == [[1.5, 1.0], [0.0, 2.0]]
    assert models.logits(two, x).tolist() == [[3.5], [5.0]]


def test_a_net_without_hidden_layers_is_affine():
    (layer,) = single = net(4, 3)
    x = np.ones((2, 4), dtype=np.float32)
    assert models.hidden(single, x) == ()
    assert np.array_equal(models.logits(single, x), x @ layer.weights + layer.biases)


def test_a_compiled_program_computes_what_numpy_computes():
    import jax

    deep, x = net(20, 16, 16, 5), chance.stream(5, "data").standard_normal((7, 20)).astype(np.float32)
    assert np.allclose(jax.jit(models.logits)(deep, x), models.logits(deep, x), atol=1e-5)
