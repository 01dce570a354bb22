"""Below the edge the exponent is that of the largest eigenvalue; above it, that of mean-field theory."""

import functools
import math

import numpy as np
import pytest
from cell_host import Notebook, Shelf
from wrong import wrong

from axiom.catalogue import edge_of_chaos
from axiom.kit import chance, lyapunov, pace, reservoirs


def cell(module, units, drive, seed=5, **config):
    return module.run(module.Config(units=units, drive=drive, **{"steps": 700, "washout": 200} | config), seed)


def below_one_the_exponent_is_that_of_the_largest_eigenvalue(module):
    for seed in (5, 6, 7):
        radius = reservoirs.spectral_radius(reservoirs.gaussian(chance.stream(seed, "recurrent 0"), units=50))
        found = cell(module, 50, 0.0, seed, steps=1_500)
        assert found.ordered_exponent == pytest.approx(math.log(0.8 * radius), abs=0.003)


def above_it_is_that_of_mean_field_theory(module):
    for drive in (0.5, 1.0):
        found = cell(module, 300, drive)
        expected = lyapunov.mean_field(module.GAINS, drive=drive)
        assert found.exponent_by_gain == pytest.approx(expected, abs=0.04)
        assert np.mean(np.subtract(found.exponent_by_gain, expected)) == pytest.approx(0.0, abs=0.015)


def a_larger_network_is_chaotic_sooner(module):
    small, large = (
        np.median([cell(module, units, 0.0, seed).onset or 3.0 for seed in range(seeds)])
        for units, seeds in ((30, 12), (200, 4))
    )
    assert 1.1 < large < small - 0.15


def under_a_strong_input_it_is_chaotic_where_an_endless_network_is(module):
    """The exponents of both pass 0.01 between the same two of the seventeen gains."""
    for seed in (5, 6):
        found = cell(module, 200, 1.0, seed)
        assert found.onset - found.excess == pytest.approx(1.886, abs=0.001)
        assert found.excess == pytest.approx(0.03, abs=0.06)


def an_input_puts_chaos_off(module):
    for seed in (5, 6):
        onsets = [cell(module, 120, drive, seed).onset for drive in (0.1, 0.5, 1.0)]
        assert onsets == sorted(onsets)
        assert onsets[2] > onsets[0] + 0.3


def an_input_that_nobody_hears_changes_nothing(module):
    assert cell(module, 60, 1.0, share=0.0) == cell(module, 60, 0.0)


TRUTHS = [
    below_one_the_exponent_is_that_of_the_largest_eigenvalue,
    above_it_is_that_of_mean_field_theory,
    a_larger_network_is_chaotic_sooner,
    under_a_strong_input_it_is_chaotic_where_an_endless_network_is,
    an_input_puts_chaos_off,
    an_input_that_nobody_hears_changes_nothing,
]


@pytest.mark.parametrize("truth", TRUTHS, ids=lambda truth: truth.__name__)
def test_it_is_true_that(truth):
    truth(edge_of_chaos)


TANGENT = "(1.0 - states**2) * GAINS[:, None] * pushes"
WRONG = [
    (below_one_the_exponent_is_that_of_the_largest_eigenvalue, TANGENT, "(1.0 - states**2) * pushes"),
    (below_one_the_exponent_is_that_of_the_largest_eigenvalue, "float(exponents[0])", "float(exponents[1])"),
    (above_it_is_that_of_mean_field_theory, TANGENT, "GAINS[:, None] * pushes"),  # the slope of tanh is forgotten
    (above_it_is_that_of_mean_field_theory, TANGENT, "(1.0 - states) * GAINS[:, None] * pushes"),
    (above_it_is_that_of_mean_field_theory, "weights = config.drive *", "weights = config.drive**2 *"),
    # the variance of a connection is divided by the number of units twice
    (
        a_larger_network_is_chaotic_sooner,
        "units=config.units)\n    w",
        "units=config.units) / config.units**0.5\n    w",
    ),
    (under_a_strong_input_it_is_chaotic_where_an_endless_network_is, "GAINS, drive=config.drive", "GAINS, drive=0.0"),
    (under_a_strong_input_it_is_chaotic_where_an_endless_network_is, "else onset - endless", "else endless - onset"),
    (an_input_puts_chaos_off, "+ coins[moment] * weights", "- np.mean(coins) * weights"),  # a mean for the input
    (an_input_that_nobody_hears_changes_nothing, "weights[round(", "weights[1 + round("),
]


@pytest.mark.parametrize(("truth", "old", "new"), WRONG)
def test_it_would_not_be_of_a_wrong_version(truth, old, new):
    with pytest.raises(AssertionError):
        truth(wrong("edge_of_chaos", old, new))


@functools.cache
def short(**config):
    return cell(edge_of_chaos, 50, **{"drive": 0.5, "steps": 100, "washout": 20} | config)


def test_the_onset_lies_where_the_curve_first_leaves_zero():
    measured = short()
    above = [
        gain for gain, exponent in zip(edge_of_chaos.GAINS, measured.exponent_by_gain, strict=True) if exponent > 0.01
    ]
    assert above[0] - 0.1 < measured.onset < above[0]
    endless = lyapunov.mean_field(edge_of_chaos.GAINS, drive=0.5)
    assert measured.excess == measured.onset - lyapunov.onset(edge_of_chaos.GAINS, endless, above=0.01)
    assert measured.has_onset == 1


def test_a_network_that_is_never_chaotic_has_no_onset():
    measured = short(drive=50.0)
    assert (measured.onset, measured.excess, measured.has_onset) == (None, None, 0)
    assert max(measured.exponent_by_gain) < 0


def test_the_curve_holds_what_is_measured_at_two_gains():
    measured = short()
    by_gain = dict(zip(edge_of_chaos.GAINS.tolist(), measured.exponent_by_gain, strict=True))
    assert measured.ordered_exponent == by_gain[0.8]
    assert measured.chaotic_exponent == by_gain[2.0]


def test_an_interrupted_cell_measures_the_same_to_the_last_bit():
    def computed(shelf):
        pace.attach(Notebook(), shelf)
        try:
            return cell(edge_of_chaos, 30, 0.5, steps=250, washout=40)
        finally:
            pace.attach(None)

    whole = computed(shelf := Shelf())
    assert len(shelf.states) == 3
    assert computed(resumed := Shelf(shelf.states[0])) == whole
    assert len(resumed.states) == 2


def test_an_endless_network_passes_the_threshold_well_after_its_gain_of_one():
    """What the docstring says, on a fine grid and on that of the experiment."""
    fine = np.arange(0.8, 3.0, 0.01)
    for drive, level in ((0.0, 1.148), (0.1, 1.2405), (0.5, 1.581), (1.0, 1.8855)):
        found, coarse = (
            lyapunov.onset(gains, lyapunov.mean_field(gains, drive=drive), above=edge_of_chaos.CHAOTIC)
            for gains in (fine, edge_of_chaos.GAINS)
        )
        assert found == pytest.approx(level, abs=0.001)
        assert coarse == pytest.approx(level, abs=0.006)


def test_another_network_has_other_connections():
    assert short().exponent_by_gain != short(network=1).exponent_by_gain
