"""Modular addition: the critical share, the wait for understanding, and the length of the weights."""

import functools
import math

import jax
import numpy as np
import pytest

from axiom.domain.experiments import seed_of
from axiom.kit import arithmetic, chance, models, optimizers
from axiom.kit.optimizers import Rates
from axiom_catalogue import (
    critical_data_fraction,
    frequencies_at_size,
    grokking_patience,
    grokking_transition,
    transition_at_size,
    ways_of_adding,
    weight_decay_phase_diagram,
)
from axiom_catalogue import grokking_in_relu_networks as in_relu

# Liu et al. (2022): a sharp critical share, by heart below it, and a smaller share of larger primes.
FRACTION_SEED = seed_of("critical_data_fraction", 1, 0)
FRACTION_SHORT = {"steps": 250, "attempts": 3}


@functools.cache
def fraction_cell(modulus=17, **changes):
    return critical_data_fraction.run(
        critical_data_fraction.Config(**({"modulus": modulus, "width": "grows"} | FRACTION_SHORT | changes)),
        FRACTION_SEED,
    )


def test_interval_is_halved():
    """By hand: each attempt shows the geometric middle of what those before have left."""
    measured = fraction_cell()
    unit, low, high = 17 * math.log(17), 1.5, 5.0
    for shown, right in zip(measured.shown_by_attempt, measured.right_by_attempt, strict=True):
        assert shown == round(math.sqrt(low * high) * unit)
        low, high = (low, shown / unit) if right >= 0.95 else (shown / unit, high)
    assert len(measured.shown_by_attempt) == 3
    assert measured.is_within == 1
    assert measured.critical == pytest.approx(math.sqrt(low * high) * unit)
    assert measured.per_p_ln_p * unit == pytest.approx(measured.share * 17**2) == pytest.approx(measured.critical)


def test_threshold_is_there():
    """Trained by another program on the sums alone: with a few less nothing is understood, with a few more all is."""
    measured = fraction_cell()
    tried = dict(zip(measured.shown_by_attempt, measured.right_by_attempt, strict=True))
    few, enough = max(n for n in tried if tried[n] < 0.95), min(n for n in tried if tried[n] >= 0.95)
    start = arithmetic.quadratic(chance.stream(FRACTION_SEED, "start of 17"), modulus=17, hidden=51)
    for shown in (few, enough):
        task = arithmetic.modular_addition(chance.stream(FRACTION_SEED, "sums of 17"), modulus=17, share=shown / 17**2)
        course = arithmetic.learned(start, task, rates=Rates(lr=0.01, weight_decay=2.0), steps=250, every=50)
        assert (course.test[-1] >= 0.95) is (shown == enough)
        assert course.train[-1] == 1.0
    assert measured.known_below == 1.0
    assert measured.asked_below == tried[few]
    assert measured.steps_above <= 250


def test_empty_rows_teach_nothing():
    """With them, the gradient is that of the sums alone, but for its length."""
    table = arithmetic.modular_addition(chance.stream(1, "sums"), modulus=11, share=1.0)
    net = arithmetic.quadratic(chance.stream(1, "start"), modulus=11, hidden=8)
    x, y = critical_data_fraction.rows(table, 50, 13.4)
    assert len(x) == len(y) == 54
    slope = jax.jit(jax.grad(arithmetic.squared_error))
    for padded, plain in zip(slope(net, x, y), slope(net, table.x_train[:50], table.y_train[:50]), strict=True):
        assert np.asarray(padded) * 54 / 50 == pytest.approx(np.asarray(plain), rel=1e-4, abs=1e-7)


def test_nothing_is_understood_at_once():
    """After 50 steps the shown sums are known at best: no number is enough, and none is critical."""
    measured = fraction_cell(steps=50)
    assert (measured.is_within, measured.critical, measured.steps_above) == (0, None, None)
    assert list(measured.shown_by_attempt) == sorted(measured.shown_by_attempt)
    assert measured.asked_below < 0.5


# Liu et al. (2022): a sharp critical share of examples; Gromov (2023): what is understood is made of waves.
# Most of the table lets a network of ReLU infer the rest, three tenths do not, and the length of weights is theirs.
@functools.cache
def relu_cell(share=0.8, *, modulus=23, hidden=64, lr=0.01, steps=1_000, **changes):
    return in_relu.run(in_relu.Config(modulus=modulus, share=share, hidden=hidden, lr=lr, steps=steps, **changes), 5)


