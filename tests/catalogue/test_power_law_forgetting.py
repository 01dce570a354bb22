"""Kirkpatrick et al. (2017): the more strongly the weights that matter are held, the less is forgotten."""

import functools
import statistics
from dataclasses import replace

import jax
import numpy as np
import pytest
from wrong import wrong

from axiom.catalogue import power_law_forgetting as file
from axiom.kit import chance, models

SEEDS = (5, 6, 7, 8)


@functools.cache
def cell(module, importance, strength, seed, **given):
    config = module.Config(tasks="clusters", importance=importance, strength=strength, **given)
    return module.run(config, seed)


def forgotten(module, importance, strength):
    return statistics.mean(cell(module, importance, strength, seed).forgetting for seed in SEEDS)


def held_truth(module):
    assert forgotten(module, "fisher", 30.0) == pytest.approx(0.35, abs=0.12)


def forgetting_truth(module):
    assert (naive := forgotten(module, "none", 1.0)) == pytest.approx(0.60, abs=0.13)
    held = forgotten(module, "fisher", 30.0)
    assert forgotten(module, "fisher", 100.0) < held < forgotten(module, "fisher", 1.0) < naive
    assert forgotten(module, "equal", 30.0) > held


def learning_truth(module):
    for importance, strength in (("none", 1.0), ("fisher", 100.0)):
        for seed in SEEDS[:2]:
            measured = cell(module, importance, strength, seed)
            assert measured.first_accuracy_by_part[0] > 0.85
            assert measured.second_accuracy > 0.85


def limit_truth(module):
    measured = cell(module, "fisher", 1e4, 5)
    assert measured.diverged == 0
    assert measured.forgetting < 0.15
    assert measured.second_accuracy > 0.5


def total_truth(module):
    """Both importances have the same sum, also where the cap takes something from one of them."""
    config = module.Config(tasks="clusters", importance="fisher", strength=300.0)
    task, net = module._task(config, 5, "first"), models.mlp(chance.stream(5, "start"), (20, 64, 64, 5))
    totals = [
        sum(float(np.sum(leaf)) for leaf in jax.tree.leaves(module.important(replace(config, **way), net, task)))
        for way in ({}, {"importance": "equal"}, {"strength": 0.01})
    ]
    assert totals[0] == pytest.approx(totals[1], rel=1e-4)
    assert totals[2] > 1.1 * totals[0]


def test_equal_shares_and_fisher_information_have_the_same_sum():
    total_truth(file)


def test_what_is_forgotten_falls_with_the_strength_from_the_known_value_without_any():
    forgetting_truth(file)


def test_what_consolidation_forgets_is_the_known_value():
    held_truth(file)


def test_each_task_is_learned_when_it_is_taught():
    learning_truth(file)


def test_however_strong_the_penalty_descent_stays_stable_and_the_first_task_known():
    limit_truth(file)


@pytest.mark.parametrize(
    ("truth", "old", "new"),
    [
        (held_truth, "context=(anchor, importance, config.strength)", "context=(anchor, importance, 0.0)"),
        (held_truth, "anchor, importance = net, important", "importance = important"),
        (learning_truth, "important(config, net, first)", "important(config, net, second)"),
        (forgetting_truth, "accuracy(net, first.x_test, first.y_test)", "accuracy(net, second.x_test, second.y_test)"),
        (limit_truth, "np.minimum(part, most)", "np.asarray(part)"),
        (total_truth, "fisher.equalised(capped)", "fisher.equalised(found)"),
        (learning_truth, "second if number else first", "first"),
    ],
    ids=[
        "nothing is held",
        "held where it began",
        "what matters for the second task",
        "tested on the second task",
        "without the cap",
        "shares of what the cap took",
        "no second task",
    ],
)
def test_a_wrong_version_is_found_out(truth, old, new):
    module = wrong("power_law_forgetting", old, new)
    with pytest.raises(AssertionError):
        truth(module)


def test_where_nothing_matters_the_strength_has_no_effect():
    assert cell(file, "none", 1.0, 5) == cell(file, "none", 500.0, 5)


def test_where_nothing_can_be_learned_nothing_is_forgotten():
    measured = cell(file, "none", 1.0, 5, separation=0.0)
    assert measured.first_accuracy_by_part[0] == pytest.approx(0.2, abs=0.06)
    assert abs(measured.forgetting) < 0.3


def test_two_teachers_ask_for_what_no_network_can_know_at_once():
    arms = (("none", 1.0), ("fisher", 100.0))
    plain, held = (file.run(file.Config(tasks="teachers", importance=i, strength=s), 5) for i, s in arms)
    assert plain.forgetting > 0.5
    assert held.mean_accuracy < plain.mean_accuracy


@pytest.mark.parametrize(("epochs", "points"), [(3, 4), (20, 5)])
def test_the_curve_begins_before_the_second_task_and_ends_with_the_measure(epochs, points):
    measured = cell(file, "none", 1.0, 5, epochs=epochs)
    curve = measured.first_accuracy_by_part
    assert len(curve) == points
    assert measured.forgetting == 1 - curve[-1] / curve[0]
