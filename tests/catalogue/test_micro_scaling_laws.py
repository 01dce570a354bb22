"""Bahri et al. (2021): a power law over data, a fall over size that ends at the teacher, and a variance of 1/N."""

from statistics import fmean

import numpy as np
import pytest
from wrong import wrong

from axiom.catalogue import micro_scaling_laws as right
from axiom.domain.experiments import seed_of
from axiom.kit import scaling

SEEDS = [seed_of(right.experiment.name, 1, replicate) for replicate in range(3)]


def classes(module, items, width, *, steps=2_000, seeds=SEEDS[:2], **factors):
    config = module.Config(task="classes", items=items, width=width, steps=steps, **factors)
    return [module.run(config, seed) for seed in seeds]


def logarithm_of_loss(module, items, width):
    return fmean(np.log(measured.loss) for measured in classes(module, items, width))


def loss_is_a_power_of_the_data(module):
    items = np.array([64, 256, 1_024, 4_096])
    losses = np.array([logarithm_of_loss(module, count, 16) for count in items])
    slope, _ = np.polyfit(np.log(items), losses, 1)
    assert -0.55 < slope < -0.25
    assert np.corrcoef(np.log(items), losses)[0, 1] ** 2 > 0.93


def a_student_gains_by_width_until_it_is_larger_than_its_teacher(module):
    narrow, twice, wide = (logarithm_of_loss(module, 4_096, width) for width in (2, 16, 128))
    assert narrow - twice > 1.0
    assert abs(twice - wide) < 0.25


def stopping_early_is_worth_much_where_data_are_few(module):
    for measured in classes(module, 64, 16):
        assert measured.loss < 0.8 * measured.last_loss
        assert measured.best_step <= 1_000  # of 2,000


def two_samples_differ_by_a_variance_of_one_over_n(module):
    def spreads(items):
        config = module.Config(task="regression", items=items, width=4, steps=200, lr=0.1)
        return [module.run(config, seed).spread for seed in SEEDS]

    many = spreads(4_096)
    assert min(many) > 0
    slopes = [np.log(more / less) / np.log(8) for more, less in zip(many, spreads(512), strict=True)]
    assert fmean(slopes) == pytest.approx(-1, abs=0.12)


TRUTHS = [
    loss_is_a_power_of_the_data,
    a_student_gains_by_width_until_it_is_larger_than_its_teacher,
    stopping_early_is_worth_much_where_data_are_few,
    two_samples_differ_by_a_variance_of_one_over_n,
]


@pytest.mark.parametrize("truth", TRUTHS)
def test_the_truth(truth):
    truth(right)


@pytest.mark.parametrize(
    ("truth", "old", "new"),
    [
        (TRUTHS[0], "samples.orders(seed, items=config.items", "samples.orders(seed, items=MOST"),
        (TRUTHS[1], '"hidden": TEACHER}', '"hidden": config.width}'),
        (TRUTHS[2], '{"loss": best,', '{"loss": last,'),
        (TRUTHS[3], "np.split(drawn[np.arange(config.items)", "np.split(drawn[np.arange(MOST)"),
    ],
    ids=["all data for a part", "a teacher as wide as its student", "the end for the best", "all rows for a sample"],
)
def test_a_wrong_version_fails_the_truth(truth, old, new):
    with pytest.raises(AssertionError):
        truth(wrong("micro_scaling_laws", old, new))


def test_the_joint_law_is_that_of_all_classes(monkeypatch):
    monkeypatch.setattr(right, "ITEMS", (64, 256, 1_024))
    monkeypatch.setattr(right, "WIDTHS", (2, 16))
    found = right.run(right.Config(task="joint", items=64, width=2, steps=400), SEEDS[0])
    points = [(items, width) for items in right.ITEMS for width in right.WIDTHS]
    cells = [classes(right, *point, steps=400, seeds=SEEDS[:1])[0] for point in points]
    law = scaling.joint_law(
        [items for items, _ in points], [cell.parameters for cell in cells], [cell.loss for cell in cells]
    )
    assert (found.items_exponent, found.size_exponent) == (law.items_exponent, law.size_exponent)
    assert found.unexplained == law.unexplained
    assert found.parameters == 421
    assert (found.loss, found.diverged) == (None, 0)
    assert law.items_exponent > 0.2


def test_a_joint_law_needs_what_its_cells_need():
    seconds = right.experiment.needs.seconds
    joint = [config for config in right.experiment.sweep if config.task == "joint"]
    cells = [config for config in right.experiment.sweep if config.task == "classes"]
    assert seconds(joint[0]) == pytest.approx(sum(map(seconds, cells)), rel=0.05)


def test_labels_that_tell_nothing_teach_nothing():
    for measured in classes(right, 1_024, 16, steps=400, corrupted=0.8):
        assert measured.loss == pytest.approx(np.log(5), abs=0.15)


def test_copies_of_the_same_examples_are_worth_nothing():
    once, copied, more = (
        classes(right, items, 16, steps=400, seeds=SEEDS[:1], distinct=distinct)[0].loss
        for items, distinct in ((64, 64), (1_024, 64), (1_024, 1_024))
    )
    assert copied == pytest.approx(once, rel=0.05)
    assert copied != once  # they come in another order
    assert more < 0.8 * once


def test_copies_do_not_make_two_samples_alike():
    """An eighth of the examples has eight times the variance, however often they come."""
    copied, distinct = (
        right.run(right.Config(task="regression", items=512, width=4, steps=200, lr=0.1, distinct=count), SEEDS[0])
        for count in (64, 512)
    )
    assert 3 < copied.spread / distinct.spread < 20


def test_a_descent_that_diverges_is_an_outcome_without_a_loss():
    measured = right.run(right.Config(task="regression", items=512, width=4, steps=200, lr=30.0), SEEDS[0])
    assert (measured.loss, measured.last_loss, measured.spread, measured.diverged) == (None, None, None, 1)


@pytest.mark.parametrize(("width", "parameters"), [(2, 57), (16, 421), (128, 3_333)])
def test_parameters_count_weights_and_biases(width, parameters):
    assert classes(right, 64, width, steps=1, seeds=[5])[0].parameters == parameters
