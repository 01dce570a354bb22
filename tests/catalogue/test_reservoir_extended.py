"""Dambre et al. (2012): no network knows more than it has units. What linear units know, theory knows."""

import functools

import numpy as np
import pytest
from wrong import wrong

from axiom.catalogue import reservoir_extended
from axiom.kit import chance, echoes

SEED = 5


@functools.cache
def cell(module, task="memory", seed=SEED, **config):
    return module.run(module.Config(task=task, **({"units": 4, "doublings": 2, "length": 150} | config)), seed)


def theory(wiring, units, *, radius, drive, noise):
    """What linear units know of each of the last steps, and the Fisher memory of each (Ganguli et al. 2008).

    The best estimate knows a value as far as its echo stands out from the echoes of all others and from the noise.
    """
    recurrent = radius * echoes.WIRINGS[wiring](chance.stream(SEED, "recurrent"), units)
    echo, signal, spread = drive * chance.stream(SEED, "weights").uniform(-1.0, 1.0, units), 0.0, 0.0
    powers = [np.linalg.matrix_power(recurrent, number) for number in range(60)]
    heard = [power @ echo for power in powers]
    signal = sum(np.outer(one, one) for one in heard) / 3  # the variance of the input
    spread = noise**2 * sum(power @ power.T for power in powers)
    known = np.array([one @ np.linalg.solve(signal + spread, one) / 3 for one in heard])
    fisher = np.array([one @ np.linalg.solve(spread, one) for one in heard])
    return known, fisher, float(echo @ echo)


def linear_units_know_what_theory_says(module):
    for wiring, noise in (("random", 0.2), ("ring", 0.05)):
        levels = {"wiring": wiring, "radius": 0.6, "drive": 1.0, "noise": noise}
        found = cell(module, activation="linear", length=300, **levels).skill_by_size
        expected = [theory(units=units, **levels)[0].sum() for units in (4, 8, 16)]
        assert found == pytest.approx(expected, rel=0.05)


def a_normal_network_holds_one_input_under_noise_whatever_its_radius(module):
    """The sum of the Fisher memory curve is that of the input itself; of a weak input it is the memory."""
    for radius in (0.3, 0.7):
        levels = {"wiring": "orthogonal", "radius": radius, "drive": 0.5, "noise": 1.0}
        known, fisher, power = theory(units=16, **levels)
        assert fisher == pytest.approx(power * (1 - radius**2) * radius ** (2.0 * np.arange(60)), abs=1e-9)
        assert theory(units=16, **levels | {"drive": 0.05})[0].sum() == pytest.approx(power / 300, rel=0.01)
        held = cell(module, activation="linear", length=400, units=16, doublings=0, **levels).skill_by_size
        assert held == pytest.approx([known.sum()], rel=0.25)


def linear_units_without_noise_remember_as_many_steps_as_they_are(module):
    for wiring, about in (("delay_line", 0.12), ("orthogonal", 0.05)):
        measured = cell(module, wiring=wiring, activation="linear", doublings=3, length=200)
        assert measured.skill_by_size == pytest.approx([4, 8, 16, 32], rel=about)
        assert measured.exponent == pytest.approx(1, abs=0.08)
        assert measured.bend == pytest.approx(0, abs=0.2)


def no_network_knows_more_than_it_has_units(module):
    """Of single values and of products of three together; and with a strong input of nearly so much."""
    found = [cell(module, task, drive=1.0, radius=0.5, length=300) for task in ("memory", "cubes")]
    share = np.sum([each.skill_by_size for each in found], axis=0) / (4, 8, 16)
    assert np.all(share < 1.05)
    assert share[0] > 0.8
    assert min(found[0].skill_by_size) > 1


def linear_units_know_no_products(module):
    measured = cell(module, "cubes", activation="linear", drive=1.0)
    assert measured.skill_by_size == pytest.approx([0, 0, 0], abs=0.2)
    assert cell(module, "cubes", drive=1.0).exponent > 0.3


def at_one_radius_memory_stops_growing(module):
    measured = cell(module, radius=0.3, units=2, doublings=5)
    assert measured.bend < -0.3
    assert measured.skill_by_size[-1] < 12
    assert measured.skill_by_size[0] == pytest.approx(2, abs=0.1)


def where_values_are_multiplied_a_short_echo_is_better_and_on_mackey_glass_a_long_one(module):
    short, long = ({"radius": radius, "units": 50, "doublings": 0, "length": 200} for radius in (0.7, 1.1))
    for task, worse, better in (("cubes", long, short), ("mackey_glass", short, long)):
        skills = [cell(module, task, drive=1.0, **levels).skill_by_size[0] for levels in (worse, better)]
        assert skills[1] > 1.1 * skills[0]


def on_mackey_glass_the_future_is_asked(module):
    heard, asked = module._task(module.Config(task="mackey_glass", length=50), SEED)
    assert asked[:-84, 0] == pytest.approx(heard[84:])
    assert np.ptp(heard) > 0.8


