"""Networks: their formulas by hand, those of JAX, and what no order, scale or window may change."""

import jax
import numpy as np
import pytest

from axiom.kit import (
    attention,
    chance,
    committee_machines,
    convolution,
    data,
    dropout,
    models,
)
from axiom.kit.attention import SelfAttention, attentive
from axiom.kit.convolution import Convolution, convnet, convolved
from axiom.kit.models import Layer
from axiom.kit.normalisation import Normalised, batch_norm, layer_norm, normalised_mlp


# Models.
def net(*sizes, seed=5):
    return models.mlp(chance.stream(seed, "start"), sizes)


def test_a_start_has_the_variance_of_he_and_layers_are_those_by_hand():
    for fan_in, fan_out in [(20, 400), (400, 400), (400, 50)]:
        (layer,) = net(fan_in, fan_out)
        draws = fan_in * fan_out
        spread = np.sqrt(2 / draws)  # relative standard error of a variance
        assert layer.weights.var() == pytest.approx(2 / fan_in, rel=5 * spread)
        assert not layer.biases.any()
    two = (
        Layer(weights=np.array([[1.0, -1.0], [0.0, 2.0]]), biases=np.array([0.5, 0.0])),
        Layer(weights=np.array([[1.0], [3.0]]), biases=np.array([-1.0])),
    )
    x = np.array([[1.0, 1.0], [-2.0, 0.0]])
    (activations,) = models.hidden(two, x)
    assert activations.tolist() == [[1.5, 1.0], [0.0, 2.0]]
    assert models.logits(two, x).tolist() == [[3.5], [5.0]]
    (layer,) = made = models.ntk(chance.stream(5, "start"), (64, 3))
    x = chance.stream(5, "data").standard_normal((4, 64)).astype(np.float32)
    assert np.allclose(models.Architecture(ntk=True).outputs(made, x), x @ layer.weights / 8, atol=1e-5)
    layers, x = net(6, 5, 5, 2), chance.stream(5, "data").standard_normal((3, 6)).astype(np.float32)
    plain, residual = (models.Architecture(residual=is_so).hidden(layers, x) for is_so in (False, True))
    assert np.array_equal(plain[0], residual[0])
    assert np.allclose(residual[1], plain[1] + plain[0])


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


# Attention against its formula, JAX's own, and what no order of tokens may change.
FOUR = SelfAttention(tokens=4)


def draw(*shape, purpose="data"):
    return chance.stream(5, purpose).standard_normal(shape).astype(np.float32)


def start(seed=5):
    return attentive(chance.stream(seed, "start"), tokens=4, size=3, width=8, classes=5)


def without(net, number, part="weights"):
    """The same network with zeros in the weights or the biases of one layer."""
    layers = list(net)
    layers[number] = layers[number]._replace(**{part: 0 * getattr(layers[number], part)})
    return tuple(layers)


def test_attention_is_that_of_jax_and_of_two_tokens_by_hand():
    queries, keys, values = (draw(2, 6, 8, purpose=name) for name in ("queries", "keys", "values"))
    heard = attention.shares(queries, keys) @ values
    theirs = jax.nn.dot_product_attention(*(part[:, :, None, :] for part in (queries, keys, values)))
    assert np.allclose(heard, theirs[:, :, 0, :], atol=1e-5)
    # A query of 3 against keys of 1 and 2, in one dimension: e^3 / (e^3 + e^6) of it for the first.
    among = attention.shares(np.array([[3.0]]), np.array([[1.0], [2.0]]))
    assert among.tolist() == [pytest.approx([1 / (1 + np.exp(3)), 1 / (1 + np.exp(-3))])]
    wide = attention.shares(np.array([[3.0, 0, 0, 0]]), np.array([[1.0, 0, 0, 0], [2.0, 0, 0, 0]]))
    assert wide[0, 0] == pytest.approx(1 / (1 + np.exp(1.5)))  # over the root of four dimensions
    # One number a token, and weights of 1: the first token, 0, heeds both alike, and the second mostly itself.
    one = Layer(weights=np.ones((1, 1)), biases=np.zeros(1))
    net, x = (one, one, one, one, one), np.array([[0.0, 2.0]])
    heeded = 2 / (1 + np.exp(-4))  # of the second: scores of 0 and 4
    assert SelfAttention(tokens=2).outputs(net, x).item() == pytest.approx(((0 + 1) + (2 + heeded)) / 2)


