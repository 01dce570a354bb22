"""An answer is half right when it shares a level; without dropout and decay a network is trained as a plain one."""

import functools

import numpy as np
import pytest
from wrong import wrong

from axiom.catalogue import compositional_numbers as right
from axiom.domain.experiments import seed_of
from axiom.kit import chance, models, readouts, training
from axiom.kit.optimizers import Rates

SEED = seed_of(right.experiment.name, 1, 0)


@functools.cache
def cell(*, width=32, dropout=0.0, decay=0.0, epochs=20, module=right, **changes):
    return module.run(module.Config(width=width, dropout=dropout, decay=decay, epochs=epochs, **changes), SEED)


def truth_of_the_halves(module):
    """Of 35 wrong answers ten share a level with the right one; the right one shares both."""
    every = np.arange(36)
    found = [module.half_right(every, np.full(36, number)) for number in every]
    assert found == pytest.approx([11 / 36] * 36)
    assert module.half_right(every, every) == 1.0


def numbers_loss(net, x, y):
    return readouts.Heads()(models.logits(net, x), y)


def truth_of_the_plain(module):
    """Without any it is plain descent, and its measures are those of what it says."""
    measured, asked = cell(module=module), readouts.questions(SEED, "number")
    end, _ = training.trained(
        models.mlp(chance.stream(SEED, "start"), (32, 32, 32, 36)),
        asked.task,
        chance.orders(SEED, items=440, epochs=20),
        watch=lambda _net: 0,
        rates=Rates(lr=0.1),
        batch=32,
        objective=numbers_loss,
        every=20,
    )
    outputs = np.asarray(models.logits(end, asked.x_new))
    chances = np.exp(outputs) / np.exp(outputs).sum(axis=1, keepdims=True)
    assert measured.certainty == pytest.approx(chances.max(axis=1).mean(), abs=0.01)
    assert measured.new_accuracy == pytest.approx(asked.heads.accuracy(outputs, asked.y_new), abs=0.02)
    assert measured.gap == measured.seen_accuracy - measured.new_accuracy
    assert measured.seen_accuracy > 0.95


def truth_of_the_arms(module):
    """Strong decay leaves a network less sure, and most neurons silent let it learn less."""
    assert cell(decay=0.05, module=module).certainty < cell(module=module).certainty - 0.05
    assert cell(dropout=0.8, module=module).train_accuracy < cell(module=module).train_accuracy


TRUTHS = (truth_of_the_halves, truth_of_the_plain, truth_of_the_arms)


@pytest.mark.parametrize("truth", TRUTHS)
def test_it_finds_what_is_known(truth):
    truth(right)


def test_parts_are_known_but_not_those_of_strange_codes():
    assert cell(width=128).half_right > 0.9
    assert cell(width=128, is_strange=True).half_right < 0.7


@pytest.mark.parametrize(
    ("truth", "old", "new"),
    [
        (truth_of_the_halves, "(first == one) | (second == other)", "(first == one) & (second == other)"),
        (truth_of_the_plain, "np.mean(1 / chances.sum(axis=1))", "np.mean(chances)"),
        (truth_of_the_plain, "(asked.x_new, asked.y_new),", "(asked.task.x_test, asked.task.y_test),"),
        (truth_of_the_arms, "weight_decay=config.decay", "weight_decay=0.0"),
        (truth_of_the_arms, "rates.get(name, config.dropout)", "0.0"),
    ],
)
def test_a_wrong_version_does_not(truth, old, new):
    with pytest.raises(AssertionError):
        truth(wrong("compositional_numbers", old, new))
