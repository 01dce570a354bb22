"""Compositions: what is asked, who is wired to whom, and what was never shown and is never said."""

import functools

import numpy as np
import pytest

from axiom.domain.experiments import seed_of
from axiom.kit import attribute_readouts, chance, models, pruning, training
from axiom.kit.optimizers import Rates
from axiom_catalogue import compositional_architecture as architecture
from axiom_catalogue import compositional_generalization as generalization
from axiom_catalogue import compositional_numbers
from axiom_catalogue import pruning_compositionality as pruned
from axiom_catalogue import regularized_compositionality as regularized


# What is asked decides: an unseen number is never said, heads gain by width, and an exclusive or loses by it.
def test_no_new_number_is_right():
    for replicate in range(2):
        config = generalization.Config(readout="number", width=16, epochs=40)
        measured = generalization.run(config, seed_of(generalization.experiment.name, 1, replicate))
        assert measured.seen_accuracy > 0.9
        assert measured.new_accuracy == 0.0
        assert measured.gap == measured.seen_accuracy
        assert measured.sayable == 0.0


# An answer is half right when it shares a level; without dropout and decay a network is trained as a plain one.
NUMBER_SEED = seed_of(compositional_numbers.experiment.name, 1, 0)


def test_of_35_wrong_answers_ten_share_a_level():
    every = np.arange(36)
    shares = [compositional_numbers.half_right(every, np.full(36, number)) for number in every]
    assert shares == pytest.approx([11 / 36] * 36)
    assert compositional_numbers.half_right(every, every) == 1.0


def plainly_trained(seed, questions, outputs, epochs):
    """A training without any pattern."""
    start = models.mlp(chance.stream(seed, "start"), (32, 32, 32, outputs))
    orders = chance.orders(seed, items=440, epochs=epochs)

    def loss(net, x, y):
        return questions.heads(models.logits(net, x), y)

    options = {"rates": Rates(lr=0.1), "batch": 32, "objective": loss, "every": 20}
    return training.trained(start, questions.task, orders, watch=lambda _net: 0, **options)[0]


def test_without_dropout_and_decay_it_is_plain_descent():
    config = compositional_numbers.Config(width=32, dropout=0.0, decay=0.0, epochs=20)
    measured, questions = (
        compositional_numbers.run(config, NUMBER_SEED),
        attribute_readouts.questions(NUMBER_SEED, "number"),
    )
    end = plainly_trained(NUMBER_SEED, questions, 36, epochs=20)
    outputs = np.asarray(models.logits(end, questions.x_new))
    chances = np.exp(outputs) / np.exp(outputs).sum(axis=1, keepdims=True)
    assert measured.certainty == pytest.approx(chances.max(axis=1).mean(), abs=0.01)
    assert measured.new_accuracy == pytest.approx(questions.heads.accuracy(outputs, questions.y_new), abs=0.02)
    assert measured.gap == measured.seen_accuracy - measured.new_accuracy
    assert measured.seen_accuracy > 0.95


# Towers know nothing of each other's attribute, scattered wires are as many, and a small world grows by levels.
WIRING_SEED = seed_of(architecture.experiment.name, 1, 0)
WIRING_SIZES = (32, 16, 16, 16, 12)


def wiring_masks_of(wiring):
    config = architecture.Config(readout="heads", wiring=wiring, order="at_once", width=16)
    return architecture.wires(config, WIRING_SEED, WIRING_SIZES)


def test_a_tower_knows_nothing_of_the_other_attribute():
    """What one tower makes of its attribute does not change with the other, and the layer that joins them does."""
    masks = wiring_masks_of("towers")
    net = architecture.cut(models.mlp(chance.stream(3, "net"), WIRING_SIZES), masks)
    x = chance.stream(3, "x").standard_normal((5, 32)).astype(np.float32)
    other = np.hstack([x[:, :16], x[::-1, 16:]])
    before, after = models.hidden(net, x), models.hidden(net, other)
    for layer in (0, 1):
        np.testing.assert_array_equal(before[layer][:, :8], after[layer][:, :8])
        assert not np.allclose(before[layer][:, 8:], after[layer][:, 8:])
    assert not np.allclose(before[2][:, :8], after[2][:, :8])


def test_scattered_wires_are_as_many_as_those_of_towers():
    """Of towers half of the wires of two layers are left, of scattered ones as many elsewhere, of a plain one all."""
    towers, scattered, plain = (wiring_masks_of(wiring) for wiring in ("towers", "scattered", "plain"))
    for layer in (0, 1):
        assert np.mean(towers[layer] > 0) == np.mean(scattered[layer] > 0) == 0.5
        assert not np.array_equal(towers[layer], scattered[layer])
        assert np.mean(towers[layer] ** 2) == pytest.approx(1.0)  # signals stay as large as those of a plain one
    for whole in (*plain, towers[2], towers[3], scattered[3]):
        assert (whole == 1).all()