def test_without_places_order_says_nothing_and_without_values_each_speaks_for_itself():
    x = draw(7, 4, 3)
    turned = x[:, [2, 0, 3, 1]]
    net = without(start(), 0, "biases")
    assert np.allclose(FOUR.outputs(net, x.reshape(7, 12)), FOUR.outputs(net, turned.reshape(7, 12)), atol=1e-5)
    placed = [FOUR.outputs(start(), rows.reshape(7, 12)) for rows in (x, turned)]
    assert not np.allclose(*placed, atol=1e-2)
    net, x = without(without(start(), 3), 3, "biases"), draw(7, 12)
    embedded = x.reshape(7, 4, 3) @ net[0].weights + net[0].biases
    assert np.allclose(FOUR.hidden(net, x)[0], np.maximum(embedded, 0).mean(axis=1), atol=1e-6)


# Convolution against known filters, JAX's own, and what a window that moves must do.
DIGITS = Convolution(side=8)


def filter_of(*window, bias=0.0):
    """A layer of one channel that looks through this window."""
    return Layer(weights=np.array(window, dtype=np.float64).reshape(-1, 1), biases=np.array([bias]))


def test_convolution_is_that_of_jax_and_what_cannot_pass_is_refused():
    for window in [1, 3]:
        layer = Layer(weights=draw(window**2 * 2, 4, purpose="weights"), biases=draw(4, purpose="biases"))
        images = draw(3, 6, 6, 2)
        theirs = jax.lax.conv_general_dilated(
            images,
            layer.weights.reshape(window, window, 2, 4),
            (1, 1),
            "SAME",
            dimension_numbers=("NHWC", "HWIO", "NHWC"),
        )
        assert np.allclose(convolved(layer, images, window), theirs + layer.biases, atol=1e-4)
    lines, pixels = np.mgrid[:6, :6]
    image = (lines**2 + pixels**2).astype(np.float64)[None, :, :, None]
    curved = convolved(filter_of(0, 1, 0, 1, -4, 1, 0, 1, 0), image, 3)
    assert curved[0, 1:-1, 1:-1, 0] == pytest.approx(4.0)
    assert curved[0, 0, 0, 0] == 2.0  # the corner sees 1 and 1, and zeros beyond the border
    image = np.arange(16.0).reshape(1, 4, 4, 1)
    assert convolution.halved(image)[0, :, :, 0].tolist() == [[2.5, 4.5], [10.5, 12.5]]
    for sizes in [{"side": 6, "channels": (1, 4, 4)}, {"side": 8, "channels": (1,)}, {"side": 8, "window": 2}]:
        with pytest.raises(ValueError, match="pass"):
            convnet(chance.stream(5, "start"), **({"channels": (1, 4), "classes": 10} | sizes))


# Normalisation against JAX's own and its invariances; what is folded into a plain network says the same.
LAYER, BATCH = Normalised(norm="layer"), Normalised(norm="batch")
both = pytest.mark.parametrize("function", [LAYER, BATCH], ids=["layer", "batch"])


def plain(size):
    return Layer(weights=np.ones(size, np.float32), biases=np.zeros(size, np.float32))


def standardised():
    return normalised_mlp(chance.stream(5, "start"), (6, 8, 8, 3))


