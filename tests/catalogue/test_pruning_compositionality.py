"""Han et al. (2015): the smallest weights go and stay gone; a number that was never shown is never said."""

import functools

import numpy as np
import pytest
from wrong import wrong

from axiom.catalogue import pruning_compositionality as right
from axiom.domain.experiments import seed_of
from axiom.kit import chance, models, pruning, readouts

SEED = seed_of(right.experiment.name, 1, 0)


@functools.cache
def cell(module, readout="heads", removed=0.75, *, tuning=0, width=64, epochs=20, **factors):
    config = module.Config(readout=readout, width=width, removed=removed, tuning=tuning, epochs=epochs, **factors)
    return module.run(config, SEED)


def the_smallest_of_each_layer_go(module):
    """By hand, of a network that learns nothing: what is left of its start."""
    measured = cell(module, lr=0.0)
    asked = readouts.questions(SEED, "heads")
    start = models.mlp(chance.stream(SEED, "start"), (32, 64, 64, 12))
    left = [
        layer.weights * (np.abs(layer.weights) > np.quantile(np.abs(layer.weights), 0.75, method="lower"))
        for layer in start
    ]
    hidden = asked.x_new
    for weights in left[:-1]:
        hidden = np.maximum(hidden @ weights, 0)
    outputs = hidden @ left[-1]
    both = (outputs[:, :6].argmax(axis=1) == asked.y_new[:, 0]) & (outputs[:, 6:].argmax(axis=1) == asked.y_new[:, 1])
    assert measured.new_accuracy == pytest.approx(both.mean(), abs=1e-6)
    ranks = [
        (singular**2).sum() / singular[0] ** 2
        for singular in (np.linalg.svd(weights, compute_uv=False) for weights in (start[0].weights, left[0]))
    ]
    assert measured.first_rank == pytest.approx(ranks[1], rel=0.002)
    assert measured.first_rank_kept == pytest.approx(ranks[1] / ranks[0], rel=0.003)
    assert abs(ranks[1] / ranks[0] - 1) > 0.02  # or the quotient could be the other way round


def what_is_gone_says_nothing_in_training(module):
    """The loss is that of what is left, whatever the weights that are gone: so they get no gradient."""
    net, asked = models.mlp(chance.stream(1, "net"), (32, 8, 8, 12)), readouts.questions(SEED, "heads")
    mask = pruning.magnitude(net, keep=0.25, layerwise=True)
    left, rows = pruning.pruned(net, mask), (asked.task.x_train, asked.task.y_train)
    by_hand = float(asked.heads(models.logits(left, rows[0]), rows[1]))
    assert abs(by_hand - float(asked.heads(models.logits(net, rows[0]), rows[1]))) > 0.01
    for weights in (net, left):
        assert float(module.Kept(heads=asked.heads)(weights, *rows, mask)) == pytest.approx(by_hand, rel=1e-5)


def no_new_number_is_right_and_the_gap_is_what_is_known(module):
    for removed in (0.0, 0.75):
        measured = cell(module, "number", removed)
        assert measured.new_accuracy == 0.0
        assert measured.gap == measured.seen_accuracy > 0.3
    assert cell(module, "number", 0.75).gap < cell(module, "number", 0.0).gap


def training_on_repairs_what_pruning_broke(module):
    at_once, tuned = cell(module), cell(module, tuning=20)
    assert tuned.train_accuracy > max(at_once.train_accuracy + 0.1, 0.95)
    assert tuned.whole_new_accuracy == at_once.whole_new_accuracy == cell(module, removed=0.0).new_accuracy


def of_strange_codes_little_is_known(module):
    assert cell(module, removed=0.0, is_strange=True).seen_accuracy > 0.9
    assert cell(module, removed=0.0, is_strange=True).new_accuracy < 0.2  # chance is 0.03; a level may lie near another


TRUTHS = [
    the_smallest_of_each_layer_go,
    what_is_gone_says_nothing_in_training,
    no_new_number_is_right_and_the_gap_is_what_is_known,
    training_on_repairs_what_pruning_broke,
    of_strange_codes_little_is_known,
]


@pytest.mark.parametrize("truth", TRUTHS)
def test_the_truth(truth):
    truth(right)


@pytest.mark.parametrize(
    ("truth", "old", "new"),
    [
        (the_smallest_of_each_layer_go, "keep=1.0 - config.removed", "keep=config.removed"),
        (the_smallest_of_each_layer_go, ", layerwise=True)", ")"),
        (the_smallest_of_each_layer_go, "after / before", "before / after"),
        (what_is_gone_says_nothing_in_training, "models.logits(pruning.pruned(net, mask), x)", "models.logits(net, x)"),
        (no_new_number_is_right_and_the_gap_is_what_is_known, "gap=seen - new", "gap=new"),
        (training_on_repairs_what_pruning_broke, "orders[config.epochs :]", "orders[:0]"),
        (of_strange_codes_little_is_known, "is_strange=config.is_strange", "is_strange=False"),
    ],
)
def test_a_wrong_version_fails_the_truth(truth, old, new):
    with pytest.raises(AssertionError):
        truth(wrong("pruning_compositionality", old, new))
