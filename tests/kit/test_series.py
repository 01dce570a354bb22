"""Reservoirs and series: what echoes hold of the past, and exponents that are known."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from axiom.kit import chance, features, large_reservoirs, lyapunov, reservoirs, scaling, series


# Echo state networks: how they are wired, what they hold of the past, and what is read from them.
def draw(seed, *shape, purpose="draw"):
    return chance.stream(seed, purpose).standard_normal(shape)


def memory_capacity(recurrent, *, weights=None, activation="tanh", seed=5, delays=40):
    """On rows that the read-out has not seen."""
    inputs = chance.stream(seed, "input").uniform(-1.0, 1.0, 3_000)
    targets = reservoirs.delayed(inputs, delays=delays)
    weights = draw(seed, len(recurrent), purpose="weights") if weights is None else weights
    states = reservoirs.states(recurrent, weights, inputs, activation=activation)
    fitted = reservoirs.readout(states[100:2_000], targets[100:2_000], penalty=1e-9)
    return reservoirs.capacities(reservoirs.read(states, fitted)[2_000:], targets[2_000:])


def test_states_follow_their_rule_and_columns_are_the_series_of_steps_before():
    recurrent, weights, series = draw(5, 3, 3), draw(6, 3), draw(7, 4)
    found = reservoirs.states(recurrent, weights, series)
    assert found[0] == pytest.approx(np.tanh(weights * series[0]))
    assert found[3] == pytest.approx(np.tanh(recurrent @ found[2] + weights * series[3]))
    assert reservoirs.states(recurrent, weights, series[2:], start=found[1]) == pytest.approx(found[2:])
    shifted = reservoirs.delayed(np.arange(10.0), delays=4)
    assert shifted[3:, 0].tolist() == [3, 4, 5, 6, 7, 8, 9]
    assert shifted[3:, 3].tolist() == [0, 1, 2, 3, 4, 5, 6]
    for matrix, radius in (([[0, 1], [-1, 0]], 1), ([[0.5, 9], [0, -2]], 2), ([[0, 7], [0, 0]], 0)):
        assert reservoirs.spectral_radius(np.array(matrix)) == pytest.approx(radius)


def test_a_capacity_is_a_squared_correlation_and_a_delay_line_has_its_length():
    for units in [1, 12]:
        first = np.eye(units)[0]  # only the first unit hears
        held = memory_capacity(reservoirs.delay_line(units=units), weights=first, activation="linear")
        assert held == pytest.approx([1.0] * units + [0.0] * (40 - units), abs=1e-6)
    x, y = draw(5, 400, 2), draw(6, 400, 2)
    y += x
    expected = [np.corrcoef(x[:, column], y[:, column])[0, 1] ** 2 for column in (0, 1)]
    assert reservoirs.capacities(x, y) == pytest.approx(expected)
    assert reservoirs.capacities(-2 * x + 7, y) == pytest.approx(expected)
    noise = reservoirs.capacities(draw(5, 1_000, 400), draw(6, 1_000, 400))
    assert np.count_nonzero(noise) < 12  # 2 are expected; a threshold of half would let through 18
    assert reservoirs.capacities(np.ones((20, 1)), draw(6, 20, 1)) == 0.0


# Larger echo state networks: how they are wired, and that side by side they are what each is alone.
def wired(wiring, units, seed=5):
    return large_reservoirs.WIRINGS[wiring](chance.stream(seed, "recurrent"), units)


def test_wirings_have_their_radius_and_a_ring_brings_a_value_round():
    radii = {"random": 1, "sparse": 1, "orthogonal": 1, "ring": 1, "delay_line": 0, "none": 0}
    for wiring, radius in radii.items():
        about = 0.1 if wiring in {"random", "sparse"} else 1e-9
        assert reservoirs.spectral_radius(wired(wiring, 200)) == pytest.approx(radius, abs=about)
    drawn = wired("orthogonal", 30)
    assert drawn @ drawn.T == pytest.approx(np.eye(30), abs=1e-12)
    signs = [np.sign(wired("orthogonal", 2, seed)[0, 0]) for seed in range(60)]
    assert 15 < signs.count(1.0) < 45  # what a factorisation gives has one sign alone
    hears = wired("ring", 4) @ np.array([1.0, 2.0, 3.0, 4.0])
    assert hears.tolist() == [4, 1, 2, 3]
    assert (wired("delay_line", 4) @ np.array([1.0, 2.0, 3.0, 4.0])).tolist() == [0, 1, 2, 3]


def test_side_by_side_is_one_after_the_other_and_a_leaky_unit_keeps_a_part():
    recurrent, inputs, series = 0.3 * draw(5, 6, 6), draw(6, 6), draw(7, 130, 2)
    network = large_reservoirs.Network(recurrent=recurrent, inputs=inputs)
    found = np.concatenate(list(large_reservoirs.states(network, series, chance.stream(5, "noise"))))
    for piece in (0, 1):
        assert found[:, piece] == pytest.approx(reservoirs.states(recurrent, inputs, series[:, piece]))
    network = large_reservoirs.Network(recurrent=0.0 * np.eye(2), inputs=np.ones(2), activation="linear", leak=0.25)
    found = next(large_reservoirs.states(network, np.array([[1.0], [0.0], [0.0]]), chance.stream(5, "noise")))
    assert found[:, 0, 0] == pytest.approx([0.25, 0.25 * 0.75, 0.25 * 0.75**2])
    cut = large_reservoirs.in_pieces(np.arange(23.0), pieces=4, washout=3)
    assert cut[3:].T.ravel().tolist() == list(range(3, 23))
    assert cut[:, 1].tolist() == list(range(5, 13))
    assert large_reservoirs.in_pieces(np.zeros((23, 7)), pieces=4, washout=3).shape == (8, 4, 7)


def test_a_reading_is_the_ridge_of_the_kit_on_rows_that_were_not_learned():
    states, targets = draw(5, 120, 5, 4), draw(6, 120, 5, 2)
    blocks = [states[first : first + 50] for first in (0, 50, 100)]
    read, true = large_reservoirs.readings(blocks, targets, learned=3, washout=70, penalty=0.01)
    weights = reservoirs.readout(states[70:, :3].reshape(-1, 4), targets[70:, :3].reshape(-1, 2), penalty=0.01 * 50 * 3)
    assert read == pytest.approx(reservoirs.read(states[70:, 3:].reshape(-1, 4), weights).reshape(50, 2, 2))
    assert (true == targets[70:, 3:]).all()


def test_the_products_are_of_legendre():
    series = draw(5, 9)
    first, second, before = series[3], series[2], series[1]
    of_two = large_reservoirs.products(series, degree=2, delays=2)[3]
    assert of_two == pytest.approx([(3 * first**2 - 1) / 2, first * second, (3 * second**2 - 1) / 2])
    of_three = large_reservoirs.products(series, degree=3, delays=3)[3]
    assert of_three[0] == pytest.approx((5 * first**3 - 3 * first) / 2)
    assert of_three[1] == pytest.approx((3 * first**2 - 1) / 2 * second)
    assert of_three[4] == pytest.approx(first * second * before)
    assert large_reservoirs.products(series, degree=1, delays=3)[3] == pytest.approx([first, second, before])


# Series obey the equations that they are named after.
def by_the_book(inputs):
    """NARMA-10 as Atiya and Parlos write it, the long way round."""
    y = np.zeros(len(inputs) + 1)
    for t in range(len(inputs)):
        past = sum(y[t - i] for i in range(10) if t - i >= 0)
        product = inputs[t] * inputs[t - 9] if t >= 9 else 0.0
        y[t + 1] = 0.3 * y[t] + 0.05 * y[t] * past + 1.5 * product + 0.1
    return y[1:]


def test_a_task_never_meets_an_explosion_and_series_follow_their_rules():
    for seed, draws in [(5, 1), (208, 2), (242, 2)]:
        drawn = chance.stream(seed, "narma").uniform(0.0, 0.5, (draws, 2_000))
        inputs, y = series.narma_task(chance.stream(seed, "narma"), length=2_000)
        assert [series.narma(each).max() < 1.5 for each in drawn] == [False] * (draws - 1) + [True]
        assert np.array_equal(inputs, drawn[-1])
        assert np.array_equal(y, series.narma(inputs))
    inputs = chance.stream(5, "input").uniform(0.0, 0.4, 200)
    assert series.narma(inputs) == pytest.approx(by_the_book(inputs))
    assert series.heun(1.0, 1.0, 1.0) == pytest.approx(1.0)
    assert series.heun(1.1, 1.0, 1.0) == pytest.approx(1.0 + 0.1 * np.exp(-0.01), abs=1e-7)  # decays at rate 0.1


# The largest Lyapunov exponent of systems for which it is known.
def linear(matrix):
    return lambda states, tangents, _moment: (states, tangents @ matrix.T)


def logistic(rate):
    def step(states, tangents, _moment):
        return rate * states * (1 - states), rate * (1 - 2 * states) * tangents

    return step


def henon(states, tangents, _moment):
    x, y = states.T
    u, v = tangents.T
    return np.stack([1 - 1.4 * x**2 + y, 0.3 * x], axis=1), np.stack([-2.8 * x * u + v, 0.3 * u], axis=1)


def cat(states, tangents, _moment):
    matrix = np.array([[2.0, 1.0], [1.0, 1.0]])
    return states @ matrix.T % 1.0, tangents @ matrix.T


def test_exponents_are_the_known_ones_of_each_row():
    for step, start, exponent, tolerance in [
        (linear(np.diag([0.5, 1.25, 0.9])), [0.1, 0.2, 0.3], np.log(1.25), 1e-9),
        (logistic(4.0), [0.3], np.log(2.0), 0.01),
        (logistic(2.5), [0.3], np.log(0.5), 1e-6),  # a fixed point at 0.6, where the slope is -0.5
        (henon, [0.1, 0.1], 0.4192, 0.01),
        (cat, [0.2, 0.7], np.log((3 + 5**0.5) / 2), 1e-9),
    ]:
        states = np.array([start])
        found = lyapunov.largest_exponents(step, states, np.ones_like(states), steps=5_000, washout=200)
        assert found == pytest.approx([exponent], abs=tolerance)
    rates = np.array([[2.5], [3.2], [4.0]])
    start = np.full((3, 1), 0.3)
    together = lyapunov.largest_exponents(logistic(rates), start, np.ones((3, 1)), steps=900, washout=100)
    alone = [
        lyapunov.largest_exponents(logistic(rate), start[:1], np.ones((1, 1)), steps=900, washout=100)[0]
        for rate in rates[:, 0]
    ]
    assert together == pytest.approx(alone, abs=1e-12)


@pytest.mark.parametrize(("steps", "washout"), [(1, 0), (100, 0), (101, 0), (250, 130)])
def test_every_step_counts_once_wherever_blocks_end(steps, washout):
    moments = []

    def step(states, tangents, moment):
        moments.append(moment)
        return states, 2.0 * tangents if moment >= washout else 7.0 * tangents

    found = lyapunov.largest_exponents(step, np.zeros((1, 1)), np.ones((1, 1)), steps=steps, washout=washout)
    assert found == pytest.approx([np.log(2.0)])
    assert moments == list(range(steps + washout))


def test_the_onset_and_mean_field_theory_are_those_of_their_definitions():
    for exponents, level in [
        ([-0.2, -0.1, 0.1, 0.3], 2.5),
        ([-0.2, 0.1, -0.1, 0.3], 1 + 2 / 3),  # behind it is a window of order
        ([-0.3, -0.2, -0.1, 0.0], None),
        ([0.1, 0.2, 0.3, 0.4], None),
        ([0.1, -0.3, 0.3, 0.4], None),
    ]:
        assert lyapunov.onset(np.array([1.0, 2.0, 3.0, 4.0]), np.array(exponents)) == (
            level if level is None else pytest.approx(level)
        )
    for drive, share in [(0.0, 1.0), (1.0, 1.0), (2.0, 0.3)]:
        gains = np.array([0.8, 1.2, 1.7, 3.0])
        expected = [settled(gain, drive, share) for gain in gains]
        assert lyapunov.mean_field(gains, drive=drive, share=share) == pytest.approx(expected, abs=1e-4)


def settled(gain, drive, share):
    """The exponent at the activity that reproduces itself, found by halving and summed over a fine grid."""
    x = np.linspace(-9, 9, 2_001)
    density = np.exp(-(x**2) / 2)
    density /= density.sum()

    def mean(of, activity):
        heard, unheard = (density @ of(np.tanh(np.sqrt(gain**2 * activity + add) * x)) for add in (drive**2, 0.0))
        return share * heard + (1 - share) * unheard

    low, high = 1e-9, 1.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if mean(np.square, middle) > middle else (low, middle)
    return 0.5 * np.log(gain**2 * mean(lambda tanh: (1 - tanh**2) ** 2, low))


# Least squares on features: what it finds is the best, and of the best the shortest.
SEEDS = st.integers(0, 2**63 - 1)


def test_random_features_are_one_layer_with_the_kernel_of_cho_and_saul():
    x, directions = draw(5, 6, 3), draw(6, 4, 3)
    assert features.random_features(x, directions) == pytest.approx(np.maximum(x @ directions.T, 0.0))
    assert features.random_features(x, directions, activation="tanh") == pytest.approx(np.tanh(x @ directions.T))
    # The mean product of ReLU features of x and y is |x||y| (sin t + (pi - t) cos t) / 2 pi, t the angle between.
    x = np.array([[1.0, 0.0], [0.6, 0.8]])
    seen = features.random_features(x, draw(5, 400_000, 2))
    angle = np.arccos(0.6)
    expected = (np.sin(angle) + (np.pi - angle) * np.cos(angle)) / (2 * np.pi)
    assert np.mean(seen[0] * seen[1]) == pytest.approx(expected, abs=0.004)


@settings(max_examples=20)
@given(seed=SEEDS, rows=st.integers(5, 30), columns=st.integers(1, 4))
def test_with_fewer_features_than_rows_what_is_missed_is_orthogonal_to_all_features(seed, rows, columns):
    x, y = draw(seed, rows, columns), draw(seed, rows, purpose="y")
    assert x.T @ (x @ features.minimum_norm(x, y) - y) == pytest.approx(0.0, abs=1e-9)


@settings(max_examples=20)
@given(seed=SEEDS, rows=st.integers(1, 5), more=st.integers(2, 20))
def test_with_more_it_interpolates_by_the_shortest_weights(seed, rows, more):
    x, y = draw(seed, rows, rows + more), draw(seed, rows, purpose="y")
    found = features.minimum_norm(x, y)
    assert x @ found == pytest.approx(y, abs=1e-6)
    rest = draw(seed, rows + more, purpose="rest")
    along = rest - np.linalg.pinv(x) @ (x @ rest)  # changes no prediction
    assert found @ along == pytest.approx(0.0, abs=1e-6)


@settings(max_examples=20)
@given(seed=SEEDS, rows=st.integers(1, 15), columns=st.integers(1, 15), penalty=st.floats(1e-3, 1e3))
def test_a_ridge_makes_the_gradient_of_its_objective_vanish(seed, rows, columns, penalty):
    x, y = draw(seed, rows, columns), draw(seed, rows, purpose="y")
    weights = features.ridge(x, y, penalty=penalty)
    assert x.T @ (x @ weights - y) + penalty * weights == pytest.approx(0.0, abs=1e-8)


@pytest.mark.parametrize(
    ("count", "samples", "noise", "risk"),
    [
        (50, 200, 0.5, 0.25 * 50 / 149),
        (800, 200, 0.5, 0.75 + 0.25 * 200 / 599),
        (50, 200, 0.0, 0.0),
        (199, 200, 0.5, None),
        (201, 200, 0.5, None),
        (202, 200, 1.0, 1 - 200 / 202 + 200),
    ],
)
def test_the_isotropic_risk_is_that_of_hastie_and_others(count, samples, noise, risk):
    found = features.isotropic_risk(features=count, samples=samples, noise=noise)
    assert found == (risk if risk is None else pytest.approx(risk))


# Joint scaling laws.
ITEMS, SIZES = (each.ravel() for each in np.meshgrid([64, 256, 1_024, 4_096, 16_384], [57, 109, 213, 421, 837, 3_333]))


def planted(floor=0.1, of_items=5.0, of_size=200.0, a=0.4, b=1.4):
    return scaling.Law(
        floor=floor, of_items=of_items, of_size=of_size, items_exponent=a, size_exponent=b, unexplained=0.0
    )


def found(law, *, noise=0.0, seed=5):
    losses = law.loss(ITEMS, SIZES) * np.exp(noise * np.random.default_rng(seed).standard_normal(len(ITEMS)))
    return scaling.joint_law(ITEMS, SIZES, losses)


@settings(max_examples=8)
@given(
    floor=st.sampled_from([0.0, 0.05, 0.5]),
    a=st.floats(0.2, 1.0),
    b=st.floats(0.3, 2.0),
    at_least=st.tuples(st.floats(0.5, 5.0), st.floats(0.5, 5.0)),
)
def test_a_planted_law_is_found(floor, a, b, at_least):
    """What data and size cost is given where there is least of either, so that each can be seen."""
    law = planted(floor=floor, a=a, b=b, of_items=at_least[0] * 64**a, of_size=at_least[1] * 57**b)
    fitted = found(law)
    assert fitted.items_exponent == pytest.approx(a, rel=0.01)
    assert fitted.size_exponent == pytest.approx(b, rel=0.01)
    assert fitted.floor == pytest.approx(floor, abs=0.01)
    assert fitted.unexplained < 1e-5
    assert fitted.loss(ITEMS, SIZES) == pytest.approx(law.loss(ITEMS, SIZES), rel=0.01)


def test_no_other_law_nearby_comes_closer_and_too_few_points_are_refused():
    law = planted()
    losses = law.loss(ITEMS, SIZES) * np.exp(0.1 * np.random.default_rng(5).standard_normal(len(ITEMS)))
    fitted = scaling.joint_law(ITEMS, SIZES, losses)

    def error(one):
        return float(np.sum((one.loss(ITEMS, SIZES) / losses - 1) ** 2))

    for name in ("floor", "of_items", "of_size", "items_exponent", "size_exponent"):
        for factor in (0.999, 1.001):
            assert error(replace(fitted, **{name: getattr(fitted, name) * factor})) >= error(fitted)
    last = (([1, 2, 3, 4, 5], [1, 1, 1, 1, loss]) for loss in (0, np.nan, np.inf))
    for items, losses in (([1, 2, 3, 4], [1] * 4), ([0, 1, 2, 3, 4], [1] * 5), *last):
        with pytest.raises(ValueError, match="five"):
            scaling.joint_law(items, items, losses)
