"""Least squares on features: what it finds is the best, and of the best the shortest."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from axiom.kit import chance, features

SEEDS = st.integers(0, 2**63 - 1)


def draw(seed, *shape, purpose="draw"):
    return chance.stream(seed, purpose).standard_normal(shape)


def test_directions_have_a_mean_square_length_of_one():
    drawn = features.directions(chance.stream(5, "features"), inputs=20, count=4_000)
    assert drawn.shape == (4_000, 20)
    assert (drawn**2).sum(axis=1).mean() == pytest.approx(1.0, abs=0.02)  # the standard error is 0.005


def test_the_first_directions_stay_when_more_are_drawn():
    few, many = (features.directions(chance.stream(5, "features"), inputs=7, count=count) for count in (10, 90))
    assert np.array_equal(few, many[:10])


def test_random_features_are_one_layer_of_the_named_activation():
    x, directions = draw(5, 6, 3), draw(6, 4, 3)
    assert features.random_features(x, directions) == pytest.approx(np.maximum(x @ directions.T, 0.0))
    assert features.random_features(x, directions, activation="tanh") == pytest.approx(np.tanh(x @ directions.T))


def test_their_kernel_is_that_of_cho_and_saul():
    """The mean product of ReLU features of x and y is |x||y| (sin t + (pi - t) cos t) / 2 pi, t the angle between."""
    x = np.array([[1.0, 0.0], [0.6, 0.8]])
    seen = features.random_features(x, draw(5, 400_000, 2))
    angle = np.arccos(0.6)
    expected = (np.sin(angle) + (np.pi - angle) * np.cos(angle)) / (2 * np.pi)
    assert np.mean(seen[0] * seen[1]) == pytest.approx(expected, abs=0.004)


@given(seed=SEEDS, rows=st.integers(5, 30), columns=st.integers(1, 4))
def test_with_fewer_features_than_rows_what_is_missed_is_orthogonal_to_all_features(seed, rows, columns):
    x, y = draw(seed, rows, columns), draw(seed, rows, purpose="y")
    assert x.T @ (x @ features.minimum_norm(x, y) - y) == pytest.approx(0.0, abs=1e-9)


@given(seed=SEEDS, rows=st.integers(1, 5), more=st.integers(2, 20))
def test_with_more_it_interpolates_by_the_shortest_weights(seed, rows, more):
    x, y = draw(seed, rows, rows + more), draw(seed, rows, purpose="y")
    found = features.minimum_norm(x, y)
    assert x @ found == pytest.approx(y, abs=1e-6)
    rest = draw(seed, rows + more, purpose="rest")
    along = rest - np.linalg.pinv(x) @ (x @ rest)  # changes no prediction
    assert found @ along == pytest.approx(0.0, abs=1e-6)


@given(seed=SEEDS, rows=st.integers(1, 15), columns=st.integers(1, 15), penalty=st.floats(1e-3, 1e3))
def test_a_ridge_makes_the_gradient_of_its_objective_vanish(seed, rows, columns, penalty):
    x, y = draw(seed, rows, columns), draw(seed, rows, purpose="y")
    weights = features.ridge(x, y, penalty=penalty)
    assert x.T @ (x @ weights - y) + penalty * weights == pytest.approx(0.0, abs=1e-8)


@pytest.mark.parametrize("shape", [(12, 5), (5, 12)])
def test_a_vanishing_ridge_is_the_minimum_norm_solution(shape):
    x, y = draw(5, *shape), draw(6, shape[0])
    shortest = features.minimum_norm(x, y)
    assert features.ridge(x, y, penalty=1e-9) == pytest.approx(shortest, rel=1e-6)
    assert np.array_equal(features.ridge(x, y, penalty=0), shortest)


def test_several_targets_are_solved_as_if_each_were_alone():
    x, y = draw(5, 12, 5), draw(6, 12, 2)
    both = features.ridge(x, y, penalty=0.1)
    assert both[:, 1] == pytest.approx(features.ridge(x, y[:, 1], penalty=0.1))


def test_a_unit_vector_has_length_one_and_no_direction_of_its_own():
    drawn = np.array([features.unit_vector(chance.stream(seed, "truth"), size=3) for seed in range(400)])
    assert np.linalg.norm(drawn, axis=1) == pytest.approx(1.0)
    assert drawn.mean(axis=0) == pytest.approx(0.0, abs=0.12)  # four standard errors
    assert drawn.T @ drawn / 400 == pytest.approx(np.eye(3) / 3, abs=0.07)


@pytest.mark.parametrize(
    ("count", "samples", "noise", "risk"),
    [
        (50, 200, 0.5, 0.25 * 50 / 149),
        (800, 200, 0.5, 0.75 + 0.25 * 200 / 599),
        (800, 200, 0.0, 0.75),
        (50, 200, 0.0, 0.0),
        (199, 200, 0.5, None),
        (201, 200, 0.5, None),
        (202, 200, 1.0, 1 - 200 / 202 + 200),
        (198, 200, 1.0, 198),
    ],
)
def test_the_isotropic_risk_is_that_of_hastie_and_others(count, samples, noise, risk):
    found = features.isotropic_risk(features=count, samples=samples, noise=noise)
    assert found == (risk if risk is None else pytest.approx(risk))
