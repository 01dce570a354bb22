"""Of linear regression the expected loss follows a linear recursion, and so everything about batch sizes is known."""

import functools
import math

import numpy as np
import pytest
from wrong import wrong

from axiom.catalogue import batch_size_critical_phenomena
from axiom.domain.experiments import seed_of
from axiom.kit import goals

SEEDS = [seed_of("batch_size_critical_phenomena", 1, replicate) for replicate in range(4)]


@functools.cache
def cell(module, same, batch, task="noisy", loss="mse", number=0, **changes):
    return module.run(module.Config(task=task, loss=loss, same=same, batch=batch, **changes), SEEDS[number])


@functools.cache
def expected(number, task, batch, rate, steps):
    """The expected loss before the first step and after each, over all draws of batches: exact.

    Of the distance e from the best weights, the mean m and the second moment M, summed over outputs, obey
    m' = m - rate A m and M' = M - rate (A M + M A) + rate^2 ((1 - 1/B) A M A + C / B), where A is the second moment of
    the inputs x, and C the mean of x (x.e - r)^2 x with what the best weights miss, r.
    """
    _, x, y, _ = goals.problem(SEEDS[number], task)
    inputs = np.column_stack([x, np.ones(len(x))]).astype(np.float64)
    best = np.linalg.lstsq(inputs, y, rcond=None)[0]
    missed, moment = y - inputs @ best, inputs.T @ inputs / len(x)
    mean, second = -best, best @ best.T
    floor, found = 0.5 * np.mean(np.sum(missed**2, axis=1)), []
    for _ in range(steps + 1):
        found.append(floor + 0.5 * np.sum(moment * second))
        squares = np.sum((inputs @ second) * inputs, axis=1) - 2 * np.sum(missed * (inputs @ mean), axis=1)
        scattered = (inputs * (squares + np.sum(missed**2, axis=1))[:, None]).T @ inputs / len(x)
        bent = moment @ second
        second = second - rate * (bent + bent.T) + rate**2 * ((1 - 1 / batch) * bent @ moment + scattered / batch)
        second, mean = (second + second.T) / 2, mean - rate * moment @ mean  # else rounding grows
    return np.array(found), floor


def loss_is_the_expected_one(module):
    """At the end of as many examples, and with the rate in proportion to the batch."""
    for same, batch, rate, steps in (
        ("examples", 128, 0.004, 256),  # on the way; the others have come to rest
        ("examples", 8, 0.05, 4_096),
        ("both", 128, 0.4, 256),
    ):
        away = []
        for number in range(4):
            (*_, last), floor = expected(number, "noisy", batch, rate, min(steps, 256))
            measured = cell(module, same, batch, number=number, lr=0.05 if same == "both" else rate)
            assert measured.steps == steps
            assert measured.rate == pytest.approx(rate)
            away.append((measured.train_loss - floor) / (last - floor))
        assert np.mean(away) == pytest.approx(1, abs=0.3), (same, away)


def steps_are_those_of_the_best_rate(module):
    """To a tenth of the loss without noise, and to two thirds with as much noise as there is to learn."""
    for task, goal, batch in (("affine", 0.1, 8), ("affine", 0.1, 128), ("noisy", 0.6, 8)):
        ratios = []
        for number in range(2):
            found = []
            for rate in [2.0**-place for place in range(6)]:
                losses, _ = expected(number, task, batch, rate, 150)
                behind = np.flatnonzero(losses <= goal * losses[0])
                if len(behind) and np.isfinite(losses).all():
                    last = int(behind[0])
                    found.append(last - 1 + goals.share(losses[last - 1], losses[last], goal * losses[0]))
            measured = cell(module, "best", batch, task=task, goal=goal, number=number)
            assert measured.doublings == pytest.approx(math.log2(measured.steps * batch))
            ratios.append(measured.steps / min(found))
        assert 0.7 < np.mean(ratios) < 1.05, (task, batch, ratios)  # the rates are finer here, and chance has a choice


def copies_are_worth_nothing(module):
    single, many = (cell(module, "best", batch, task="affine", goal=0.3) for batch in (2, 8))
    assert many.steps < single.steps / 2
    copied = cell(module, "best", 8, task="affine", goal=0.3, copies=4)
    assert copied.steps == pytest.approx(single.steps, rel=0.25)
    assert copied.doublings == pytest.approx(single.doublings + 2, abs=0.35)


def sharpness_is_that_of_a_bowl(module):
    _, x, _, _ = goals.problem(SEEDS[0], "noisy")
    inputs = np.column_stack([x, np.ones(len(x))]).astype(np.float64)
    largest = np.linalg.eigvalsh(inputs.T @ inputs / len(x))[-1]
    for batch in (8, 128):
        assert cell(module, "examples", batch).sharpness == pytest.approx(largest, rel=1e-3)


