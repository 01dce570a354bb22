"""Dambre et al. (2012): memory is at most as large as the network. Jaeger (2001): a fading echo is what it lives on."""

import functools

import numpy as np
import pytest
from wrong import wrong

from axiom.catalogue import reservoir_computing

SEEDS = (5, 6, 7, 8)


def cell(module, task, units, radius=0.9, seed=5, **config):
    return module.run(module.Config(task=task, units=units, radius=radius, **config), seed)


def held(module, seeds=SEEDS, **config):
    return [cell(module, "memory", seed=seed, **config).memory for seed in seeds]


def no_network_remembers_more_than_it_has_units(module):
    """Each of 1500 rows adds noise to the estimate, so the bound is asked of a mean."""
    for radius, drive in ((0.9, 0.05), (0.9, 0.3), (1.0, 0.3)):
        assert 2.5 < np.mean(held(module, units=4, radius=radius, drive=drive)) <= 4.1
    assert 7.5 < np.mean(held(module, units=10)) <= 10.0


def a_delay_line_in_its_linear_range_remembers_as_much_as_it_has_units(module):
    for units in (5, 15):
        assert np.median(held(module, units=units, wiring="delay_line", drive=0.01)) == pytest.approx(units, rel=0.06)
    measured = cell(module, "memory", 5, wiring="delay_line", drive=0.01)
    assert measured.memory_by_delay[:5] == pytest.approx([1.0] * 5, abs=0.02)
    assert sum(measured.memory_by_delay[5:]) < 0.05


def without_connections_only_the_present_is_known(module):
    measured = cell(module, "memory", 20, wiring="none")
    assert measured.memory == pytest.approx(1.0, abs=0.05)
    assert measured.memory_by_delay[0] > 0.97


def memory_grows_more_slowly_than_the_network(module):
    sizes = (20, 40, 80)
    remembered = [np.mean(held(module, seeds=(5, 6), units=units)) for units in sizes]
    assert 0.15 < np.polyfit(np.log(sizes), np.log(remembered), 1)[0] < 0.6


def memory_is_largest_near_the_edge(module):
    short, near, beyond = (cell(module, "memory", 60, radius).memory for radius in (0.3, 1.0, 1.3))
    assert near > short + 4
    assert near > beyond + 1


def a_larger_network_errs_less(module):
    for task in ("narma", "mackey_glass"):
        small, large = (cell(module, task, units).error for units in (20, 120))
        assert large < min(0.85 * small, 0.35)


def narma_needs_the_input_of_nine_steps_before(module):
    """Without that product only the slow sum of the past is known: four fifths of the spread stay unexplained."""
    assert cell(module, "narma", 40, wiring="none").error > 0.8
    assert cell(module, "narma", 40).error < 0.5


TRUTHS = [
    no_network_remembers_more_than_it_has_units,
    a_delay_line_in_its_linear_range_remembers_as_much_as_it_has_units,
    without_connections_only_the_present_is_known,
    memory_grows_more_slowly_than_the_network,
    memory_is_largest_near_the_edge,
    a_larger_network_errs_less,
    narma_needs_the_input_of_nine_steps_before,
]


@pytest.mark.parametrize("truth", TRUTHS, ids=lambda truth: truth.__name__)
def test_it_is_true_that(truth):
    truth(reservoir_computing)


SCALED = "config.radius / reservoirs.spectral_radius(connections) * connections"
WRONG = [
    # a correlation for its square
    (no_network_remembers_more_than_it_has_units, "float(by_delay.sum())", "float((by_delay**0.5).sum())"),
    # the inputs are not independent
    (no_network_remembers_more_than_it_has_units, "-1.0, 1.0, WASHOUT + TRAIN + TEST)", "-1.0, 1.0, 8).repeat(625)"),
    (a_delay_line_in_its_linear_range_remembers_as_much_as_it_has_units, "WASHOUT + TRAIN), slice", "220), slice"),
    (without_connections_only_the_present_is_known, "return 0.0 * connections", "return 0.1 * connections"),
    (a_larger_network_errs_less, "PENALTY = 1e-8", "PENALTY = 10.0"),
    (a_larger_network_errs_less, "states[train], targets[train]", "states[:WASHOUT], targets[:WASHOUT]"),
    (memory_grows_more_slowly_than_the_network, "DELAYS = 200", "DELAYS = 10"),  # and all of them remember these
    # a share of the units for their number
    (memory_grows_more_slowly_than_the_network, "float(by_delay.sum())", "float(by_delay.sum() / config.units)"),
    (memory_is_largest_near_the_edge, SCALED, "connections / reservoirs.spectral_radius(connections)"),
    (memory_is_largest_near_the_edge, SCALED, "connections / config.radius"),  # the inverse
    (a_larger_network_errs_less, "return x[:length], x[AHEAD:]", "return x[AHEAD:], x[:length]"),  # foretells the past
    (narma_needs_the_input_of_nine_steps_before, SCALED, "0.1 * config.radius * connections"),
]


@pytest.mark.parametrize(("truth", "old", "new"), WRONG)
def test_it_would_not_be_of_a_wrong_version(truth, old, new):
    with pytest.raises(AssertionError):
        truth(wrong("reservoir_computing", old, new))


@functools.cache
def measured(task):
    return cell(reservoir_computing, task, 30)


def test_the_memory_task_has_a_capacity_and_the_others_an_error():
    assert measured("memory").error is None
    assert measured("narma").memory is None
    assert measured("mackey_glass").memory_by_delay is None


@pytest.mark.parametrize("task", ["narma", "mackey_glass"])
def test_rows_that_were_learned_are_not_what_the_error_is_of(task):
    both = measured(task)
    assert both.train_error != both.error
    assert 0.5 * both.error < both.train_error < 1.5 * both.error


def test_the_capacity_is_the_sum_over_delays():
    assert sum(measured("memory").memory_by_delay) <= measured("memory").memory
