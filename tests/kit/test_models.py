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


def derivative(activation, x, step=1e-6):
    above, below = (np.float64(models.ACTIVATIONS[activation](np, np.array([x + d]))[0]) for d in (step, -step))
    return (above - below) / (2 * step)


@pytest.mark.parametrize(
    ("activation", "at", "value", "slope"),
    [
        ("relu", 2.0, 2.0, 1.0),
        ("relu", -2.0, 0.0, 0.0),
        ("leaky_relu", -2.0, -0.02, 0.01),
        ("leaky_relu", 3.0, 3.0, 1.0),
        ("elu", -1.0, np.exp(-1) - 1, np.exp(-1)),
        ("elu", 0.5, 0.5, 1.0),
        ("gelu", 1.0, 0.8413, 1.0833),  # x times the normal distribution, to the approximation's 0.001
        ("softplus", 0.0, np.log(2), 0.5),
        ("sigmoid", 0.0, 0.5, 0.25),
        ("tanh", 0.3, np.tanh(0.3), 1 - np.tanh(0.3) ** 2),
        ("swish", 1.0, 1 / (1 + np.exp(-1)), 0.9277),
        ("square", 3.0, 9.0, 6.0),
        ("linear", -3.0, -3.0, 1.0),
    ],
)
def test_an_activation_has_the_value_and_the_slope_of_its_formula(activation, at, value, slope):
    assert models.ACTIVATIONS[activation](np, np.array([at]))[0] == pytest.approx(value, abs=2e-3)
    assert derivative(activation, at) == pytest.approx(slope, abs=2e-3)


@pytest.mark.parametrize("activation", models.ACTIVATIONS)
def test_numpy_and_jax_compute_the_same_network(activation):
    import jax

    architecture = models.Architecture(activation=activation)
    x = chance.stream(5, "data").standard_normal((7, 20)).astype(np.float32)
    by_numpy = architecture.outputs(net(20, 8, 3), x)
    by_jax = jax.jit(architecture.outputs)(net(20, 8, 3), x)
    assert type(by_numpy) is np.ndarray
    assert np.allclose(by_numpy, by_jax, atol=1e-5)


def test_an_architecture_that_is_equal_is_the_same_program():
    first, second = models.Architecture(activation="tanh"), models.Architecture(activation="tanh")
    assert (first, hash(first)) == (second, hash(second))
    assert first != models.Architecture(activation="tanh", ntk=True)


def test_in_ntk_parametrisation_a_layer_divides_by_the_root_of_its_fan_in():
    (layer,) = made = models.ntk(chance.stream(5, "start"), (64, 3))
    x = chance.stream(5, "data").standard_normal((4, 64)).astype(np.float32)
    assert np.allclose(models.Architecture(ntk=True).outputs(made, x), x @ layer.weights / 8, atol=1e-5)


@pytest.mark.parametrize("width", [64, 1024])
def test_an_ntk_start_is_a_function_of_the_same_size_at_every_width(width):
    x = chance.stream(5, "data").standard_normal((50, 30)).astype(np.float32)
    nets = [models.ntk(chance.stream(seed, "start"), (30, width, width, 4)) for seed in range(12)]
    size = np.mean([np.mean(models.Architecture(ntk=True).outputs(each, x) ** 2) for each in nets])
    assert size == pytest.approx(1.0, rel=0.35)  # of 12 nets with 4 outputs each
    assert nets[0][0].weights.std() == pytest.approx(np.sqrt(2), rel=0.05)
    assert nets[0][-1].weights.std() == pytest.approx(1.0, rel=0.15)


def test_a_residual_layer_adds_what_it_received_where_the_widths_agree():
    layers, x = net(6, 5, 5, 2), chance.stream(5, "data").standard_normal((3, 6)).astype(np.float32)
    plain, residual = (models.Architecture(residual=is_so).hidden(layers, x) for is_so in (False, True))
    assert np.array_equal(plain[0], residual[0])
    assert np.allclose(residual[1], plain[1] + plain[0])


def test_another_gain_scales_the_start():
    he, lecun = (models.mlp(chance.stream(5, "start"), (20, 8, 3), gain=gain) for gain in (2.0, 1.0))
    assert np.allclose(he[0].weights, lecun[0].weights * np.sqrt(2))
