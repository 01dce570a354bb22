"""Zhang et al. (2017): whatever the labels are, they are fitted; by heart it takes longer, and teaches nothing."""

import functools

import numpy as np
import pytest
from wrong import wrong

from axiom.catalogue import random_label_memorization
from axiom.catalogue.random_label_memorization import _reached
from axiom.domain.experiments import seed_of

SEED = seed_of("random_label_memorization", 1, 0)


@functools.cache
def cell(module, labels, examples=500, *, task="teacher", **changes):
    return module.run(module.Config(task=task, labels=labels, examples=examples, **changes), SEED)


def everything_is_fitted(module):
    for labels in ("true", "random"):
        measured = cell(module, labels)
        assert measured.fitted == 1
        assert measured.train_accuracy > 0.99
        assert measured.epochs_to_fit is not None


def by_heart_takes_longer(module):
    """One and a half to four times as long, and the weights travel further; on true labels there is a rule to find."""
    true, random = cell(module, "true"), cell(module, "random")
    assert 1.4 < random.epochs_to_fit / true.epochs_to_fit < 4
    assert random.log_epochs - true.log_epochs == pytest.approx(np.log(random.epochs_to_fit / true.epochs_to_fit))
    assert random.travelled > 1.2 * true.travelled


def more_to_learn_takes_longer(module):
    """By heart each example costs; a rule that is found fits the others as well."""
    few, many = (cell(module, "random", examples) for examples in (125, 500))
    assert many.epochs_to_fit > 1.2 * few.epochs_to_fit
    few, many = (cell(module, "true", examples) for examples in (125, 500))
    assert many.epochs_to_fit < 1.5 * few.epochs_to_fit


def only_a_rule_is_learned(module):
    """Labels drawn by lot tell nothing of fresh data, also where more of them are shown than weights could tell."""
    assert cell(module, "true").test_accuracy > 0.55
    assert cell(module, "random").test_accuracy == pytest.approx(0.2, abs=0.06)


def a_small_network_has_no_room(module):
    """Four units hold a few hundred bits: labels drawn by lot are not fitted, and no time is told."""
    measured = cell(module, "random", width=4)
    assert measured.fitted == 0
    assert measured.epochs_to_fit is None
    assert measured.log_epochs is None
    assert measured.train_accuracy < 0.7


def controls_are_what_they_say(module):
    """True labels of other data take as long; where an input tells them, they take next to no time."""
    one, other = (cell(module, labels, control="placebo") for labels in ("true", "random"))
    assert 0.6 < one.epochs_to_fit / other.epochs_to_fit < 1.7
    assert one != other
    true, random = (cell(module, labels, control="planted") for labels in ("true", "random"))
    assert random.epochs_to_fit > 3 * true.epochs_to_fit


TRUTHS = [
    everything_is_fitted,
    by_heart_takes_longer,
    more_to_learn_takes_longer,
    only_a_rule_is_learned,
    a_small_network_has_no_room,
    controls_are_what_they_say,
]


@pytest.mark.parametrize("truth", TRUTHS)
def test_it_knows_what_learning_by_heart_costs(truth):
    truth(random_label_memorization)


@pytest.mark.parametrize("task", ["teacher", "clusters"])
def test_more_examples_contain_the_fewer_ones(task):
    shown = random_label_memorization._shown
    for labels in ("true", "random"):
        config = random_label_memorization.Config(task=task, labels=labels, examples=50)
        few = shown(config, SEED)
        many = shown(random_label_memorization.Config(task=task, labels=labels, examples=200), SEED)
        assert np.array_equal(many.x_train[:50], few.x_train)
        assert np.array_equal(many.y_train[:50], few.y_train)


@pytest.mark.parametrize(
    ("right", "epochs"), [([0.2, 0.9, 1.0], 1.5), ([0.2, 0.95], 1.0), ([0.96, 1.0], 0.0), ([0.2, 0.9], None)]
)
def test_a_time_is_interpolated_or_none(right, epochs):
    assert _reached(right) == (epochs if epochs is None else pytest.approx(epochs))


@pytest.mark.parametrize(
    ("truth", "right", "mistake"),
    [
        (everything_is_fitted, "right(start), *seen", "right(start)"),
        (by_heart_takes_longer, 'config.labels == "random" and not own', 'config.labels == "true" and not own'),
        (by_heart_takes_longer, "float(np.log(max(reached, 1e-3)))", "float(np.log10(max(reached, 1e-3)))"),
        (by_heart_takes_longer, "((b - a) ** 2).sum()", "(b**2).sum()"),
        (only_a_rule_is_learned, "task.x_test, task.y_test", "task.x_train, task.y_train"),
        (a_small_network_has_no_room, "(INPUTS, config.width, config.width, CLASSES)", "(INPUTS, 128, 128, CLASSES)"),
        (controls_are_what_they_say, 'f"data{own}"', '"data"'),
        (
            controls_are_what_they_say,
            "CLASSES, INPUTS, dtype=np.float32)[y]",
            "CLASSES, INPUTS, dtype=np.float32)[0 * y]",
        ),
    ],
)
def test_a_wrong_version_would_be_found_out(truth, right, mistake):
    module = wrong("random_label_memorization", right, mistake)
    with pytest.raises(AssertionError):
        truth(module)
