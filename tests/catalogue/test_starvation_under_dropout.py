"""Who is silent by chance, by hand; and the weak feature starves beside a strong one (Pezeshki et al. 2021)."""

import functools
from statistics import fmean

import make_golden
import numpy as np
import pytest
from wrong import wrong

from axiom.catalogue import starvation_under_dropout as right
from axiom.domain.experiments import seed_of
from axiom.kit import chance, dropout, models, rivals

SEEDS = [seed_of(right.experiment.name, 1, replicate) for replicate in range(4)]


@functools.cache
def cells(module, *, strong=2.0, hidden=0.0, inputs=0.0, noise=1.0, width=32, epochs=20, **factors):
    config = module.Config(
        strong=strong, hidden=hidden, inputs=inputs, noise=noise, width=width, epochs=epochs, **factors
    )
    return [module.run(config, seed) for seed in SEEDS]


def the_first_losses_are_those_of_who_is_heard(module):
    """By hand: the losses that a cell tells of while it learns nothing."""
    config = module.Config(strong=2.0, hidden=0.5, inputs=0.2, noise=1.0, width=32, epochs=20, lr=0.0)
    seed = SEEDS[0]
    _, heard = make_golden.compute(module.experiment, config, seed)
    task = rivals.rivals(seed, strong=2.0, weak=0.5).task
    orders = chance.orders(seed, items=1_000, epochs=20)
    first, second = models.mlp(chance.stream(seed, "start"), (20, 32, 5))
    numbers = chance.stream(seed, "silence").integers(0, 1_024, size=(20_000, 2), dtype=np.int32)
    silent = chance.stream(seed, "silent inputs").random((1_024, 20)) < 0.2
    hushed = chance.stream(seed, "silent neurons").random((1_024, 32)) < 0.5
    for step, loss in enumerate(heard.early_values):
        rows = orders[0, 50 * step : 50 * (step + 1)]
        x = task.x_train[rows] * ~silent[numbers[rows, 0]] / 0.8
        hidden = np.maximum(x @ first.weights, 0) * ~hushed[numbers[rows, 1]] / 0.5
        outputs = hidden @ second.weights
        by_hand = np.log(np.exp(outputs).sum(axis=1)) - outputs[np.arange(50), task.y_train[rows]]
        assert loss == pytest.approx(by_hand.mean(), rel=1e-4)


def the_weak_block_starves_beside_a_strong_one(module):
    for noise in (0.1, 1.0):
        alone, beside = (
            fmean(one.weak_accuracy for one in cells(module, strong=strong, noise=noise)) for strong in (0.0, 2.0)
        )
        assert alone > beside + 0.1
        assert beside > 0.2  # of five classes


def what_starves_is_what_the_twin_knows_more(module):
    """Which has the same dropout, and for which the strong block is noise."""
    for silent in ({}, {"inputs": 0.5}):
        for beside, alone in zip(cells(module, **silent), cells(module, strong=0.0, **silent), strict=True):
            assert beside.beside_minus_alone == beside.weak_accuracy - alone.weak_accuracy
            stopped = beside.stopped_weak_accuracy - alone.stopped_weak_accuracy
            assert beside.stopped_beside_minus_alone == stopped
            assert alone.beside_minus_alone == 0


def without_the_weak_block_only_guessing_is_left(module):
    measured = cells(module, weak=0.0)
    assert fmean(one.weak_accuracy for one in measured) == pytest.approx(0.2, abs=0.02)
    assert min(one.test_accuracy for one in measured) > 0.95


def stopping_is_decided_on_other_data(module):
    """Of a block that tells nothing, the best of ten looks at 500 examples would be above the guessing of 0.2."""
    config = module.Config(strong=0.0, weak=0.0, hidden=0.0, inputs=0.0, noise=1.0, width=32, epochs=20)
    measured = [module.run(config, seed) for seed in range(20)]
    assert fmean(one.stopped_weak_accuracy for one in measured) == pytest.approx(0.2, abs=0.006)


def the_curve_ends_where_the_training_does(module):
    for measured in cells(module, inputs=0.5):
        assert len(measured.weak_by_snapshot) == 10
        assert measured.weak_accuracy == measured.weak_by_snapshot[-1]


TRUTHS = [
    the_first_losses_are_those_of_who_is_heard,
    the_weak_block_starves_beside_a_strong_one,
    what_starves_is_what_the_twin_knows_more,
    without_the_weak_block_only_guessing_is_left,
    stopping_is_decided_on_other_data,
    the_curve_ends_where_the_training_does,
]


@pytest.mark.parametrize("truth", TRUTHS)
def test_the_truth(truth):
    truth(right)


@pytest.mark.parametrize(
    ("truth", "old", "new"),
    [
        (the_first_losses_are_those_of_who_is_heard, "rate=config.inputs", "rate=config.hidden"),
        (the_first_losses_are_those_of_who_is_heard, "rate=config.hidden", "rate=0.0"),
        (the_first_losses_are_those_of_who_is_heard, '"silent neurons"', '"silent inputs"'),
        (
            the_weak_block_starves_beside_a_strong_one,
            "strong=config.strong, weak=config.weak",
            "strong=0.0, weak=config.weak",
        ),
        (what_starves_is_what_the_twin_knows_more, "own[each] - twin[each]", "twin[each] - own[each]"),
        (what_starves_is_what_the_twin_knows_more, "[config.strong, 0.0]", "[config.strong, 1.0]"),
        (
            what_starves_is_what_the_twin_knows_more,
            "return [*seen, _learned(replace(config,",
            "return [*seen, _learned(replace(config, inputs=config.inputs if number == 0 else 0.0,",
        ),
        (without_the_weak_block_only_guessing_is_left, "weak=config.weak", "weak=0.5"),
        (stopping_is_decided_on_other_data, "weak[kept.argmax()]", "weak.max()"),
        (
            the_curve_ends_where_the_training_does,
            '"weak_accuracy": float(weak[-1])',
            '"weak_accuracy": float(kept[-1])',
        ),
    ],
)
def test_a_wrong_version_fails_the_truth(truth, old, new):
    with pytest.raises(AssertionError):
        truth(wrong("starvation_under_dropout", old, new))


def test_the_patterns_of_a_layer_are_as_many_as_the_hand_above_takes():
    assert dropout.PATTERNS == 1_024
