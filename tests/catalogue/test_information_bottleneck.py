"""Counted by hand what a layer tells; fine bins lose nothing (Goldfeld et al. 2019), and decay empties what is told."""

import functools
from collections import Counter
from math import log2

import numpy as np
import pytest
from wrong import wrong

from axiom.catalogue import information_bottleneck
from axiom.domain.experiments import seed_of
from axiom.kit import chance, information, models

SEED = seed_of("information_bottleneck", 1, 0)
LOOKS = 4


@functools.cache
def cell(module, activation="tanh", task="linear", **changes):
    config = module.Config(**({"task": task, "activation": activation, "looks": LOOKS} | changes))
    return module.run(config, SEED)


def told(active, low, high, bins):
    """The entropy of the rows, counted."""
    places = np.minimum(np.floor((np.asarray(active, dtype=np.float64) - low) / (high - low) * bins), bins - 1)
    counts = Counter(tuple(row) for row in places.tolist())
    return -sum(count / len(active) * log2(count / len(active)) for count in counts.values())


def what_layers_tell_before_training_is_counted(module):
    """The start as the file draws it, through bins of two thirtieths."""
    task = information.rule(chance.stream(SEED, "data"), bits=12, degree=1, train=3_072)
    x, _ = information.patterns(task)
    net = models.mlp(chance.stream(SEED, "start"), (12, 10, 8, 6, 2), gain=1.0)
    layers = models.Architecture(activation="tanh").hidden(net, x)
    for bins in (30, 1_000):
        by_hand = [told(active, -1, 1, bins) for active in layers]
        assert cell(module, bins=bins).start_bits == pytest.approx(by_hand)


def relu_is_seen_from_nothing_to_its_largest(module):
    """Over all looks: so no look alone decides where the bins lie, and its zeros share the first."""
    config = module.Config(task="linear", activation="relu", bins=10)
    looks = [(np.array([[0.0], [1.0], [2.0]]),), (np.array([[0.5], [4.0], [3.99]]),)]
    assert module.binned(config, looks, 0, looks[0]).ravel().tolist() == [0, 2, 5]
    assert module.binned(config, looks, 0, looks[1]).ravel().tolist() == [1, 9, 9]
    assert cell(module, "relu").label_bits > 0.5


def fine_bins_lose_nothing(module):
    """All 4,096 patterns stay apart in every layer: twelve bits, before and after."""
    measured = cell(module, bins=10_000_000)
    assert measured.start_bits == pytest.approx([12.0] * 3, abs=0.002)
    assert measured.end_bits == pytest.approx([12.0] * 3, abs=0.05)
    assert measured.compression < 0.05


def measures_belong_together(module):
    for measured in (cell(module), cell(module, "relu")):
        start, largest, end = map(np.array, (measured.start_bits, measured.largest_bits, measured.end_bits))
        assert measured.compression == pytest.approx((largest - end).mean())
        assert measured.since_start == pytest.approx((start - end).mean())
        assert measured.last_compression == pytest.approx(largest[-1] - end[-1])
        assert (largest >= np.maximum(start, end)).all()
        assert 0 <= measured.label_bits <= min(1.0, end[-1])


def rules_are_learned(module):
    """And what the last layer tells of the label follows how often the answer is right."""
    linear = cell(module)
    assert linear.train_accuracy > 0.95 < linear.test_accuracy + 0.02
    assert linear.label_bits > 0.7
    assert cell(module, task="quadratic").train_accuracy < linear.train_accuracy - 0.05


def batches_of_any_size_make_as_many_steps(module):
    """From one look to the next, whatever the size: only then their noise alone differs."""
    for batch in (module.SMALL, 64, module.LARGE):
        assert module.epochs(batch) * (module.EXAMPLES // batch) == module.LOOK == 384
    assert module.LARGE == 8 * module.SMALL


def controls_are_what_they_say(module):
    placebo, planted = cell(module, control="placebo"), cell(module, control="planted")
    assert abs(placebo.compression) < 0.05
    assert placebo.start_bits == pytest.approx(placebo.end_bits, abs=0.1)
    assert planted.compression > 2
    assert planted.label_bits < cell(module).label_bits


TRUTHS = [
    what_layers_tell_before_training_is_counted,
    relu_is_seen_from_nothing_to_its_largest,
    fine_bins_lose_nothing,
    measures_belong_together,
    rules_are_learned,
    batches_of_any_size_make_as_many_steps,
    controls_are_what_they_say,
]


@pytest.mark.parametrize("truth", TRUTHS)
def test_it_counts_what_layers_tell(truth):
    truth(information_bottleneck)


@pytest.mark.parametrize(
    ("truth", "right", "mistake"),
    [
        (what_layers_tell_before_training_is_counted, "low=-1.0, high=1.0", "low=0.0, high=1.0"),
        (what_layers_tell_before_training_is_counted, '"tanh": 1.0', '"tanh": 2.0'),
        (relu_is_seen_from_nothing_to_its_largest, "for each in looks)", "for each in [look])"),
        (fine_bins_lose_nothing, "bins=config.bins)\n    high", "bins=30)\n    high"),
        (measures_belong_together, "compression=float((largest", "compression=float((bits[0]"),
        (measures_belong_together, "since_start=float((bits[0]", "since_start=float((largest"),
        (rules_are_learned, "degree=RULES[config.task]", "degree=2"),
        (batches_of_any_size_make_as_many_steps, "return batch * LOOK", "return SMALL * LOOK"),
        (controls_are_what_they_say, "lr=1e-4 * config.lr", "lr=config.lr"),
        (controls_are_what_they_say, "weight_decay=0.03 if", "weight_decay=0.0 if"),
    ],
)
def test_a_wrong_version_would_be_found_out(truth, right, mistake):
    module = wrong("information_bottleneck", right, mistake)
    with pytest.raises(AssertionError):
        truth(module)
