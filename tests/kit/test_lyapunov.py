"""The largest Lyapunov exponent of systems for which it is known."""

import numpy as np
import pytest
from cell_host import Notebook, Shelf

from axiom.kit import lyapunov, pace


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


@pytest.mark.parametrize(
    ("step", "start", "exponent", "tolerance"),
    [
        (linear(np.diag([0.5, 1.25, 0.9])), [0.1, 0.2, 0.3], np.log(1.25), 1e-9),
        (linear(0.7 * np.eye(2)[::-1]), [0.1, 0.2], np.log(0.7), 1e-9),
        (logistic(4.0), [0.3], np.log(2.0), 0.01),
        (logistic(2.5), [0.3], np.log(0.5), 1e-6),  # a fixed point at 0.6, where the slope is -0.5
        (henon, [0.1, 0.1], 0.4192, 0.01),
        (cat, [0.2, 0.7], np.log((3 + 5**0.5) / 2), 1e-9),
    ],
)
def test_it_is_the_known_one(step, start, exponent, tolerance):
    states = np.array([start])
    found = lyapunov.largest_exponents(step, states, np.ones_like(states), steps=5_000, washout=200)
    assert found == pytest.approx([exponent], abs=tolerance)


def test_each_row_is_a_system_of_its_own():
    rates = np.array([[2.5], [3.2], [4.0]])
    start = np.full((3, 1), 0.3)
    together = lyapunov.largest_exponents(logistic(rates), start, np.ones((3, 1)), steps=900, washout=100)
    alone = [
        lyapunov.largest_exponents(logistic(rate), start[:1], np.ones((1, 1)), steps=900, washout=100)[0]
        for rate in rates[:, 0]
    ]
    assert together == pytest.approx(alone, abs=1e-12)


def test_the_length_of_the_first_tangent_does_not_matter_and_the_washout_is_not_counted():
    decaying = linear(np.diag([0.9, 0.2]))
    found = [
        lyapunov.largest_exponents(decaying, np.ones((1, 2)), np.array([tangent]), steps=50, washout=washout)[0]
        for tangent, washout in (([1.0, 1.0], 40), ([1e100, 1e100], 40), ([1e-9, 1.0], 0))
    ]
    assert found[:2] == pytest.approx([np.log(0.9)] * 2, abs=1e-9)
    assert found[2] < np.log(0.9) - 0.1  # the strange first direction is counted


@pytest.mark.parametrize(("steps", "washout"), [(1, 0), (99, 0), (100, 0), (101, 0), (250, 130)])
def test_every_step_counts_once_wherever_blocks_end(steps, washout):
    moments = []

    def step(states, tangents, moment):
        moments.append(moment)
        return states, 2.0 * tangents if moment >= washout else 7.0 * tangents

    found = lyapunov.largest_exponents(step, np.zeros((1, 1)), np.ones((1, 1)), steps=steps, washout=washout)
    assert found == pytest.approx([np.log(2.0)])
    assert moments == list(range(steps + washout))


def test_an_interrupted_one_goes_on_and_gives_the_same_fingerprint():
    def measured(notebook, shelf):
        pace.attach(notebook, shelf)
        try:
            return lyapunov.largest_exponents(henon, np.full((1, 2), 0.1), np.ones((1, 2)), steps=350, washout=0)
        finally:
            pace.attach(None)

    whole = measured(heard := Notebook(), shelf := Shelf())
    again = measured(afterwards := Notebook(), resumed := Shelf(shelf.states[1]))
    assert again == whole
    assert len(shelf.states) == 4
    assert len(resumed.states) == 2
    assert afterwards.fingerprints == heard.fingerprints
    assert len(heard.fingerprints[0]) == pace.LONGEST


@pytest.mark.parametrize(
    ("exponents", "level"),
    [
        ([-0.2, -0.1, 0.1, 0.3], 2.5),
        ([-0.2, 0.1, -0.1, 0.3], 1 + 2 / 3),  # behind it is a window of order
        ([-0.3, -0.2, -0.1, 0.0], None),
        ([0.1, 0.2, 0.3, 0.4], None),
        ([0.1, -0.3, 0.3, 0.4], None),
    ],
)
def test_the_onset_is_where_the_exponent_first_rises(exponents, level):
    assert lyapunov.onset(np.array([1.0, 2.0, 3.0, 4.0]), np.array(exponents)) == (
        level if level is None else pytest.approx(level)
    )


def test_the_onset_may_be_asked_for_above_another_value():
    levels, exponents = np.array([1.0, 2.0]), np.array([0.0, 0.04])
    assert lyapunov.onset(levels, exponents, above=0.01) == pytest.approx(1.25)


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


@pytest.mark.parametrize(("drive", "share"), [(0.0, 1.0), (0.1, 1.0), (1.0, 1.0), (2.0, 0.3), (1.0, 0.0)])
def test_mean_field_theory_is_that_of_the_activity_that_reproduces_itself(drive, share):
    gains = np.array([0.8, 1.2, 1.7, 3.0])
    expected = [settled(gain, drive, share) for gain in gains]
    assert lyapunov.mean_field(gains, drive=drive, share=share) == pytest.approx(expected, abs=1e-4)


def test_without_noise_an_endless_network_is_chaotic_above_one_and_forgets_as_its_gain_below():
    below, above = np.array([0.3, 0.8, 0.95]), np.array([1.05, 1.1])
    assert lyapunov.mean_field(below, drive=0.0) == pytest.approx(np.log(below), abs=1e-4)
    assert lyapunov.mean_field(above, drive=0.0) == pytest.approx(2 / 3 * (above - 1) ** 2, rel=0.25)
