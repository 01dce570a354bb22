"""What is asked decides: an unseen number is never said, heads gain by width, and an exclusive or loses by it."""

from statistics import fmean

import numpy as np
import pytest
from wrong import wrong

from axiom.catalogue import compositional_generalization as right
from axiom.domain.experiments import seed_of

SEEDS = [seed_of(right.experiment.name, 1, replicate) for replicate in range(12)]


def cells(module, readout, width, *, seeds=SEEDS[:4], epochs=40, **factors):
    config = module.Config(readout=readout, width=width, epochs=epochs, **factors)
    return [module.run(config, seed) for seed in seeds]


def no_new_number_is_right(module):
    for measured in cells(module, "number", 16, seeds=SEEDS[:2]):
        assert measured.seen_accuracy > 0.9
        assert measured.new_accuracy == 0.0
        assert measured.gap == measured.seen_accuracy
        assert measured.sayable == 0.0


def before_training_both_heads_are_right_by_chance(module):
    measured = cells(module, "heads", 16, seeds=range(12), lr=0.0)
    assert fmean(one.seen_accuracy for one in measured) == pytest.approx(1 / 36, abs=0.03)
    assert fmean(one.new_accuracy for one in measured) == pytest.approx(1 / 36, abs=0.03)


def of_strange_codes_nothing_is_known(module):
    for measured in cells(module, "heads", 128, seeds=SEEDS[:3], is_strange=True):
        assert measured.seen_accuracy > 0.9
        assert measured.new_accuracy < 0.2  # three times chance would be 0.08, and a level may lie near another


def contrast(module, name, seeds):
    """The declared contrast over these seeds, of a tenth of the training."""
    (estimand,) = (each for each in module.experiment.estimands if each.name == name)
    first, second = (
        [getattr(measured, estimand.measure) for measured in cells(module, **arm, seeds=seeds, epochs=15)]
        for arm in estimand.between
    )
    return fmean(first) - fmean(second)


def width_harms_an_exclusive_or(module):
    assert contrast(module, "xor_wide_minus_narrow", SEEDS) < -0.05  # the standard error is 0.04


def width_helps_two_heads(module):
    assert contrast(module, "heads_wide_minus_narrow", SEEDS[:3]) > 0.3


TRUTHS = [
    no_new_number_is_right,
    before_training_both_heads_are_right_by_chance,
    of_strange_codes_nothing_is_known,
    width_harms_an_exclusive_or,
    width_helps_two_heads,
]


def swapped(readout):
    """The arms of a contrast in the file's text, and the other way round."""
    wide, narrow = (f'{{"readout": "{readout}", "width": {width}}}' for width in (256, 16))
    return f"({wide}, {narrow})", f"({narrow}, {wide})"


@pytest.mark.parametrize("truth", TRUTHS)
def test_the_truth(truth):
    truth(right)


@pytest.mark.parametrize(
    ("truth", "old", "new"),
    [
        (no_new_number_is_right, 'examples("new", new, TEST_COPIES)', 'examples("new", seen, TEST_COPIES)'),
        (of_strange_codes_nothing_is_known, '"strange" if', '"codes" if'),
        (before_training_both_heads_are_right_by_chance, "np.all(np.stack(", "np.any(np.stack("),
        (width_harms_an_exclusive_or, *swapped("xor")),
        (width_harms_an_exclusive_or, "heads.accuracy(end, x_new, y_new)", "heads.accuracy(end, x, y)"),
        (width_helps_two_heads, *swapped("heads")),
    ],
    ids=["seen for new", "codes of training", "either for both", "xor's arms swapped", "train for test", "heads' arms"],
)
def test_a_wrong_version_fails_the_truth(truth, old, new):
    with pytest.raises(AssertionError):
        truth(wrong("compositional_generalization", old, new))


def test_the_loss_of_two_heads_is_the_sum_of_what_each_would_have_alone():
    rng = np.random.default_rng(5)
    net = right.models.mlp(rng, (4, 8, 6))
    x, y = rng.standard_normal((10, 4)).astype(np.float32), rng.integers(0, 3, size=(10, 2)).astype(np.int32)
    outputs = right.models.logits(net, x)
    alone = sum(
        np.mean(np.log(np.exp(part).sum(axis=1)) - part[np.arange(10), answers])
        for part, answers in ((outputs[:, :3], y[:, 0]), (outputs[:, 3:], y[:, 1]))
    )
    assert float(right.Heads(count=2)(net, x, y)) == pytest.approx(alone, rel=1e-5)
