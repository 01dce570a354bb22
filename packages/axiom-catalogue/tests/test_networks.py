"""Activations, depth, starts and optimizers: what a formula or a chosen rate says of a network."""

import functools
import math
from dataclasses import replace

import jax
import numpy as np
import pytest

from axiom.domain.experiments import seed_of
from axiom.kit import chance, models
from axiom_catalogue import activation_function_landscape as activations
from axiom_catalogue import breakthrough_by_width as breakthrough
from axiom_catalogue import depth_vs_width_tradeoff as depth_vs_width
from axiom_catalogue import optimizer_comparison
from axiom_catalogue import weight_init_landscape as weight_init


# Sigmoid leads ReLU where labels are wrong; on exclusive-or it trails at a low rate and leads at a high one.
@functools.cache
def activation_cell(task, activation, lr, seed, epochs=100):
    return activations.run(activations.Config(task=task, activation=activation, lr=lr, epochs=epochs), seed)


def activation_unanswerable(config, seed):
    """The cell where what is held back has no right answer."""

    def labelled(config, seed, labels_of=activations.labelled):
        task = labels_of(config, seed)
        return replace(task, y_test=np.where(np.arange(len(task.y_test)) < activations.HELD_BACK, -1, task.y_test))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(activations, "labelled", labelled)
        return activations.run(config, seed)


def test_what_is_held_back_alone_decides_when_to_stop():
    config = activations.Config(task="noisy_clusters", activation="relu", lr=0.1, epochs=40)
    assert activation_unanswerable(config, 5).stopped_epoch == activations.EVERY  # all are alike, and the first counts


def cross_entropy(outputs, right):
    return np.mean(np.log(np.exp(outputs).sum(axis=1)) - (outputs * right).sum(axis=1))


def squared_error(outputs, right):
    return 0.5 * np.mean(((outputs - right) ** 2).sum(axis=1))


@pytest.mark.parametrize("loss", [cross_entropy, squared_error])
def test_each_loss_is_the_one_of_its_name(loss):
    config = activations.Config(task="clusters", activation="sigmoid", lr=1e-12, epochs=5, loss=loss.__name__)
    task, start = activations.labelled(config, 5), models.mlp(chance.stream(5, "start"), (20, 64, 32, 5))
    outputs = models.Architecture(activation="sigmoid").outputs(start, task.x_train).astype(np.float64)
    assert activations.run(config, 5).train_loss == pytest.approx(loss(outputs, np.eye(5)[task.y_train]), rel=1e-5)


@pytest.mark.parametrize(
    ("task", "noise", "wrong_labels"),
    [("clusters", 0.0, 0), ("noisy_clusters", 0.0, 100), ("noisy_clusters", 0.2, 200)],
)
def test_noise_of_task_and_config_adds_up_and_leaves_inputs_and_other_labels(task, noise, wrong_labels):
    true = activations.labelled(activations.Config(task="clusters", activation="relu", lr=0.1), 5)
    noisy = activations.labelled(activations.Config(task=task, activation="relu", lr=0.1, noise=noise), 5)
    assert (noisy.y_train != true.y_train).sum() == wrong_labels
    assert (noisy.y_test == true.y_test).all()
    assert (noisy.x_train == true.x_train).all()
    assert len(noisy.y_test) == activations.HELD_BACK + activations.TEST


def test_stopping_early_reaches_what_so_many_epochs_reach():
    measured = activation_cell("noisy_clusters", "relu", 0.1, 5, epochs=40)
    shorter = activation_cell("noisy_clusters", "relu", 0.1, 5, epochs=measured.stopped_epoch)
    assert shorter.final_accuracy == measured.stopped_accuracy
    assert measured.stopped_epoch < 40


# With as many parameters, deep plain networks do worse: the deepest cannot be trained, and residual ones can.
@functools.cache
def depth_cell(arm, depth, seed=5, **changes):
    return depth_vs_width.run(depth_vs_width.Config(task="teacher", arm=arm, depth=depth, **changes), seed)


def test_each_depth_has_the_widest_layers_that_five_thousand_parameters_pay_for():
    for depth, width in ((1, 192), (2, 58), (4, 36), (8, 24), (16, 16)):
        assert depth_vs_width.widest(depth) == width
        net = depth_vs_width.started(depth_vs_width.Config(task="teacher", arm="plain", depth=depth), 5)
        assert len(net) == depth + 1
        assert sum(leaf.size for leaf in jax.tree.leaves(net)) == depth_vs_width.parameters(depth, width)
        assert depth_vs_width.parameters(depth, width) <= 5_000 < depth_vs_width.parameters(depth, width + 1)