def test_normalisation_is_that_of_jax_and_each_row_of_a_layer_stands_alone():
    for norm, axis in [(layer_norm, -1), (batch_norm, 0)]:
        x = 3 * draw(40, 7) + 2
        assert np.allclose(norm(plain(7), x), jax.nn.standardize(x, axis=axis, epsilon=1e-5), atol=1e-5)
        assert np.allclose(norm(plain(7), x).mean(axis=axis), 0, atol=1e-6)
        assert np.allclose(norm(plain(7), x).var(axis=axis), 1, atol=1e-4)
    x = draw(30, 6)
    assert np.allclose(LAYER.outputs(standardised(), x)[:4], LAYER.outputs(standardised(), x[:4]), atol=1e-6)
    assert not np.allclose(BATCH.outputs(standardised(), x)[:4], BATCH.outputs(standardised(), x[:4]), atol=1e-2)


def scaled(net, factor):
    return (net[0]._replace(weights=factor * net[0].weights), *net[1:])


@both
def test_the_scale_of_weights_does_not_matter(function):
    x = draw(30, 6)
    assert np.allclose(function.outputs(scaled(standardised(), 10), x), function.outputs(standardised(), x), atol=2e-4)


def test_a_folded_network_says_of_its_rows_what_batch_norm_says():
    net = [part._replace(biases=part.biases + draw(*part.biases.shape, purpose="biases")) for part in standardised()]
    x = 2 * draw(30, 6) + 1
    folded = BATCH.folded(tuple(net), x)
    assert [layer.weights.shape for layer in folded] == [(6, 8), (8, 8), (8, 3)]
    assert np.allclose(models.logits(folded, x), BATCH.outputs(tuple(net), x), atol=1e-4)
    assert np.allclose(models.logits(folded, x[:4]), BATCH.outputs(tuple(net), x)[:4], atol=1e-4)
    with pytest.raises(ValueError, match="layer norm"):
        LAYER.folded(tuple(net), x)


# Dropout.
def task(items=30):
    rng = np.random.default_rng(3)
    x, y = rng.standard_normal((items, 4)).astype(np.float32), rng.integers(0, 3, size=items).astype(np.int32)
    return data.LearningTask(x_train=x, y_train=y, x_test=x, y_test=y)


def of(rate, widths=(4, 8)):
    return tuple(
        dropout.patterns(chance.stream(1, f"{place}"), width=width, rate=rate) for place, width in enumerate(widths)
    )


def test_patterns_silence_their_share_and_outputs_are_those_by_hand():
    quarter, half = (dropout.patterns(np.random.default_rng(4), width=64, rate=rate) for rate in (0.25, 0.5))
    assert np.mean(quarter == 0) == pytest.approx(0.25, abs=0.01)
    assert quarter.mean() == pytest.approx(1.0, abs=0.02)
    assert set(np.unique(half)) == {0.0, 2.0}
    assert (half[quarter == 0] == 0).all()
    assert (dropout.patterns(np.random.default_rng(4), width=8, rate=0.0) == 1).all()
    with pytest.raises(ValueError, match="1"):
        dropout.patterns(np.random.default_rng(4), width=8, rate=1.0)
    net, x = models.mlp(np.random.default_rng(5), (4, 8, 3)), task().x_train
    numbers = np.random.default_rng(6).integers(0, dropout.PATTERNS, (30, 2))
    inputs, hidden = of(0.4)
    below = (x * inputs[numbers[:, 0]]) @ net[0].weights + net[0].biases
    by_hand = (np.maximum(below, 0) * hidden[numbers[:, 1]]) @ net[1].weights + net[1].biases
    assert np.asarray(dropout.outputs(net, x, numbers, (inputs, hidden))) == pytest.approx(by_hand, abs=1e-5)


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


# A committee. Saad & Solla (1995): the error of a soft committee machine is known from overlaps alone.
def drawn(purpose, inputs, units, scale=1.0):
    return scale * chance.stream(3, purpose).standard_normal((inputs, units))


