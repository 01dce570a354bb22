"""Liu et al. (2022): a sharp critical share, by heart below it, and a smaller share of larger primes."""

import functools
import math

import jax
import numpy as np
import pytest
from wrong import wrong

from axiom.catalogue import critical_data_fraction
from axiom.domain.experiments import seed_of
from axiom.kit import arithmetic, chance
from axiom.kit.optimizers import Rates

SEED = seed_of("critical_data_fraction", 1, 0)
SHORT = {"steps": 250, "attempts": 3}


@functools.cache
def cell(module, modulus=17, **changes):
    return module.run(module.Config(**({"modulus": modulus, "width": "grows"} | SHORT | changes)), SEED)


def interval_is_halved(module):
    """By hand: each attempt shows the geometric middle of what those before have left."""
    measured = cell(module)
    unit, low, high = 17 * math.log(17), 1.5, 5.0
    for shown, right in zip(measured.shown_by_attempt, measured.right_by_attempt, strict=True):
        assert shown == round(math.sqrt(low * high) * unit)
        low, high = (low, shown / unit) if right >= 0.95 else (shown / unit, high)
    assert len(measured.shown_by_attempt) == 3
    assert measured.is_within == 1
    assert measured.critical == pytest.approx(math.sqrt(low * high) * unit)
    assert measured.per_p_ln_p * unit == pytest.approx(measured.share * 17**2) == pytest.approx(measured.critical)


def threshold_is_there(module):
    """Trained by another program on the sums alone: with a few less nothing is understood, with a few more all is."""
    measured = cell(module)
    tried = dict(zip(measured.shown_by_attempt, measured.right_by_attempt, strict=True))
    few, enough = max(n for n in tried if tried[n] < 0.95), min(n for n in tried if tried[n] >= 0.95)
    start = arithmetic.quadratic(chance.stream(SEED, "start of 17"), modulus=17, hidden=51)
    for shown in (few, enough):
        task = arithmetic.modular_addition(chance.stream(SEED, "sums of 17"), modulus=17, share=shown / 17**2)
        found = arithmetic.learned(start, task, rates=Rates(lr=0.01, weight_decay=2.0), steps=250, every=50)
        assert (found.test[-1] >= 0.95) is (shown == enough)
        assert found.train[-1] == 1.0
    assert measured.known_below == 1.0
    assert measured.asked_below == tried[few]
    assert measured.steps_above <= 250


def empty_rows_teach_nothing(module):
    """With them, the gradient is that of the sums alone, but for its length."""
    table = arithmetic.modular_addition(chance.stream(1, "sums"), modulus=11, share=1.0)
    net = arithmetic.quadratic(chance.stream(1, "start"), modulus=11, hidden=8)
    x, y = module.rows(table, 50, 13.4)
    assert len(x) == len(y) == 54
    slope = jax.jit(jax.grad(arithmetic.squared_error))
    for one, other in zip(slope(net, x, y), slope(net, table.x_train[:50], table.y_train[:50]), strict=True):
        assert np.asarray(one) * 54 / 50 == pytest.approx(np.asarray(other), rel=1e-4, abs=1e-7)


def share_falls(module):
    """A prime a third larger needs a smaller share, but more sums."""
    small, large = cell(module), cell(module, 23)
    assert large.share < small.share
    assert large.critical > small.critical


def placebo_knows_one_prime(module):
    """Whatever it says, the modulus is 17; but sums and start are others."""
    one, other = (cell(module, modulus, control="placebo") for modulus in (23, 31))
    assert one.critical == pytest.approx(one.share * 17**2)
    assert one.shown_by_attempt[0] == other.shown_by_attempt[0] == cell(module).shown_by_attempt[0]
    assert one.right_by_attempt != other.right_by_attempt


def nothing_is_understood_at_once(module):
    """After 50 steps the shown sums are known at best: no number is enough, and none is critical."""
    measured = cell(module, steps=50)
    assert (measured.is_within, measured.critical, measured.steps_above) == (0, None, None)
    assert list(measured.shown_by_attempt) == sorted(measured.shown_by_attempt)
    assert measured.asked_below < 0.5


TRUTHS = [
    interval_is_halved,
    threshold_is_there,
    empty_rows_teach_nothing,
    share_falls,
    placebo_knows_one_prime,
    nothing_is_understood_at_once,
]


@pytest.mark.parametrize("truth", TRUTHS)
def test_it_finds_the_critical_number(truth):
    truth(critical_data_fraction)


@pytest.mark.parametrize(
    ("truth", "right", "mistake"),
    [
        (interval_is_halved, "math.sqrt(low * high)", "(low + high) / 2"),
        (interval_is_halved, "(low, middle, tried) if", "(middle, high, tried) if"),
        (interval_is_halved, "share=critical / modulus**2", "share=critical / modulus"),
        (threshold_is_there, "weight_decay=config.weight_decay)", "weight_decay=0.0)"),
        (threshold_is_there, "table.x_train[:shown], table.y_train[:shown])\n", "table.x_train, table.y_train)\n"),
        (empty_rows_teach_nothing, "(0, 0)))", '(0, 0)), mode="edge")'),
        (placebo_knows_one_prime, "SAME if", "self.modulus if"),
        (interval_is_halved, "looks[-1] >= arithmetic.MASTERED", "known >= arithmetic.MASTERED"),
    ],
)
def test_a_wrong_version_would_be_found_out(truth, right, mistake):
    module = wrong("critical_data_fraction", right, mistake)
    with pytest.raises(AssertionError):
        truth(module)