def narma_is_followed_by_what_has_an_echo(module):
    """Without one, only the slow sum of the past is known: four fifths of the spread stay unexplained."""
    deaf, hears = (cell(module, "narma", wiring=wiring, units=30, doublings=1) for wiring in ("none", "random"))
    assert max(deaf.skill_by_size) < 1.4
    assert hears.skill_by_size[1] > 2.4


def a_setting_is_chosen_on_rows_of_its_own(module):
    """Of two sizes and two settings, each with its skill on the rows for choosing and on the others."""
    found = np.array([[[3.0, 5.0], [2.0, 9.0]], [[1.0, 6.0], [4.0, 10.0]]])
    measured = module._measures([(0.5, 0.1), (0.9, 0.4)], found)
    assert measured.skill_by_size == (5.0, 10.0)
    assert measured.exponent == pytest.approx(1)
    assert measured.best_radius == pytest.approx(0.7)
    assert measured.best_drive == pytest.approx(0.2)


def every_setting_is_tried(module):
    levels = {"length": 100, "units": 16, "doublings": 0}
    chosen = cell(module, radius=0.0, drive=0.0, **levels)
    assert chosen.best_drive == pytest.approx(0.03)
    assert 0.5 < chosen.best_radius < 1.3
    assert chosen.skill_by_size[0] > cell(module, drive=1.0, **levels).skill_by_size[0]


TRUTHS = [
    linear_units_know_what_theory_says,
    a_normal_network_holds_one_input_under_noise_whatever_its_radius,
    linear_units_without_noise_remember_as_many_steps_as_they_are,
    no_network_knows_more_than_it_has_units,
    linear_units_know_no_products,
    at_one_radius_memory_stops_growing,
    where_values_are_multiplied_a_short_echo_is_better_and_on_mackey_glass_a_long_one,
    on_mackey_glass_the_future_is_asked,
    narma_is_followed_by_what_has_an_echo,
    a_setting_is_chosen_on_rows_of_its_own,
    every_setting_is_tried,
]


@pytest.mark.parametrize("truth", TRUTHS, ids=lambda truth: truth.__name__)
def test_it_is_true_that(truth):
    truth(reservoir_extended)


KNOWN = "reservoirs.capacities(read, true).sum()"
WRONG = [
    (linear_units_know_what_theory_says, '"noise": config.noise', '"noise": 0.0'),
    (linear_units_know_what_theory_says, "radius * echoes.WIRINGS", "radius**2 * echoes.WIRINGS"),
    (linear_units_know_what_theory_says, "config.units << size", "config.units << 2"),
    (linear_units_know_what_theory_says, "200, 1e-10", "200, 1.0"),
    (a_normal_network_holds_one_input_under_noise_whatever_its_radius, "drive * chance", "chance"),
    (a_normal_network_holds_one_input_under_noise_whatever_its_radius, KNOWN, f"{KNOWN} ** 0.5"),
    (linear_units_without_noise_remember_as_many_steps_as_they_are, "(1, DELAYS)", "(1, SHORT)"),
    (linear_units_without_noise_remember_as_many_steps_as_they_are, "skills[-half:]", "skills[-half:] ** 2"),
    # a value is heard eight times over
    (
        no_network_knows_more_than_it_has_units,
        "rng.uniform(-1.0, 1.0, rows)",
        "rng.uniform(-1, 1, rows).repeat(8)[:rows]",
    ),
    # a correlation for its square
    (no_network_knows_more_than_it_has_units, KNOWN, "(reservoirs.capacities(read, true) ** 0.5).sum()"),
    (linear_units_know_no_products, '"cubes": (3, SHORT)', '"cubes": (1, SHORT)'),
    (linear_units_know_no_products, '"activation": config.activation', '"activation": "tanh"'),
    (at_one_radius_memory_stops_growing, "high - low", "low - high"),
    (
        where_values_are_multiplied_a_short_echo_is_better_and_on_mackey_glass_a_long_one,
        "radius * echoes.WIRINGS",
        "0.7 * echoes.WIRINGS",
    ),
    (on_mackey_glass_the_future_is_asked, "return x[:rows], x[AHEAD:, None]", "return x[AHEAD:], x[:rows, None]"),
    (narma_is_followed_by_what_has_an_echo, "return inputs, targets[:, None]", "return targets, targets[:, None]"),
    (a_setting_is_chosen_on_rows_of_its_own, "found[:, :, 0].argmax", "found[:, :, 1].argmax"),
    (a_setting_is_chosen_on_rows_of_its_own, "chosen, 1]", "chosen, 0]"),
    (every_setting_is_tried, "itertools.product(radii, drives)", "itertools.product(radii, drives[-1:])"),
]


@pytest.mark.parametrize(("truth", "old", "new"), WRONG)
def test_it_would_not_be_of_a_wrong_version(truth, old, new):
    with pytest.raises(AssertionError):
        truth(wrong("reservoir_extended", old, new))
