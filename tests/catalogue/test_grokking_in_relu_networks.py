"""Most of the table lets a network of ReLU infer the rest, three tenths do not, and the length of weights is theirs."""

import functools

import numpy as np
import pytest
from wrong import wrong

from axiom.catalogue import grokking_in_relu_networks as right
from axiom.kit import arithmetic, chance, models


@functools.cache
def cell(share=0.8, *, modulus=23, hidden=64, lr=0.01, steps=1_000, module=right, **changes):
    return module.run(module.Config(modulus=modulus, share=share, hidden=hidden, lr=lr, steps=steps, **changes), 5)


def truth_of_the_share(module):
    """Shown eight tenths of P = 23 it knows most of the rest after 1,000 steps; shown three, by heart and no more."""
    enough, few = cell(module=module), cell(0.3, module=module)
    assert enough.test_accuracy > 0.5
    assert few.test_accuracy < 0.1
    assert few.train_accuracy == 1.0
    assert (few.understood, few.steps) == (0, 1_000)
    assert few.memorised_at <= 200


def truth_of_the_length(module):
    """It is that of the start, which a tiny rate hardly moves, and shrinks by the decay where that is large."""
    (first, second) = models.mlp(chance.stream(5, "start"), (46, 64, 23))
    begun = np.sqrt(np.sum(first.weights**2) + np.sum(second.weights**2))
    still = cell(lr=1e-6, steps=200, weight_decay=0.0, module=module)
    assert still.length_by_time[0] == still.end_length == pytest.approx(begun, rel=1e-3)
    shrunk = cell(lr=1e-4, steps=600, weight_decay=10.0, module=module)
    assert shrunk.end_length < shrunk.longest == max(shrunk.length_by_time)
    assert shrunk.length_kept == pytest.approx(shrunk.end_length / shrunk.longest)
    assert shrunk.longest_at == 200


def truth_of_the_network(module):
    """It is a plain one of ReLU on two unit vectors."""
    net = models.mlp(chance.stream(5, "start"), (46, 64, 23))
    net = tuple(layer._replace(biases=layer.biases + 0.1) for layer in net)
    task = arithmetic.modular_addition(chance.stream(5, "pairs"), modulus=23, share=0.3)
    plain = models.logits(net, task.x_train)
    assert module.outputs(net, module.summands(task.x_train)) == pytest.approx(plain, rel=1e-4, abs=1e-5)


TRUTHS = (truth_of_the_share, truth_of_the_length, truth_of_the_network)


@pytest.mark.parametrize("truth", TRUTHS)
def test_it_finds_what_is_known(truth):
    truth(right)


def test_sums_that_follow_no_rule_are_memorised_and_never_understood():
    measured = cell(is_scrambled=True)
    assert measured.train_accuracy > 0.9
    assert measured.test_accuracy < 0.2


def test_a_curve_has_twenty_points_at_most_and_ends_with_the_budget():
    measured = cell(0.3, steps=5_000, modulus=7, hidden=16)
    assert 10 <= len(measured.test_by_time) == len(measured.length_by_time) <= right.POINTS
    assert cell(0.3, steps=250, modulus=7, hidden=16).steps == 250


@pytest.mark.parametrize(
    ("truth", "old", "new"),
    [
        (truth_of_the_share, "share=config.share,", "share=0.9,"),
        (truth_of_the_share, "test_accuracy=rest[-1]", "test_accuracy=shown[-1]"),
        (truth_of_the_network, "above * (above > 0)", "above"),
        (truth_of_the_length, "weight_decay=config.weight_decay)", "weight_decay=0.0)"),
        (truth_of_the_length, "for layer in net for array in layer)))", "for layer in net for array in layer)) + 1.0)"),
    ],
)
def test_a_wrong_version_does_not(truth, old, new):
    with pytest.raises(AssertionError):
        truth(wrong("grokking_in_relu_networks", old, new))
