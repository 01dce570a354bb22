"""Larger echo state networks: how they are wired, and that side by side they are what they are one after the other."""

import numpy as np
import pytest

from axiom.kit import chance, echoes, reservoirs


def draw(seed, *shape):
    return chance.stream(seed, "draw").standard_normal(shape)


def wired(wiring, units, seed=5):
    return echoes.WIRINGS[wiring](chance.stream(seed, "recurrent"), units)


@pytest.mark.parametrize(
    ("wiring", "radius"), [("random", 1), ("sparse", 1), ("orthogonal", 1), ("ring", 1), ("delay_line", 0), ("none", 0)]
)
def test_the_spectral_radius_is_one_where_there_is_an_echo(wiring, radius):
    about = 0.1 if wiring in {"random", "sparse"} else 1e-9
    assert reservoirs.spectral_radius(wired(wiring, 200)) == pytest.approx(radius, abs=about)


def test_an_orthogonal_wiring_keeps_every_length_and_is_drawn_evenly():
    drawn = wired("orthogonal", 30)
    assert drawn @ drawn.T == pytest.approx(np.eye(30), abs=1e-12)
    signs = [np.sign(wired("orthogonal", 2, seed)[0, 0]) for seed in range(60)]
    assert 15 < signs.count(1.0) < 45  # what a factorisation gives has one sign alone


def test_in_a_ring_a_value_comes_round():
    hears = wired("ring", 4) @ np.array([1.0, 2.0, 3.0, 4.0])
    assert hears.tolist() == [4, 1, 2, 3]
    assert (wired("delay_line", 4) @ np.array([1.0, 2.0, 3.0, 4.0])).tolist() == [0, 1, 2, 3]


def test_in_a_sparse_wiring_each_unit_hears_ten():
    assert (np.count_nonzero(wired("sparse", 50), axis=1) == echoes.HEARD).all()
    assert np.count_nonzero(wired("sparse", 4)) == 16


def test_side_by_side_is_what_one_after_the_other_is():
    recurrent, inputs, series = 0.3 * draw(5, 6, 6), draw(6, 6), draw(7, 130, 2)
    network = echoes.Network(recurrent=recurrent, inputs=inputs)
    found = np.concatenate(list(echoes.states(network, series, chance.stream(5, "noise"))))
    for piece in (0, 1):
        assert found[:, piece] == pytest.approx(reservoirs.states(recurrent, inputs, series[:, piece]))


def test_a_leaky_unit_keeps_a_part_of_what_it_was():
    network = echoes.Network(recurrent=0.0 * np.eye(2), inputs=np.ones(2), activation="linear", leak=0.25)
    found = next(echoes.states(network, np.array([[1.0], [0.0], [0.0]]), chance.stream(5, "noise")))
    assert found[:, 0, 0] == pytest.approx([0.25, 0.25 * 0.75, 0.25 * 0.75**2])


def test_noise_is_new_for_each_unit_and_step():
    network = echoes.Network(recurrent=0.0 * np.eye(3), inputs=np.zeros(3), activation="linear", noise=0.5)
    found = np.concatenate(list(echoes.states(network, np.zeros((2000, 1)), chance.stream(5, "noise"))))[:, 0]
    assert np.cov(found.T) == pytest.approx(0.25 * np.eye(3), abs=0.02)


def test_pieces_follow_each_other_behind_their_washout():
    cut = echoes.in_pieces(np.arange(23.0), pieces=4, washout=3)
    assert cut[3:].T.ravel().tolist() == list(range(3, 23))
    assert cut[:, 1].tolist() == list(range(5, 13))
    assert echoes.in_pieces(np.zeros((23, 7)), pieces=4, washout=3).shape == (8, 4, 7)


def test_a_reading_is_the_ridge_of_the_kit_on_rows_that_were_not_learned():
    states, targets = draw(5, 120, 5, 4), draw(6, 120, 5, 2)
    blocks = [states[first : first + 50] for first in (0, 50, 100)]
    read, true = echoes.readings(blocks, targets, learned=3, washout=70, penalty=0.01)
    weights = reservoirs.readout(states[70:, :3].reshape(-1, 4), targets[70:, :3].reshape(-1, 2), penalty=0.01 * 50 * 3)
    assert read == pytest.approx(reservoirs.read(states[70:, 3:].reshape(-1, 4), weights).reshape(50, 2, 2))
    assert (true == targets[70:, 3:]).all()


def test_products_are_uncorrelated_and_all_there():
    series = chance.stream(5, "input").uniform(-1.0, 1.0, 40_000)
    columns = np.hstack([echoes.products(series, degree=degree, delays=3) for degree in (1, 2, 3)])[3:]
    assert columns.shape[1] == 3 + 6 + 10
    assert np.corrcoef(columns.T) == pytest.approx(np.eye(19), abs=0.03)
    assert columns.mean(axis=0) == pytest.approx(np.zeros(19), abs=0.01)


def test_the_products_are_of_legendre():
    series = draw(5, 9)
    first, second, before = series[3], series[2], series[1]
    of_two = echoes.products(series, degree=2, delays=2)[3]
    assert of_two == pytest.approx([(3 * first**2 - 1) / 2, first * second, (3 * second**2 - 1) / 2])
    of_three = echoes.products(series, degree=3, delays=3)[3]
    assert of_three[0] == pytest.approx((5 * first**3 - 3 * first) / 2)
    assert of_three[1] == pytest.approx((3 * first**2 - 1) / 2 * second)
    assert of_three[4] == pytest.approx(first * second * before)
    assert echoes.products(series, degree=1, delays=3)[3] == pytest.approx([first, second, before])
