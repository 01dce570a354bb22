"""Echo state networks: how they are wired, what they hold of the past, and what is read from them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from axiom.kit import chance, reservoirs

SEEDS = st.integers(0, 2**63 - 1)


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


def test_the_spectral_radius_of_a_large_gaussian_reservoir_is_one():
    assert reservoirs.spectral_radius(reservoirs.gaussian(chance.stream(5, "recurrent"), units=300)) == pytest.approx(
        1.0, abs=0.08
    )


@pytest.mark.parametrize(
    ("matrix", "radius"),
    [([[0.0, 1.0], [-1.0, 0.0]], 1.0), ([[0.5, 9.0], [0.0, -2.0]], 2.0), ([[0.0, 7.0], [0.0, 0.0]], 0.0)],
)
def test_the_spectral_radius_is_the_largest_absolute_eigenvalue(matrix, radius):
    assert reservoirs.spectral_radius(np.array(matrix)) == pytest.approx(radius)


def test_states_follow_their_rule_from_rest_or_from_a_start():
    recurrent, weights, series = draw(5, 3, 3), draw(6, 3), draw(7, 4)
    found = reservoirs.states(recurrent, weights, series)
    assert found[0] == pytest.approx(np.tanh(weights * series[0]))
    assert found[3] == pytest.approx(np.tanh(recurrent @ found[2] + weights * series[3]))
    assert reservoirs.states(recurrent, weights, series[2:], start=found[1]) == pytest.approx(found[2:])


def test_below_a_largest_singular_value_of_one_the_start_is_forgotten():
    recurrent = reservoirs.gaussian(chance.stream(5, "recurrent"), units=30)
    recurrent *= 0.9 / np.linalg.norm(recurrent, 2)
    series = draw(6, 200)
    ends = [reservoirs.states(recurrent, draw(7, 30), series, start=draw(seed, 30))[-1] for seed in (8, 9)]
    assert ends[0] == pytest.approx(ends[1], abs=1e-6)


@pytest.mark.parametrize("units", [1, 5, 12])
def test_a_linear_delay_line_remembers_exactly_as_much_as_it_has_units(units):
    first = np.eye(units)[0]  # only the first unit hears
    held = memory_capacity(reservoirs.delay_line(units=units), weights=first, activation="linear")
    assert held == pytest.approx([1.0] * units + [0.0] * (40 - units), abs=1e-6)


@settings(max_examples=15)
@given(seed=SEEDS, units=st.integers(1, 12), radius=st.floats(0.1, 1.5))
def test_no_network_remembers_more_than_it_has_units(seed, units, radius):
    recurrent = reservoirs.gaussian(chance.stream(seed, "recurrent"), units=units)
    recurrent *= radius / max(reservoirs.spectral_radius(recurrent), 1e-9)
    assert memory_capacity(recurrent, seed=seed).sum() <= units + 0.15  # a thousand rows estimate it


def test_without_connections_only_the_present_is_known():
    held = memory_capacity(np.zeros((8, 8)), weights=np.full(8, 0.1))
    assert held[0] == pytest.approx(1.0, abs=0.01)
    assert held[1:].sum() < 0.05


def test_a_readout_finds_a_linear_target_and_its_constant():
    features = draw(5, 80, 4)
    targets = features @ np.array([1.0, -2.0, 0.0, 0.5]) + 3.0
    weights = reservoirs.readout(features, targets, penalty=1e-10)
    assert weights == pytest.approx([1.0, -2.0, 0.0, 0.5, 3.0], abs=1e-6)
    assert reservoirs.read(features, weights) == pytest.approx(targets, abs=1e-6)


def test_an_error_of_one_is_what_the_mean_reaches():
    targets = draw(5, 50)
    assert reservoirs.nrmse(np.full(50, targets.mean()), targets) == pytest.approx(1.0)
    assert reservoirs.nrmse(targets + 0.1 * targets.std(), targets) == pytest.approx(0.1)


def test_column_k_is_the_series_of_k_steps_before():
    shifted = reservoirs.delayed(np.arange(10.0), delays=4)
    assert shifted[3:, 0].tolist() == [3, 4, 5, 6, 7, 8, 9]
    assert shifted[3:, 3].tolist() == [0, 1, 2, 3, 4, 5, 6]


def test_a_capacity_is_a_squared_correlation():
    x, y = draw(5, 400, 2), draw(6, 400, 2)
    y += x
    expected = [np.corrcoef(x[:, column], y[:, column])[0, 1] ** 2 for column in (0, 1)]
    assert reservoirs.capacities(x, y) == pytest.approx(expected)
    assert reservoirs.capacities(-2 * x + 7, y) == pytest.approx(expected)


def test_what_chance_gives_counts_as_nothing():
    noise = reservoirs.capacities(draw(5, 1_000, 400), draw(6, 1_000, 400))
    assert np.count_nonzero(noise) < 12  # 2 are expected; a threshold of half would let through 18
    assert reservoirs.capacities(np.ones((20, 1)), draw(6, 20, 1)) == 0.0
