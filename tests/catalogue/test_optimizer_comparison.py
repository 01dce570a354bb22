"""On an easy task every optimizer arrives, each by its own way."""

import functools
from dataclasses import asdict

import pytest
from wrong import wrong

from axiom.catalogue import optimizer_comparison as right
from axiom.catalogue.optimizer_comparison import OPTIMIZERS, RATES, experiment


@functools.cache
def cell(optimizer, lr, *, task="clusters", epochs=15, scale=1.0, corrupt=0.0, module=right):
    config = module.Config(task=task, optimizer=optimizer, lr=lr, epochs=epochs, scale=scale, corrupt=corrupt)
    return module.run(config, 5)


def truth_of_scale(module):
    """Adam divides by the size of the gradient, so it learns from small inputs; plain descent does not."""
    adam, plain = (cell(*arm, epochs=8, scale=0.03, module=module) for arm in (("adamw", 0.001), ("sgd", 0.05)))
    assert adam.final_accuracy > plain.final_accuracy + 0.15
    assert adam.train_loss < plain.train_loss


def truth_of_noise(module):
    """Where labels tell nothing, nothing generalises: one in five is right, and training data are learned a little."""
    measured = cell("adamw", 0.01, corrupt=0.8, module=module)
    assert measured.final_accuracy == pytest.approx(0.2, abs=0.04)
    assert measured.train_accuracy > 0.35


def truth_of_overfitting(module):
    """A high rate overfits the mixture: it ends below where it should have stopped, early, with a small loss."""
    fast, slow = (cell("sgd", lr, epochs=40, module=module) for lr in (0.5, 0.05))
    assert fast.final_accuracy < slow.final_accuracy
    assert fast.stopped_accuracy > fast.final_accuracy
    assert fast.stopped_epoch < 20
    assert fast.train_loss < 0.1 < slow.train_loss


TRUTHS = (truth_of_scale, truth_of_noise, truth_of_overfitting)


@pytest.mark.parametrize("truth", TRUTHS)
def test_it_finds_what_is_known(truth):
    truth(right)


@pytest.mark.parametrize(
    ("truth", "old", "new"),
    [
        (truth_of_scale, "optimizer=OPTIMIZERS[config.optimizer]", "optimizer=optimizers.SGD"),
        (truth_of_noise, "share=config.corrupt", "share=0.0"),
        (
            truth_of_noise,
            "models.logits(net, task.x_test)), axis=1) == task.y_test",
            "models.logits(net, task.x_train)), axis=1) == task.y_train",
        ),
        (truth_of_overfitting, "Rates(lr=config.lr,", "Rates(lr=0.05,"),
        (truth_of_overfitting, "kept.index(max(kept))", "kept.index(min(kept))"),
    ],
)
def test_a_wrong_version_does_not(truth, old, new):
    with pytest.raises(AssertionError):
        truth(wrong("optimizer_comparison", old, new))


@pytest.mark.parametrize("task", ["clusters", "teacher"])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_optimizer_learns_every_task_at_its_middle_rate(optimizer, task):
    assert cell(optimizer, RATES[optimizer][2], task=task).final_accuracy > 0.6


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_hundredth_of_the_rate_is_too_slow_for_the_budget(optimizer):
    slow, good = (cell(optimizer, lr) for lr in (RATES[optimizer][0] / 100, RATES[optimizer][2]))
    assert slow.train_loss > good.train_loss + 0.3
    assert slow.train_accuracy < good.train_accuracy


def test_who_stops_early_has_what_a_shorter_training_ends_with():
    measured = cell("sgd", 0.5)
    assert 1 <= measured.stopped_epoch <= 15
    shorter = cell("sgd", 0.5, epochs=measured.stopped_epoch)
    assert shorter.final_accuracy == pytest.approx(measured.stopped_accuracy, abs=0.002)
    assert shorter.stopped_epoch == measured.stopped_epoch


def test_a_network_that_diverges_says_that_alone():
    measured = asdict(cell("sgd", 1e30))
    assert measured.pop("diverged") == 1
    assert set(measured.values()) == {None}


def test_each_optimizer_has_the_same_budget():
    sweep = experiment.sweep
    assert {optimizer: len(rates) for optimizer, rates in RATES.items()} == dict.fromkeys(OPTIMIZERS, 5)
    assert len(sweep) == 2 * 4 * 5
    assert {config.epochs for config in sweep} == {40}


@pytest.mark.parametrize("estimand", experiment.estimands, ids=lambda estimand: estimand.name)
def test_each_arm_of_a_contrast_is_one_config(estimand):
    for arm in estimand.between:
        assert len([config for config in experiment.sweep if arm.items() <= vars(config).items()]) == 1
