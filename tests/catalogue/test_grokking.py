"""Modular addition: the critical share, the wait for understanding, and the length of the weights."""

import functools
import math

import jax
import numpy as np
import pytest

from axiom.catalogue import critical_data_fraction, grokking_dynamics, grokking_patience, weight_decay_phase_diagram
from axiom.catalogue import grokking_in_relu_networks as in_relu
from axiom.domain.experiments import seed_of
from axiom.kit import arithmetic, chance, models, optimizers
from axiom.kit.optimizers import Rates

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
        found = arithmetic.learned(start, task, rates=Rates(lr=0.01, weight_decay=2.0), steps=250, every=50)
        assert (found.test[-1] >= 0.95) is (shown == enough)
        assert found.train[-1] == 1.0
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
    for one, other in zip(slope(net, x, y), slope(net, table.x_train[:50], table.y_train[:50]), strict=True):
        assert np.asarray(one) * 54 / 50 == pytest.approx(np.asarray(other), rel=1e-4, abs=1e-7)


def test_nothing_is_understood_at_once():
    """After 50 steps the shown sums are known at best: no number is enough, and none is critical."""
    measured = fraction_cell(steps=50)
    assert (measured.is_within, measured.critical, measured.steps_above) == (0, None, None)
    assert list(measured.shown_by_attempt) == sorted(measured.shown_by_attempt)
    assert measured.asked_below < 0.5


# Liu et al. (2022): a sharp critical share of examples; Gromov (2023): what is understood is made of waves.
SHARE_SEED = seed_of("grokking_dynamics", 1, 0)
SHARE_SIZES = (23, 64), (53, 128)  # about as many neurons for each residue


def share_cell(share, modulus, hidden, steps=400):
    config = grokking_dynamics.Config(modulus=modulus, share=share, hidden=hidden, steps=steps)
    return grokking_dynamics.run(config, SHARE_SEED)


def test_a_larger_prime_needs_a_smaller_share():
    """Three tenths are enough for P = 53 and not for P = 23; only what is understood is waves, and no start is."""
    small, large = (share_cell(0.3, modulus, hidden) for modulus, hidden in SHARE_SIZES)
    assert (small.grokked, large.grokked) == (0, 1)
    assert large.concentration > small.concentration + 0.1
    assert small.concentration_at_start == pytest.approx(4 / 24, rel=0.1)
    assert large.concentration_at_start == pytest.approx(4 / 54, rel=0.1)


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
@functools.cache
def patience_cell(share=0.4, *, modulus=53, steps=400, **changes):
    return grokking_patience.run(grokking_patience.Config(modulus=modulus, share=share, steps=steps, **changes), 5)


def test_enough_sums_are_understood_at_either_rate():
    """Four tenths of P = 53 are understood after a wait, and at ten times the rate, too."""
    for lr in (0.01, 0.1):
        measured = patience_cell(lr=lr)
        assert measured.understood == 1
        assert measured.memorised_at < measured.steps < 400
        assert measured.test_accuracy >= arithmetic.MASTERED


def test_lengths_are_those_of_another_training():
    """That of the weights at the end, over that when what is shown was known; both as another training has them."""
    measured = patience_cell()
    task = arithmetic.modular_addition(chance.stream(5, "pairs of 53"), modulus=53, share=0.4)
    start = arithmetic.quadratic(chance.stream(5, "start"), modulus=53, hidden=128)
    rates = optimizers.Rates(lr=0.01, weight_decay=1.0)
    then, now = (
        arithmetic.norm(arithmetic.learned(start, task, rates=rates, steps=steps, every=20).net)
        for steps in (measured.memorised_at, measured.steps)
    )
    assert measured.length_kept == pytest.approx(now / then, rel=1e-3)
    assert measured.length_kept > 1.1


def test_what_was_never_known_by_heart_has_no_length_to_compare_with():
    measured = patience_cell(steps=5)
    assert (measured.memorised_at, measured.length_kept, measured.steps) == (None, None, 5)


# Decay shrinks weights as exp(-lr wd t), so the wait for understanding goes as 1 / (lr wd) (Liu et al. 2022).
DECAY_SEEDS = [seed_of("weight_decay_phase_diagram", 1, replicate) for replicate in range(2)]
DECAYS = (0.3, 1.0, 3.0)


@functools.cache
def decay_cell(weight_decay, seed=DECAY_SEEDS[0], *, steps=2_500, lr=0.01):
    return weight_decay_phase_diagram.run(
        weight_decay_phase_diagram.Config(weight_decay=weight_decay, lr=lr, steps=steps), seed
    )


def test_wait_is_inverse():
    """On a decade of decay at the usual rate, the mean slope is near -1."""
    waits = np.log([[decay_cell(decay, seed).wait for decay in DECAYS] for seed in DECAY_SEEDS])
    slopes = np.polyfit(np.log(DECAYS), waits.T, 1)[0]
    assert -1.35 < np.mean(slopes) < -0.75


def test_four_phases():
    """Along rising decay: memorisation, grokking, comprehension, confusion."""
    cells = [decay_cell(decay, steps=1_200) for decay in (0.0, 0.4, 3.0, 10.0)]
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
