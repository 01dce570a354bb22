"""Schaeffer et al. (2023): a share p of right parts is p to the power of their number of right answers."""

import functools

import numpy as np
import pytest
from wrong import wrong

from axiom.catalogue import emergent_abilities
from axiom.domain.experiments import seed_of
from axiom.kit import chance, data, models, training

SEED = seed_of("emergent_abilities", 1, 0)
KEPT = [seed_of("emergent_abilities", 3, replicate) for replicate in range(4)]  # of the eight of the controls


@functools.cache
def cell(module, task="parts", seed=SEED, **changes):
    return module.run(module.Config(**({"task": task, "doublings": 4, "epochs": 4} | changes)), seed)


def sums_are_sums(module):
    """Read back from the unit vectors: the digits of the answer, the lowest first, make the sum of both numbers."""
    task = module.TASKS["sums"](module.Config(task="sums"), SEED)
    digits = task.x_train.reshape(-1, 2, 3, 5).argmax(axis=3)
    numbers = digits @ np.array([1, 5, 25])
    assert (task.y_train @ np.array([1, 5, 25, 125]) == numbers.sum(axis=1)).all()
    assert numbers.min() == 0
    assert numbers.max() == 124
    shown, asked = (set(map(tuple, x)) for x in (task.x_train, task.x_test))
    assert len(shown) == len(asked) == 4_000
    assert not shown & asked


def rulers_know_a_line_from_a_step(module):
    """By hand: a line over seven doublings, a step, and the eighth power of a line."""
    line = np.linspace(0.2, 0.9, 8)
    assert module.steepest(line) == pytest.approx(1 / 7)
    assert module.half_way(line) == pytest.approx(3.5)
    step = np.repeat([0.1, 0.6], 4)
    assert module.steepest(step) == pytest.approx(1.0)
    assert module.half_way(step) == pytest.approx(3.5)
    power = line**8
    assert module.steepest(power) == pytest.approx((0.9**8 - 0.8**8) / (0.9**8 - 0.2**8))
    assert 6 < module.half_way(power) < 7


def one_part_is_a_whole_answer(module):
    measured = cell(module, parts=1)
    assert measured.part_by_width == measured.exact_by_width
    assert measured.steeper == measured.later == measured.excess == 0.0


def placebo_differs_by_chance_alone(module):
    """Whole answers are those of another network, which has no more of them and no less."""
    later = [cell(module, parts=1, control="placebo", seed=seed).later for seed in KEPT]
    assert 0.0 not in later
    assert abs(np.median(later)) < 0.3
    measured, plain = cell(module, parts=1, control="placebo"), cell(module, parts=1)
    assert measured.part_by_width == plain.part_by_width
    assert measured.exact_by_width == pytest.approx(plain.exact_by_width, abs=0.2)


def whole_answers_are_rarer_than_parts(module):
    """Parts that have nothing to do with each other are right together as often as the product of their shares says."""
    measured = cell(module)
    part, exact = np.array(measured.part_by_width), np.array(measured.exact_by_width)
    assert len(part) == 4
    assert (exact < part).all()
    assert part[-1] > part[0] + 0.1 > 0.3
    assert exact == pytest.approx(part**8, abs=0.03)
    assert abs(measured.excess) < 0.01
    assert measured.later > 0.2
    assert measured.best_exact == exact.max()
    assert measured.silent == pytest.approx(part[exact < 0.05].mean())


def parts_hear_their_own_inputs(module):
    """Every part of an answer follows from its own eight inputs, and a teacher of them alone gives it."""
    task = module.TASKS["parts"](module.Config(task="parts", parts=3), SEED)
    assert task.x_train.shape == (4_000, 24)
    drawn = data.linear_teacher(chance.stream(SEED, "part 1"), inputs=8, classes=5, train=4_000, test=4_000)
    assert np.array_equal(task.x_train[:, 8:16], drawn.x_train)
    assert np.array_equal(task.y_test[:, 1], drawn.y_test)
    assert not np.array_equal(task.y_train[:, 0], task.y_train[:, 1])


def loss_is_the_mean_of_the_parts(module):
    """By hand: the cross-entropies of two parts, each with five outputs of its own, averaged."""
    net = models.mlp(chance.stream(1, "net"), (4, 6, 10))
    x = chance.stream(1, "x").standard_normal((20, 4)).astype(np.float32)
    y = chance.stream(1, "y").integers(0, 5, (20, 2)).astype(np.int32)
    outputs = models.logits(net, x)
    by_hand = [training.cross_entropy(outputs[:, 5 * n : 5 * n + 5], y[:, n]) for n in range(2)]
    assert float(module.Parts()(net, x, y)) == pytest.approx(np.mean(by_hand), rel=1e-5)


TRUTHS = [
    sums_are_sums,
    rulers_know_a_line_from_a_step,
    one_part_is_a_whole_answer,
    placebo_differs_by_chance_alone,
    whole_answers_are_rarer_than_parts,
    parts_hear_their_own_inputs,
    loss_is_the_mean_of_the_parts,
]


@pytest.mark.parametrize("truth", TRUTHS)
def test_it_measures_the_same_networks_by_two_rulers(truth):
    truth(emergent_abilities)


@pytest.mark.parametrize(
    ("truth", "right", "mistake"),
    [
        (sums_are_sums, "both.sum(axis=1)", "both.max(axis=1)"),
        (sums_are_sums, ".permutation(numbers**2)", ".integers(0, numbers**2, numbers**2)"),
        (rulers_know_a_line_from_a_step, "np.diff(curve).max()", "np.diff(curve).mean()"),
        (rulers_know_a_line_from_a_step, "(curve[0] + curve.max()) / 2", "curve.max() / 2"),
        (whole_answers_are_rarer_than_parts, "whole.all(axis=1)", "whole.any(axis=1)"),
        (placebo_differs_by_chance_alone, "another start", "start"),
        (placebo_differs_by_chance_alone, "    whole = right(number", "    part = right(number"),
        (parts_hear_their_own_inputs, 'f"part {n}"', '"part"'),
        (loss_is_the_mean_of_the_parts, "y.reshape(-1)", "y.T.reshape(-1)"),
    ],
)
def test_a_wrong_version_would_be_found_out(truth, right, mistake):
    module = wrong("emergent_abilities", right, mistake)
    with pytest.raises(AssertionError):
        truth(module)