def test_the_length_begins_at_the_start_and_shrinks_with_decay():
    """It is that of the start, which a tiny rate hardly moves, and shrinks by the decay where that is large."""
    (first, second) = models.mlp(chance.stream(5, "start"), (46, 64, 23))
    begun = np.sqrt(np.sum(first.weights**2) + np.sum(second.weights**2))
    still = relu_cell(lr=1e-6, steps=200, weight_decay=0.0)
    assert still.length_by_time[0] == still.end_length == pytest.approx(begun, rel=1e-3)
    shrunk = relu_cell(lr=1e-4, steps=600, weight_decay=10.0)
    assert shrunk.end_length < shrunk.longest == max(shrunk.length_by_time)
    assert shrunk.length_kept == pytest.approx(shrunk.end_length / shrunk.longest)
    assert shrunk.longest_at == 200


def test_summands_are_a_plain_network_on_two_unit_vectors():
    net = models.mlp(chance.stream(5, "start"), (46, 64, 23))
    net = tuple(layer._replace(biases=layer.biases + 0.1) for layer in net)
    task = arithmetic.modular_addition(chance.stream(5, "pairs"), modulus=23, share=0.3)
    plain = models.logits(net, task.x_train)
    assert in_relu.outputs(net, in_relu.summands(task.x_train)) == pytest.approx(plain, rel=1e-4, abs=1e-5)


# Too few sums are never understood, however long one waits; enough are, at a low rate and at a high one.
def test_lengths_are_those_of_another_training():
    """That of the weights at the end, over that when what is shown was known; both as another training has them."""
    measured = grokking_patience.run(grokking_patience.Config(modulus=53, share=0.4, steps=400), 5)
    task = arithmetic.modular_addition(chance.stream(5, "pairs of 53"), modulus=53, share=0.4)
    start = arithmetic.quadratic(chance.stream(5, "start"), modulus=53, hidden=128)
    rates = optimizers.Rates(lr=0.01, weight_decay=1.0)
    then, now = (
        arithmetic.norm(arithmetic.learned(start, task, rates=rates, steps=steps, every=20).net)
        for steps in (measured.memorised_at, measured.steps)
    )
    assert measured.length_kept == pytest.approx(now / then, rel=1e-3)
    assert measured.length_kept > 1.1


# Decay shrinks weights as exp(-lr wd t), so the wait for understanding goes as 1 / (lr wd) (Liu et al. 2022).
def test_four_phases():
    """Along rising decay: memorisation, grokking, comprehension, confusion."""
    seed, rest = seed_of("weight_decay_phase_diagram", 1, 0), {"lr": 0.01, "steps": 1_200}
    configs = [weight_decay_phase_diagram.Config(weight_decay=decay, **rest) for decay in (0.0, 0.4, 3.0, 10.0)]
    cells = [weight_decay_phase_diagram.run(config, seed) for config in configs]
    named = (
        weight_decay_phase_diagram.MEMORISATION,
        weight_decay_phase_diagram.GROKKING,
        weight_decay_phase_diagram.COMPREHENSION,
        weight_decay_phase_diagram.CONFUSION,
    )
    assert tuple(measured.phase for measured in cells) == named
    assert [measured.grokked for measured in cells] == [0, 1, 1, 0]
    assert [measured.grokked_at is None for measured in cells] == [True, False, False, True]
    assert all(measured.memorised_at is not None for measured in cells)  # the last one forgets again
    assert all(measured.wait == measured.steps - measured.memorised_at for measured in cells)
    assert cells[0].train_accuracy == 1.0
    assert cells[3].train_accuracy < 0.1
    assert cells[0].norm > cells[1].norm > cells[2].norm > cells[3].norm


# Bi et al. (2026): does the transition sharpen with the modulus? Its breadth lies between two shares of right answers.
@pytest.mark.parametrize("asked", [grokking_transition, transition_at_size])
def test_a_bracket_lies_between_the_most_too_few_and_the_fewest_enough(asked):
    tried = [(100, 0.05), (120, 0.3), (125, 0.15), (130, 0.6), (140, 0.9), (150, 0.7)]
    assert asked.bracket(tried, 0.2) == (100, 120)
    assert asked.bracket(tried, 0.8) == (130, 140)
    assert asked.bracket(tried, 0.95) == (150, None)
    assert asked.bracket([], 0.5) == (None, None)


