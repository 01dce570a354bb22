"""Too few sums are never understood, however long one waits; enough are, at a low rate and at a high one."""

import functools

import pytest
from wrong import wrong

from axiom.catalogue import grokking_patience as right
from axiom.kit import arithmetic, chance, optimizers


@functools.cache
def cell(share=0.4, *, modulus=53, steps=400, module=right, **changes):
    return module.run(module.Config(modulus=modulus, share=share, steps=steps, **changes), 5)


def truth_of_too_few(module):
    """Three tenths of P = 23 are known by heart at once, and the rest is hardly better than guessed long after."""
    measured = cell(0.3, modulus=23, steps=3_000, module=module)
    assert (measured.understood, measured.steps, measured.train_accuracy) == (0, 3_000, 1.0)
    assert measured.memorised_at < 100
    assert measured.test_accuracy < 0.2


def truth_of_enough(module):
    """Four tenths of P = 53 are understood after a wait, and at ten times the rate, too."""
    for lr in (0.01, 0.1):
        measured = cell(lr=lr, module=module)
        assert measured.understood == 1
        assert measured.memorised_at < measured.steps < 400
        assert measured.test_accuracy >= arithmetic.MASTERED


def truth_of_lengths(module):
    """That of the weights at the end, over that when what is shown was known; both as another training has them."""
    measured = cell(module=module)
    task = arithmetic.modular_addition(chance.stream(5, "pairs of 53"), modulus=53, share=0.4)
    start = arithmetic.quadratic(chance.stream(5, "start"), modulus=53, hidden=128)
    rates = optimizers.Rates(lr=0.01, weight_decay=1.0)
    then, now = (
        arithmetic.norm(arithmetic.learned(start, task, rates=rates, steps=steps, every=20).net)
        for steps in (measured.memorised_at, measured.steps)
    )
    assert measured.length_kept == pytest.approx(now / then, rel=1e-3)
    assert measured.length_kept > 1.1


TRUTHS = (truth_of_too_few, truth_of_enough, truth_of_lengths)


@pytest.mark.parametrize("truth", TRUTHS)
def test_it_finds_what_is_known(truth):
    truth(right)


def test_sums_that_follow_no_rule_are_memorised_and_never_understood():
    measured = cell(is_scrambled=True)
    assert (measured.understood, measured.steps) == (0, 400)
    assert measured.train_accuracy > 0.9
    assert measured.test_accuracy < 0.1


def test_what_was_never_known_by_heart_has_no_length_to_compare_with():
    measured = cell(steps=5)
    assert (measured.memorised_at, measured.length_kept, measured.steps) == (None, None, 5)


def test_the_curve_has_ten_points_at_most_and_begins_ignorant():
    curve = cell().test_by_time
    assert 3 <= len(curve) <= 10
    assert curve[0] < 0.2


@pytest.mark.parametrize(
    ("truth", "old", "new"),
    [
        (truth_of_too_few, "test_accuracy=rest[-1]", "test_accuracy=shown[-1]"),
        (truth_of_too_few, "share=config.share,", "share=0.6,"),
        (truth_of_too_few, "looked[1] >= MASTERED", "looked[0] >= MASTERED"),  # it ends once it knows by heart
        (truth_of_enough, "is_scrambled=config.is_scrambled", "is_scrambled=not config.is_scrambled"),
        (truth_of_enough, "enumerate(shown) if", "enumerate(rest) if"),
        (truth_of_lengths, "lengths[-1] / lengths[by_heart]", "lengths[by_heart] / lengths[-1]"),
        (truth_of_lengths, "weight_decay=config.weight_decay)", "weight_decay=0.0)"),
    ],
)
def test_a_wrong_version_does_not(truth, old, new):
    with pytest.raises(AssertionError):
        truth(wrong("grokking_patience", old, new))
