"""Regularisation acts where it should, beside a plain twin; of codes that were never shown nothing is known."""

import functools

import numpy as np
import pytest
from wrong import wrong

from axiom.catalogue import regularized_compositionality as right
from axiom.domain.experiments import seed_of
from axiom.kit import chance, models, readouts, training
from axiom.kit.optimizers import Rates

SEED = seed_of(right.experiment.name, 1, 0)


@functools.cache
def cell(module, *, readout="heads", dropout=0.0, decay=0.0, width=32, epochs=40, **factors):
    config = module.Config(readout=readout, width=width, dropout=dropout, decay=decay, epochs=epochs, **factors)
    return module.run(config, SEED)


def heads_loss(net, x, y):
    return readouts.Heads(count=2)(models.logits(net, x), y)


def without_any_it_is_plain_descent(module):
    """The same accuracies as those of a training without any pattern."""
    measured, asked = cell(module), readouts.questions(SEED, "heads")
    start = models.mlp(chance.stream(SEED, "start"), (32, 32, 32, 12))
    orders = chance.orders(SEED, items=440, epochs=40)
    end, _ = training.trained(
        start, asked.task, orders, watch=lambda _: 0, rates=Rates(lr=0.1), batch=32, objective=heads_loss, every=20
    )
    shown = {
        "train_accuracy": (asked.task.x_train, asked.task.y_train),
        "seen_accuracy": (asked.task.x_test, asked.task.y_test),
        "new_accuracy": (asked.x_new, asked.y_new),
    }
    for name, (x, y) in shown.items():
        by_hand = asked.heads.accuracy(models.logits(end, x), y)
        assert getattr(measured, name) == pytest.approx(by_hand, abs=0.02)
    assert measured.gain == 0.0
    assert measured.gap == measured.seen_accuracy - measured.new_accuracy


def hidden_neurons_are_silent_and_inputs_are_not(module):
    config = module.Config(readout="heads", width=32, dropout=0.4, decay=0.0)
    inputs, first, second = module._patterns(config, SEED, 0.4)
    assert (inputs == 1).all()
    for hidden in (first, second):
        assert np.mean(hidden == 0) == pytest.approx(0.4, abs=0.01)
    assert np.mean((first == 0) & (second == 0)) == pytest.approx(0.16, abs=0.01)  # each by its own lot


def too_much_of_either_lets_nothing_be_learned(module):
    assert cell(module, decay=2.0).train_accuracy < 0.3
    assert cell(module, dropout=0.95).train_accuracy < 0.9 < cell(module).train_accuracy


def the_gain_is_over_the_plain_network_of_the_same_seed(module):
    plain = cell(module).new_accuracy
    for factors in ({"dropout": 0.4}, {"decay": 0.05}):
        measured = cell(module, **factors)
        assert measured.gain == pytest.approx(measured.new_accuracy - plain)
        assert abs(measured.gain) > 0.01


def best_is_of_the_same_looks(module):
    measured = cell(module, decay=0.05)
    assert len(measured.new_by_look) == 2
    assert measured.new_accuracy == measured.new_by_look[-1]
    assert measured.best_new_accuracy == max(measured.new_by_look) > measured.new_accuracy


def of_strange_codes_little_is_known(module):
    measured = cell(module, is_strange=True)
    assert measured.seen_accuracy > 0.9
    assert measured.new_accuracy < 0.2  # chance is 0.03; a level may lie near another


TRUTHS = [
    without_any_it_is_plain_descent,
    hidden_neurons_are_silent_and_inputs_are_not,
    too_much_of_either_lets_nothing_be_learned,
    the_gain_is_over_the_plain_network_of_the_same_seed,
    best_is_of_the_same_looks,
    of_strange_codes_little_is_known,
]


@pytest.mark.parametrize("truth", TRUTHS)
def test_the_truth(truth):
    truth(right)


@pytest.mark.parametrize(
    ("truth", "old", "new"),
    [
        (without_any_it_is_plain_descent, "rates=optimizers.Rates(lr=config.lr,", "rates=optimizers.Rates(lr=0.01,"),
        (hidden_neurons_are_silent_and_inputs_are_not, 'rate=0.0 if name == "inputs" else rate', "rate=rate"),
        (hidden_neurons_are_silent_and_inputs_are_not, 'f"patterns {name}"', '"patterns"'),
        (too_much_of_either_lets_nothing_be_learned, "weight_decay=decay", "weight_decay=0.0"),
        (
            too_much_of_either_lets_nothing_be_learned,
            "context=_patterns(config, seed, rate)",
            "context=_patterns(config, seed, 0.0)",
        ),
        (the_gain_is_over_the_plain_network_of_the_same_seed, "config.decay), (0.0, 0.0)]", "config.decay)]"),
        (
            the_gain_is_over_the_plain_network_of_the_same_seed,
            "gain=looks[-1] - courses[-1][0][-1]",
            "gain=looks[-1] - seen",
        ),
        (best_is_of_the_same_looks, "best_new_accuracy=max(looks)", "best_new_accuracy=looks[-1]"),
        (of_strange_codes_little_is_known, "is_strange=config.is_strange", "is_strange=False"),
    ],
)
def test_a_wrong_version_fails_the_truth(truth, old, new):
    with pytest.raises(AssertionError):
        truth(wrong("regularized_compositionality", old, new))