def test_a_committee_is_specialised_as_far_as_its_units_are_the_teachers():
    known = committee_machines.overlaps(
        drawn("student", 12, 5), committee_machines.orthogonal(chance.stream(1, "t"), inputs=12, units=4)
    )
    assert known.taught == pytest.approx(np.eye(4), abs=1e-12)
    assert known.within.shape == (5, 5)
    assert known.across.shape == (5, 4)
    teacher = committee_machines.orthogonal(chance.stream(2, "t"), inputs=10, units=3)

    def of(student):
        return committee_machines.specialised(committee_machines.overlaps(student, teacher))

    assert of(teacher) == pytest.approx(1)
    assert of(-2 * teacher[:, [1, 1]]) == pytest.approx(1)  # sign, length and which of them do not matter
    assert of(teacher.sum(axis=1, keepdims=True)) == pytest.approx(0, abs=1e-12)
    two = teacher[:, 0] + teacher[:, 1]
    assert of(two[:, None]) == pytest.approx(0.5 - 0.25)
    both = np.stack([teacher[:, 0], 3 * teacher.sum(axis=1)], axis=1)
    assert of(both) == pytest.approx(1 / 28)  # lengths 1 and 27
    assert of(0 * both + 1e-9 * teacher[:, :2]) == pytest.approx(1)


@pytest.mark.parametrize(("units", "scale"), [(2, 1.0), (5, 2.0)])
def test_the_risk_is_the_error_on_fresh_inputs(units, scale):
    student, teacher = drawn("student", 8, units, scale), drawn("teacher", 8, 3)
    x = chance.stream(4, "fresh").standard_normal((20_000, 8))
    gap = np.asarray(committee_machines.outputs(student, x)) - np.asarray(committee_machines.outputs(teacher, x))
    assert committee_machines.risk(committee_machines.overlaps(student, teacher)) == pytest.approx(
        0.5 * np.mean(gap**2), rel=0.04
    )


def test_the_objective_is_the_risk_on_many_rows_and_has_its_slope():
    student, teacher = drawn("student", 8, 2), drawn("teacher", 8, 3)
    x = chance.stream(5, "fresh").standard_normal((10_000, 8)).astype(np.float32)
    net = (Layer(weights=student.astype(np.float32), biases=np.zeros(2, np.float32)),)
    y = np.asarray(committee_machines.outputs(teacher, x))
    known = committee_machines.risk(committee_machines.overlaps(student, teacher))
    assert float(committee_machines.squared_error(net, x, y)) == pytest.approx(known, rel=0.06)
    slope = jax.jit(jax.grad(committee_machines.squared_error))(net, x, y)[0]
    for place in ((0, 0), (5, 1)):
        nudge = np.zeros_like(student)
        nudge[place] = 1e-4
        up, down = (
            committee_machines.risk(committee_machines.overlaps(student + sign * nudge, teacher)) for sign in (1, -1)
        )
        assert float(slope.weights[place]) == pytest.approx((up - down) / 2e-4, rel=0.15, abs=5e-3)
    assert not np.asarray(slope.biases).any()


# All of them.
@pytest.mark.parametrize(
    ("function", "start", "inputs"),
    [
        (models.Architecture(), net(20, 8, 3), 20),
        (models.Architecture(activation="gelu", residual=True, ntk=True), net(20, 8, 8, 3), 20),
        (FOUR, start(), 12),
        (DIGITS, convnet(chance.stream(5, "start"), side=8, channels=(1, 4, 8), classes=10), 64),
        (LAYER, standardised(), 6),
        (BATCH, standardised(), 6),
    ],
)
def test_numpy_and_jax_compute_the_same_network(function, start, inputs):
    x = draw(30, inputs)
    by_numpy = function.outputs(start, x)
    assert type(by_numpy) is np.ndarray
    assert np.allclose(by_numpy, jax.jit(function.outputs)(start, x), atol=1e-4)