def loss_is_matched(module):
    """A network arrives below the goal, and stood above it one look before."""
    for loss, nothing in (("ce", math.log(5)), ("mse", 0.4)):
        measured = cell(module, "loss", 8, task="clusters", loss=loss, goal=0.5)
        assert 0.4 * nothing < measured.train_loss <= 0.5 * nothing
        assert measured.rate == 0.05
        assert measured.test_accuracy == measured.best_accuracy > 0.5
    assert cell(module, "loss", 8, task="clusters", loss="ce", goal=0.05, lr=0.001).has_arrived == 0


def accuracy_is_looked_at_on_the_way(module):
    measured = cell(module, "examples", 8, task="clusters", loss="ce")
    assert measured.best_accuracy > measured.test_accuracy > 0.5
    assert measured.steps == 4_096


def placebo_is_of_eight_whatever_it_says(module):
    """By the same rows but for chance: as many steps to the loss at every size, and none of them twice."""
    four = [cell(module, "best", batch, task="affine", goal=0.3, control="placebo") for batch in (2, 8, 32, 128)]
    steps = [each.steps for each in four]
    assert len(set(steps)) == 4
    assert steps == pytest.approx([cell(module, "best", 8, task="affine", goal=0.3).steps] * 4, rel=0.4)
    assert [each.doublings for each in four] == pytest.approx([math.log2(8 * each.steps) for each in four])
    in_proportion = cell(module, "both", 128, control="placebo")
    assert (in_proportion.steps, in_proportion.rate) == (4_096, pytest.approx(0.025))


def own_batches_are_as_large_as_said(module):
    plain, own = (cell(module, "best", 128, task="affine", goal=0.3, control=control) for control in ("none", "own"))
    assert plain.steps != own.steps
    assert own.steps == pytest.approx(plain.steps, rel=0.25)
    assert own.doublings == pytest.approx(math.log2(128 * own.steps))


TRUTHS = [
    loss_is_the_expected_one,
    steps_are_those_of_the_best_rate,
    copies_are_worth_nothing,
    sharpness_is_that_of_a_bowl,
    loss_is_matched,
    accuracy_is_looked_at_on_the_way,
    placebo_is_of_eight_whatever_it_says,
    own_batches_are_as_large_as_said,
]


@pytest.mark.parametrize("truth", TRUTHS)
def test_it_knows_what_a_batch_size_does(truth):
    truth(batch_size_critical_phenomena)


@pytest.mark.parametrize(
    ("truth", "right", "mistake"),
    [
        (loss_is_the_expected_one, "size / REFERENCE if", "size if"),
        (loss_is_the_expected_one, "EXAMPLES // size\n", "EXAMPLES // REFERENCE\n"),
        (loss_is_the_expected_one, "first=ends[0], last=ends[1]", "first=0, last=ends[1]"),
        (loss_is_the_expected_one, "first=ends[0], last=ends[1]", "first=ends[0], last=ends[0] + 1"),
        (loss_is_the_expected_one, "batch=size, steps", "batch=2, steps"),
        (steps_are_those_of_the_best_rate, "2.0 ** (2 - place / 2)", "2.0 ** (-3 - place / 2)"),
        (steps_are_those_of_the_best_rate, "2.0 ** (2 - place / 2)", "2.0 ** (2 - 4 * place)"),
        (steps_are_those_of_the_best_rate, "goal = config.goal * (", "goal = 0.7 * config.goal * ("),
        (steps_are_those_of_the_best_rate, "math.log2(count * size)", "math.log2(count)"),
        (copies_are_worth_nothing, "copies=config.copies", "copies=1"),
        (sharpness_is_that_of_a_bowl, "probe, x, y)[-1]", "probe, x, y)[0]"),
        (loss_is_matched, "0.5 * (1 - 1 / CLASSES)", "1 - 1 / CLASSES"),
        (loss_is_matched, "else [config.lr]", "else RATES"),
        (accuracy_is_looked_at_on_the_way, "best_accuracy=max", "best_accuracy=min"),
        (placebo_is_of_eight_whatever_it_says, 'SAME if config.control == "placebo" else config.batch', "config.batch"),
        (placebo_is_of_eight_whatever_it_says, 'seed if config.control == "none" else', "seed if True else"),
        (own_batches_are_as_large_as_said, 'SAME if config.control == "placebo"', 'SAME if config.control != "none"'),
    ],
)
def test_a_wrong_version_would_be_found_out(truth, right, mistake):
    module = wrong("batch_size_critical_phenomena", right, mistake)
    with pytest.raises(AssertionError):
        truth(module)
