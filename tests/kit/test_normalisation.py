"""Normalisation against JAX's own and its invariances; what is folded into a plain network says the same."""

import jax
import numpy as np
import pytest

from axiom.kit import chance, digits, losses, models, normalisation, training
from axiom.kit.models import Layer
from axiom.kit.normalisation import Normalised, batch_norm, layer_norm, normalised_mlp
from axiom.kit.optimizers import SGD, Rates

LAYER, BATCH = Normalised(norm="layer"), Normalised(norm="batch")
both = pytest.mark.parametrize("function", [LAYER, BATCH], ids=["layer", "batch"])


def draw(*shape, purpose="data"):
    return chance.stream(5, purpose).standard_normal(shape).astype(np.float32)


def plain(size):
    return Layer(weights=np.ones(size, np.float32), biases=np.zeros(size, np.float32))


def start():
    return normalised_mlp(chance.stream(5, "start"), (6, 8, 8, 3))


@pytest.mark.parametrize(("norm", "axis"), [(layer_norm, -1), (batch_norm, 0)])
def test_it_standardises_as_jax_does(norm, axis):
    x = 3 * draw(40, 7) + 2
    assert np.allclose(norm(plain(7), x), jax.nn.standardize(x, axis=axis, epsilon=1e-5), atol=1e-5)
    assert np.allclose(norm(plain(7), x).mean(axis=axis), 0, atol=1e-6)
    assert np.allclose(norm(plain(7), x).var(axis=axis), 1, atol=1e-4)


def test_of_two_numbers_it_leaves_the_order():
    assert layer_norm(plain(2), np.array([[3.0, 7.0], [1.0, -4.0]])).tolist() == [
        pytest.approx([-1, 1], abs=1e-5),
        pytest.approx([1, -1], abs=1e-5),
    ]


def test_gains_scale_and_shift_what_is_standard():
    x, gains = draw(40, 3), Layer(weights=np.array([2.0, 1.0, 0.5]), biases=np.array([1.0, 0.0, -1.0]))
    assert np.allclose(batch_norm(gains, x).mean(axis=0), [1, 0, -1], atol=1e-6)
    assert np.allclose(batch_norm(gains, x).std(axis=0), [2, 1, 0.5], atol=1e-4)


def test_channels_of_images_are_normalised_over_all_pixels():
    images = 2 * draw(5, 4, 4, 3) + np.array([0.0, 10.0, -10.0])
    seen = batch_norm(plain(3), images)
    assert np.allclose(seen.mean(axis=(0, 1, 2)), 0, atol=1e-6)
    assert np.allclose(seen, batch_norm(plain(3), images.reshape(-1, 3)).reshape(images.shape))


def test_what_does_not_vary_is_nothing_and_no_fault():
    assert not layer_norm(plain(4), np.full((2, 4), 5.0)).any()


def scaled(net, factor):
    return (net[0]._replace(weights=factor * net[0].weights), *net[1:])


@both
def test_the_scale_of_weights_does_not_matter(function):
    x = draw(30, 6)
    assert np.allclose(function.outputs(scaled(start(), 10), x), function.outputs(start(), x), atol=2e-4)


@both
def test_so_the_slope_is_orthogonal_to_the_weights(function):
    """As of each function that no scale changes (van Laarhoven 2017, arXiv:1706.05350)."""
    x, y = draw(30, 6), (np.arange(30) % 3).astype(np.int32)
    slopes = jax.jit(jax.grad(losses.CrossEntropy(architecture=function)))(scaled(start(), 30), x, y)
    weights, slope = start()[0].weights, np.asarray(slopes[0].weights)
    cosine = np.vdot(weights, slope) / np.linalg.norm(weights) / np.linalg.norm(slope)
    assert abs(cosine) < 1e-3
    assert np.abs(slope).max() > 1e-5


@both
def test_numpy_and_jax_compute_the_same_network(function):
    x = draw(30, 6)
    assert type(function.outputs(start(), x)) is np.ndarray
    assert np.allclose(function.outputs(start(), x), jax.jit(function.outputs)(start(), x), atol=1e-4)


def test_a_row_of_layer_norm_does_not_depend_on_the_others():
    x = draw(30, 6)
    assert np.allclose(LAYER.outputs(start(), x)[:4], LAYER.outputs(start(), x[:4]), atol=1e-6)
    assert not np.allclose(BATCH.outputs(start(), x)[:4], BATCH.outputs(start(), x[:4]), atol=1e-2)


def test_a_folded_network_says_of_its_rows_what_batch_norm_says():
    net = [part._replace(biases=part.biases + draw(*part.biases.shape, purpose="biases")) for part in start()]
    x = 2 * draw(30, 6) + 1
    folded = BATCH.folded(tuple(net), x)
    assert [layer.weights.shape for layer in folded] == [(6, 8), (8, 8), (8, 3)]
    assert np.allclose(models.logits(folded, x), BATCH.outputs(tuple(net), x), atol=1e-4)
    assert np.allclose(models.logits(folded, x[:4]), BATCH.outputs(tuple(net), x)[:4], atol=1e-4)
    with pytest.raises(ValueError, match="layer norm depends on the row"):
        LAYER.folded(tuple(net), x)


@both
def test_it_learns_to_read_digits(function):
    task = digits.task(chance.stream(5, "data"), train=1_297, test=500)
    *_, end = training.descend(
        normalised_mlp(chance.stream(5, "start"), (64, 32, 32, 10)), task, chance.orders(5, items=1_297, epochs=10),
        optimizer=SGD, rates=Rates(lr=0.1), batch=50, objective=losses.CrossEntropy(architecture=function), every=10,
    )  # fmt: skip
    right = (
        training.accuracy(function.folded(end, task.x_train), task.x_test, task.y_test)
        if function is BATCH
        else training.accuracy(end, task.x_test, task.y_test, function)
    )
    assert right > 0.92


def test_an_image_that_was_convolved_can_be_normalised():
    """The parts fit each other: one layer of a network of the reader's own."""
    from axiom.kit.convolution import convnet, convolved

    (layer, _), images = convnet(chance.stream(5, "start"), side=8, channels=(1, 4), classes=10), draw(6, 8, 8, 1)
    seen = normalisation.batch_norm(plain(4), convolved(layer, images, 3))
    assert np.allclose(seen.std(axis=(0, 1, 2)), 1, atol=1e-3)