def test_the_tuned_arm_takes_the_rate_that_does_best_on_what_was_kept_back(monkeypatch):
    monkeypatch.setattr(depth_vs_width, "RATES", (1e-6, 0.05, 10.0))
    measured = depth_cell("tuned", 1, epochs=10)
    assert measured.rate == 0.05
    assert measured.test_accuracy == depth_cell("plain", 1, lr=0.05, epochs=10).test_accuracy


def test_where_layers_add_to_what_they_got_each_begins_with_its_share():
    plain, residual = (
        depth_vs_width.started(depth_vs_width.Config(task="teacher", arm=arm, depth=4), 5)
        for arm in ("plain", "residual")
    )
    shares = [
        np.linalg.norm(after.weights) / np.linalg.norm(before.weights)
        for before, after in zip(plain, residual, strict=True)
    ]
    assert shares == pytest.approx([1, 0.5, 0.5, 0.5, 1])


# On an easy task every optimizer arrives, each by its own way.
@functools.cache
def optimizer_cell(optimizer, lr, *, task="clusters", epochs=15, scale=1.0, corrupt=0.0):
    config = optimizer_comparison.Config(
        task=task, optimizer=optimizer, lr=lr, epochs=epochs, scale=scale, corrupt=corrupt
    )
    return optimizer_comparison.run(config, 5)


def test_who_stops_early_has_what_a_shorter_training_ends_with():
    measured = optimizer_cell("sgd", 0.5)
    assert 1 <= measured.stopped_epoch <= 15
    shorter = optimizer_cell("sgd", 0.5, epochs=measured.stopped_epoch)
    assert shorter.final_accuracy == pytest.approx(measured.stopped_accuracy, abs=0.002)
    assert shorter.stopped_epoch == measured.stopped_epoch


# He et al. (2015), Schoenholz et al. (2017): the variance of weights says how signals grow and how deep one gets.
INIT_SEED = seed_of("weight_init_landscape", 1, 0)


@functools.cache
def init_cell(scale, depth=16, *, activation="relu", **changes):
    return weight_init.run(weight_init.Config(activation=activation, depth=depth, scale=scale, **changes), INIT_SEED)


def test_growth_is_that_of_the_formula():
    """Each ReLU layer multiplies the mean square by the scale: exactly so with endlessly many units."""
    for scale in (0.25, 1.0, 4.0):
        measured = init_cell(scale, epochs=1)
        assert measured.growth == pytest.approx(math.log(scale), abs=0.15)
        assert measured.excess == pytest.approx(measured.growth - math.log(scale))
    plain, stretched = (init_cell(scale, epochs=1).growth for scale in (1.0, 4.0))
    assert stretched - plain == pytest.approx(math.log(4), rel=1e-3)  # the same directions, stretched


def test_tanh_bounds_what_is_large():
    """Small signals shrink as in a linear network, large ones keep the size at which tanh holds them."""
    small = init_cell(0.25, activation="tanh", epochs=1)
    assert small.growth == pytest.approx(math.log(0.25), abs=0.25)
    assert abs(init_cell(4.0, activation="tanh", epochs=1).growth) < 0.1


# Edelman et al. (2023): width as a search in parallel. Tries are networks of their own, of which the best counts.
def test_several_tries_are_the_first_one_and_others():
    """Whoever learns as the only one learns among several, too, and as soon."""
    pairs = []
    for seed in range(6):
        alone, several = (
            breakthrough.run(breakthrough.Config(width=4, tries=tries, factors=2, steps=400), seed) for tries in (1, 3)
        )
        assert several.learned >= alone.learned
        assert several.accuracy >= alone.accuracy or several.learned
        assert not alone.learned or several.waited <= alone.waited
        pairs.append((alone.learned_share, several.learned_share))
    assert {alone for alone, _ in pairs} <= {0.0, 1.0}
    assert any(0 < several < 1 for _, several in pairs)


def test_who_nearly_learns_the_product_of_three_signs_lacks_one_case_of_eight():
    ends = [breakthrough.run(breakthrough.Config(width=3, steps=breakthrough.TIME), seed) for seed in range(6)]
    near = [measured.accuracy for measured in ends if measured.nearly]
    assert len(near) >= 2
    assert near.count(0.875) >= len(near) - 1
    assert all(measured.learned + measured.nearly <= 1 for measured in ends)