def test_a_transition_is_as_broad_as_what_was_tried_says():
    measured = grokking_transition.run(grokking_transition.Config(modulus=17, patience=1, steps=400), FRACTION_SEED)
    shown, right = measured.shown_by_attempt, measured.right_by_attempt
    assert list(shown) == sorted(set(shown))
    few = max(n for n, share in zip(shown, right, strict=True) if share < 0.2)
    assert measured.breadth == min(n for n, share in zip(shown, right, strict=True) if share >= 0.8) - few
    assert measured.part == measured.breadth / measured.critical
    table = arithmetic.modular_addition(
        chance.stream(FRACTION_SEED, "sums of 17 none"), modulus=17, share=(few + measured.breadth) / 17**2
    )
    start = arithmetic.quadratic(chance.stream(FRACTION_SEED, "start of 17 none"), modulus=17, hidden=128)
    alone = arithmetic.learned(start, table, rates=Rates(lr=0.01, weight_decay=1.0), steps=400, every=100)
    assert alone.test[-1] >= 0.7  # trained on the sums alone, and asked for all others


# McCracken et al. (2025), Morwani et al. (2023): with how many frequencies do networks add?
def test_the_spectrum_of_outputs_that_hang_on_the_sum_is_theirs():
    """By hand: two waves of the distance from the sum, one of half the height; then as much of the difference."""
    modulus, residues = 13, np.arange(13)
    first, second = (part.ravel() for part in np.meshgrid(residues, residues, indexing="ij"))
    turn = 2 * np.pi / modulus
    distance = (residues - (first + second)[:, None]) % modulus
    waves = np.cos(3 * turn * distance) + 0.5 * np.cos(5 * turn * distance)
    by_sum, power = ways_of_adding.spectrum(waves + first[:, None], (first + second) % modulus)
    assert by_sum == pytest.approx(1.0)
    assert power / power.max() == pytest.approx([0, 0, 1, 0, 0.25, 0], abs=1e-12)
    assert ways_of_adding.participation(power) == pytest.approx(1.25**2 / (1 + 0.25**2))
    other = np.cos(3 * turn * (residues - (first - second)[:, None]))  # which averages out over all pairs of a sum
    by_sum, power = ways_of_adding.spectrum(np.cos(3 * turn * distance) + other, (first + second) % modulus)
    assert by_sum == pytest.approx(0.5)
    assert ways_of_adding.participation(power) == pytest.approx(1.0)


def test_squares_add_with_all_frequencies_and_random_ones_with_none_alone():
    """Gromov's closed form and Morwani's theorem: every frequency as much. Sums that are dealt out leave nothing."""
    config = ways_of_adding.Config(network="squares", modulus=23, steps=400)
    adding = ways_of_adding.run(config, 5)
    assert adding.understood == adding.uses_most == 1
    assert adding.frequencies == pytest.approx(11, abs=0.1)
    assert adding.by_sum > 0.95
    dealt_out = ways_of_adding.run(ways_of_adding.Config(**{**vars(config), "control": "placebo"}), 5)
    assert (dealt_out.understood, dealt_out.frequencies) == (0, None)
    assert dealt_out.by_sum < 0.2


# He et al. (2026): does each neuron draw its frequency by lot?
def test_neurons_are_dealt_by_the_wave_that_each_hears_best():
    """By hand: of three frequencies, three neurons hear the first best and three the second; one is too faint."""
    residues, heard = 2 * np.pi * np.arange(7) / 7, [1, 1, 1, 2, 2, 2]
    waves = [np.cos(number * residues) + 0.3 * np.sin(3 * residues) for number in heard]
    half = np.stack([*waves, 0.01 * np.cos(3 * residues)], axis=1)
    assert frequencies_at_size.dealt(np.concatenate([half, half])) == pytest.approx((2.0, 2.0 * (1 + 5 / 3) / 6))


def test_neurons_whose_frequencies_are_drawn_are_dealt_as_by_lot():
    modulus, drawn = 113, np.random.default_rng(4)
    turns = 2 * np.pi * np.arange(modulus)[:, None] / modulus
    half = np.cos(turns * drawn.integers(1, 57, size=(200, 512))[:, None, :])
    lots = [frequencies_at_size.dealt(np.concatenate([first, first]))[1] for first in half]
    assert np.mean(lots) == pytest.approx(1.0, abs=0.01)


def test_squares_at_size_add_with_all_frequencies():
    measured = frequencies_at_size.run(
        frequencies_at_size.Config(network="squares", modulus=23, hidden=128, steps=400), 5
    )
    assert measured.understood == measured.uses_most == 1
    assert measured.frequencies == pytest.approx(11, abs=0.1)
