"""On an easy task every optimizer arrives, each by its own way."""

import functools

import pytest

from axiom.catalogue.optimizer_comparison import OPTIMIZERS, RATES, Config, experiment, run


@functools.cache
def cell(optimizer, lr, *, task="clusters", epochs=15, seed=5):
    return run(Config(task=task, optimizer=optimizer, lr=lr, epochs=epochs), seed)


@pytest.mark.parametrize("task", ["clusters", "teacher"])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_optimizer_learns_every_task_at_its_middle_rate(optimizer, task):
    assert cell(optimizer, RATES[optimizer][1], task=task).final_accuracy > 0.6


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_hundredth_of_the_rate_is_too_slow_for_the_budget(optimizer):
    slow, good = (cell(optimizer, lr) for lr in (RATES[optimizer][0] / 100, RATES[optimizer][1]))
    assert slow.train_loss > good.train_loss + 0.3
    assert slow.train_accuracy < good.train_accuracy


def test_the_best_is_reached_at_its_epoch_and_never_below_the_end():
    measured = cell("sgd", 0.5)
    assert measured.best_accuracy >= measured.final_accuracy
    assert 1 <= measured.best_epoch <= 15
    shorter = cell("sgd", 0.5, epochs=measured.best_epoch)
    assert shorter.final_accuracy == pytest.approx(measured.best_accuracy, abs=0.002)


def test_each_optimizer_has_the_same_budget():
    sweep = experiment.sweep
    assert {optimizer: len(rates) for optimizer, rates in RATES.items()} == dict.fromkeys(OPTIMIZERS, 3)
    assert len(sweep) == 2 * 4 * 3
    assert {config.epochs for config in sweep} == {40}


@pytest.mark.parametrize("estimand", experiment.estimands, ids=lambda estimand: estimand.name)
def test_each_arm_of_a_contrast_is_one_config(estimand):
    for arm in estimand.between:
        assert len([config for config in experiment.sweep if arm.items() <= vars(config).items()]) == 1
