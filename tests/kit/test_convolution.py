"""Convolution against known filters, JAX's own, and what a window that moves must do."""

import jax
import numpy as np
import pytest

from axiom.kit import chance, convolution, digits, losses, training
from axiom.kit.convolution import Convolution, convnet, convolved
from axiom.kit.models import Layer
from axiom.kit.optimizers import ADAMW, Rates

DIGITS = Convolution(side=8)


def draw(*shape, purpose="data"):
    return chance.stream(5, purpose).standard_normal(shape).astype(np.float32)


def filter_of(*window, bias=0.0):
    """A layer of one channel that looks through this window."""
    return Layer(weights=np.array(window, dtype=np.float64).reshape(-1, 1), biases=np.array([bias]))


def test_a_window_of_its_middle_alone_leaves_the_image():
    image = draw(2, 5, 5, 1)
    assert np.array_equal(convolved(filter_of(0, 0, 0, 0, 1, 0, 0, 0, 0), image, 3), image)


def test_the_laplacian_of_a_parabola_is_four_within():
    lines, pixels = np.mgrid[:6, :6]
    image = (lines**2 + pixels**2).astype(np.float64)[None, :, :, None]
    curved = convolved(filter_of(0, 1, 0, 1, -4, 1, 0, 1, 0), image, 3)
    assert curved[0, 1:-1, 1:-1, 0] == pytest.approx(4.0)
    assert curved[0, 0, 0, 0] == 2.0  # the corner sees 1 and 1, and zeros beyond the border


def test_a_window_of_ones_counts_whom_it_sees():
    seen = convolved(filter_of(*[1] * 9, bias=0.5), np.ones((1, 3, 3, 1)), 3)
    assert seen[0, :, :, 0].tolist() == [[4.5, 6.5, 4.5], [6.5, 9.5, 6.5], [4.5, 6.5, 4.5]]


@pytest.mark.parametrize("window", [1, 3, 5])
def test_it_is_the_convolution_of_jax(window):
    layer = Layer(weights=draw(window**2 * 2, 4, purpose="weights"), biases=draw(4, purpose="biases"))
    images = draw(3, 6, 6, 2)
    theirs = jax.lax.conv_general_dilated(
        images, layer.weights.reshape(window, window, 2, 4), (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC")
    )
    assert np.allclose(convolved(layer, images, window), theirs + layer.biases, atol=1e-4)


def test_an_image_that_moves_is_seen_moved():
    layer = Layer(weights=draw(9, 3, purpose="weights"), biases=draw(3, purpose="biases"))
    image = np.zeros((1, 9, 9, 1), np.float32)
    image[0, 3:5, 3:5, 0] = draw(2, 2)
    moved = np.roll(image, (2, 1), axis=(1, 2))
    assert np.allclose(np.roll(convolved(layer, image, 3), (2, 1), axis=(1, 2)), convolved(layer, moved, 3), atol=1e-6)


def test_an_image_is_halved_by_means_of_four():
    image = np.arange(16.0).reshape(1, 4, 4, 1)
    assert convolution.halved(image)[0, :, :, 0].tolist() == [[2.5, 4.5], [10.5, 12.5]]


def test_a_convnet_has_the_shapes_that_were_asked_for():
    net = convnet(chance.stream(5, "start"), side=8, channels=(1, 6, 12), classes=10)
    assert [layer.weights.shape for layer in net] == [(9, 6), (54, 12), (48, 10)]
    assert [part.shape for part in DIGITS.hidden(net, draw(7, 64))] == [(7, 4 * 4 * 6), (7, 2 * 2 * 12)]
    assert DIGITS.outputs(net, draw(7, 64)).shape == (7, 10)
    assert net[1].weights.var() == pytest.approx(2 / 54, rel=0.3)  # of 648 draws


@pytest.mark.parametrize(
    "sizes", [{"side": 6, "channels": (1, 4, 4)}, {"side": 8, "channels": (1,)}, {"side": 8, "window": 2}]
)
def test_an_image_that_cannot_pass_is_refused(sizes):
    with pytest.raises(ValueError, match="cannot pass"):
        convnet(chance.stream(5, "start"), **({"channels": (1, 4), "classes": 10} | sizes))


def test_numpy_and_jax_compute_the_same_network():
    net, x = convnet(chance.stream(5, "start"), side=8, channels=(1, 4, 8), classes=10), draw(7, 64)
    by_numpy, by_jax = DIGITS.outputs(net, x), jax.jit(DIGITS.outputs)(net, x)
    assert type(by_numpy) is np.ndarray
    assert np.allclose(by_numpy, by_jax, atol=1e-5)


def test_the_gradient_is_that_of_finite_differences():
    tanh = Convolution(side=8, activation="tanh")
    objective = losses.CrossEntropy(architecture=tanh)
    net, x = convnet(chance.stream(5, "start"), side=8, channels=(1, 4, 8), classes=10), draw(20, 64)
    y = (np.arange(20) % 10).astype(np.int32)
    slopes = jax.jit(jax.grad(objective))(net, x, y)
    wide = jax.tree.map(np.float64, net)
    for number, place in ((0, (4, 1)), (1, (20, 5)), (2, (3, 7))):
        ends = []
        for step in (1e-4, -1e-4):
            weights = wide[number].weights.copy()
            weights[place] += step
            moved = [*wide[:number], wide[number]._replace(weights=weights), *wide[number + 1 :]]
            ends.append(training.cross_entropy(tanh.outputs(tuple(moved), np.float64(x)), y))
        assert float(slopes[number].weights[place]) == pytest.approx((ends[0] - ends[1]) / 2e-4, rel=1e-3, abs=1e-6)


def test_it_learns_to_read_digits():
    task = digits.task(chance.stream(5, "data"), train=1_297, test=500)
    start = convnet(chance.stream(5, "start"), side=8, channels=(1, 8, 16), classes=10)
    *_, end = training.descend(
        start, task, chance.orders(5, items=1_297, epochs=12), optimizer=ADAMW, rates=Rates(lr=0.01), batch=50,
        objective=losses.CrossEntropy(architecture=DIGITS), every=12,
    )  # fmt: skip
    assert training.accuracy(end, task.x_test, task.y_test, DIGITS) > 0.92
    assert training.accuracy(start, task.x_test, task.y_test, DIGITS) < 0.3
    assert np.array_equal(training.answers(end, task.x_test, DIGITS), DIGITS.outputs(end, task.x_test).argmax(axis=1))