def test_a_growing_world_begins_with_few_levels():
    pairs = attribute_readouts.questions(WIRING_SEED, "heads").task.y_train
    few = {}
    for order in ("growing", "by_lot", "at_once"):
        config = architecture.Config(readout="heads", wiring="plain", order=order, width=16, epochs=20)
        rows = architecture.orders(config, WIRING_SEED)
        assert rows.shape == (20, len(pairs))
        assert set(rows[-1]) == set(range(len(pairs)))
        few[order] = len(set(rows[0])), {*pairs[rows[0]].ravel()}
    assert few["growing"][0] == few["by_lot"][0] == len(pairs) // 5 < few["at_once"][0] == len(pairs)
    assert len(few["growing"][1]) < len(few["by_lot"][1])
    assert {0, 3} <= few["growing"][1] <= {0, 3, 1, 4}


# Han et al. (2015): the smallest weights go and stay gone; a number that was never shown is never said.
PRUNED_SEED = seed_of(pruned.experiment.name, 1, 0)


@functools.cache
def pruned_cell(readout="heads", removed=0.75, *, tuning=0, width=64, epochs=20, **factors):
    config = pruned.Config(readout=readout, width=width, removed=removed, tuning=tuning, epochs=epochs, **factors)
    return pruned.run(config, PRUNED_SEED)


def test_the_smallest_of_each_layer_go():
    """By hand, of a network that learns nothing: what is left of its start."""
    measured = pruned_cell(lr=0.0)
    questions = attribute_readouts.questions(PRUNED_SEED, "heads")
    start = models.mlp(chance.stream(PRUNED_SEED, "start"), (32, 64, 64, 12))
    left = [
        layer.weights * (np.abs(layer.weights) > np.quantile(np.abs(layer.weights), 0.75, method="lower"))
        for layer in start
    ]
    hidden = questions.x_new
    for weights in left[:-1]:
        hidden = np.maximum(hidden @ weights, 0)
    outputs = hidden @ left[-1]
    both = (outputs[:, :6].argmax(axis=1) == questions.y_new[:, 0]) & (
        outputs[:, 6:].argmax(axis=1) == questions.y_new[:, 1]
    )
    assert measured.new_accuracy == pytest.approx(both.mean(), abs=1e-6)
    ranks = [
        (singular**2).sum() / singular[0] ** 2
        for singular in (np.linalg.svd(weights, compute_uv=False) for weights in (start[0].weights, left[0]))
    ]
    assert measured.first_rank == pytest.approx(ranks[1], rel=0.002)
    assert measured.first_rank_kept == pytest.approx(ranks[1] / ranks[0], rel=0.003)
    assert abs(ranks[1] / ranks[0] - 1) > 0.02  # or the quotient could be the other way round


def test_what_is_gone_says_nothing_in_training():
    """The loss is that of what is left, whatever the weights that are gone: so they get no gradient."""
    net, questions = (
        models.mlp(chance.stream(1, "net"), (32, 8, 8, 12)),
        attribute_readouts.questions(PRUNED_SEED, "heads"),
    )
    mask = pruning.magnitude(net, keep=0.25, layerwise=True)
    left, rows = pruning.pruned(net, mask), (questions.task.x_train, questions.task.y_train)
    by_hand = float(questions.heads(models.logits(left, rows[0]), rows[1]))
    assert abs(by_hand - float(questions.heads(models.logits(net, rows[0]), rows[1]))) > 0.01
    for weights in (net, left):
        assert float(pruned.Kept(heads=questions.heads)(weights, *rows, mask)) == pytest.approx(by_hand, rel=1e-5)


# Regularisation acts where it should, beside a plain twin; of codes that were never shown nothing is known.
REGULAR_SEED = seed_of(regularized.experiment.name, 1, 0)


@functools.cache
def regular_cell(*, readout="heads", dropout=0.0, decay=0.0, width=32, epochs=40, **factors):
    config = regularized.Config(readout=readout, width=width, dropout=dropout, decay=decay, epochs=epochs, **factors)
    return regularized.run(config, REGULAR_SEED)


def test_without_any_it_is_plain_descent():
    measured, questions = regular_cell(), attribute_readouts.questions(REGULAR_SEED, "heads")
    end = plainly_trained(REGULAR_SEED, questions, 12, epochs=40)
    shown = {
        "train_accuracy": (questions.task.x_train, questions.task.y_train),
        "seen_accuracy": (questions.task.x_test, questions.task.y_test),
        "new_accuracy": (questions.x_new, questions.y_new),
    }
    for name, (x, y) in shown.items():
        by_hand = questions.heads.accuracy(models.logits(end, x), y)
        assert getattr(measured, name) == pytest.approx(by_hand, abs=0.02)
    assert measured.gain == 0.0
    assert measured.gap == measured.seen_accuracy - measured.new_accuracy


def test_the_gain_is_over_the_plain_network_of_the_same_seed():
    plain = regular_cell().new_accuracy
    for factors in ({"dropout": 0.4}, {"decay": 0.05}):
        measured = regular_cell(**factors)
        assert measured.gain == pytest.approx(measured.new_accuracy - plain)
        assert abs(measured.gain) > 0.01
