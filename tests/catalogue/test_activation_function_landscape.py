"""Sigmoid leads ReLU where labels are wrong; on exclusive-or it trails at a low rate and leads at a high one."""

import functools
from dataclasses import replace

import numpy as np
import pytest
from wrong import wrong

from axiom.catalogue import activation_function_landscape as file
from axiom.kit import chance, models

SEEDS = (5, 6)


@functools.cache
def cell(module, task, activation, lr, seed, epochs=100):
    return module.run(module.Config(task=task, activation=activation, lr=lr, epochs=epochs), seed)


def lead(module, task, lr, seed):
    """What sigmoid's final accuracy has more than ReLU's."""
    first, second = (cell(module, task, which, lr, seed) for which in ("sigmoid", "relu"))
    return first.final_accuracy - second.final_accuracy


def unanswerable(module, config, seed):
    """The cell where what is held back has no right answer."""

    def labelled(config, seed, known=module.labelled):
        task = known(config, seed)
        return replace(task, y_test=np.where(np.arange(len(task.y_test)) < module.HELD_BACK, -1, task.y_test))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "labelled", labelled)
        return module.run(config, seed)


def noise_truth(module):
    for seed in SEEDS:
        assert lead(module, "noisy_clusters", 0.1, seed) > 0.07


def order_truth(module):
    for seed in SEEDS:
        assert lead(module, "exclusive_or", 0.5, seed) > 0.04
        assert lead(module, "exclusive_or", 0.1, seed) < -0.1
    for seed in SEEDS:
        linear = lead(module, "linear_teacher", 0.1, seed)
        assert linear > 0.02
        assert linear > lead(module, "relu_teacher", 0.1, seed) + 0.03


def stopping_truth(module):
    for seed in SEEDS:
        relu, sigmoid = (cell(module, "noisy_clusters", which, 0.1, seed) for which in ("relu", "sigmoid"))
        assert relu.stopped_accuracy > relu.final_accuracy + 0.04
        assert sigmoid.stopped_accuracy > relu.stopped_accuracy + 0.03


def held_back_truth(module):
    config = module.Config(task="noisy_clusters", activation="relu", lr=0.1, epochs=40)
    assert unanswerable(module, config, 5).stopped_epoch == module.EVERY  # all looks are alike, and the first counts


@pytest.mark.parametrize("truth", [noise_truth, order_truth, stopping_truth, held_back_truth])
def test_the_ranking_belongs_to_task_rate_and_end(truth):
    truth(file)


@pytest.mark.parametrize(
    ("truth", "old", "new"),
    [
        (
            noise_truth,
            "training.answers(net, task.x_test, architecture) == task.y_test",
            "training.answers(net, np.tile(task.x_train, (3, 1)), architecture) == np.tile(task.y_train, 3)",
        ),
        (noise_truth, "models.Architecture(activation=config.activation)", "models.Architecture()"),
        (noise_truth, "y_train=given", "y_train=task.y_train"),
        (order_truth, "optimizers.Rates(lr=config.lr)", "optimizers.Rates(lr=0.1)"),
        (stopping_truth, "held_back.index(max(held_back))", "len(seen) - 1"),
        (held_back_truth, "held_back.index(max(held_back))", "reached.index(max(reached))"),
    ],
    ids=[
        "train for test",
        "ReLU for all",
        "no label is wrong",
        "one rate",
        "it never stops",
        "stopped by the test data",
    ],
)
def test_a_wrong_version_is_found_out(truth, old, new):
    module = wrong("activation_function_landscape", old, new)
    with pytest.raises(AssertionError):
        truth(module)


def cross_entropy(outputs, right):
    return np.mean(np.log(np.exp(outputs).sum(axis=1)) - (outputs * right).sum(axis=1))


def squared_error(outputs, right):
    return 0.5 * np.mean(((outputs - right) ** 2).sum(axis=1))


@pytest.mark.parametrize("loss", [cross_entropy, squared_error])
def test_each_loss_is_the_one_of_its_name(loss):
    config = file.Config(task="clusters", activation="sigmoid", lr=1e-12, epochs=5, loss=loss.__name__)
    task, start = file.labelled(config, 5), models.mlp(chance.stream(5, "start"), (20, 64, 32, 5))
    outputs = models.Architecture(activation="sigmoid").outputs(start, task.x_train).astype(np.float64)
    assert file.run(config, 5).train_loss == pytest.approx(loss(outputs, np.eye(5)[task.y_train]), rel=1e-5)


@pytest.mark.parametrize(("task", "classes"), [("clusters", 5), ("exclusive_or", 2)])
def test_labels_that_say_nothing_teach_nothing(task, classes):
    config = file.Config(task=task, activation="relu", lr=0.1, noise=1 - 1 / classes, epochs=40)
    measured = file.run(config, 5)
    assert measured.final_accuracy == pytest.approx(1 / classes, abs=0.12)
    assert measured.train_accuracy > 1 / classes + 0.2  # though they are learned by heart


@pytest.mark.parametrize(
    ("task", "noise", "wrong_labels"),
    [("clusters", 0.0, 0), ("clusters", 0.4, 200), ("noisy_clusters", 0.0, 100), ("noisy_clusters", 0.2, 200)],
)
def test_noise_of_task_and_config_adds_up_over_the_same_inputs_and_leaves_the_other_labels(task, noise, wrong_labels):
    true = file.labelled(file.Config(task="clusters", activation="relu", lr=0.1), 5)
    given = file.labelled(file.Config(task=task, activation="relu", lr=0.1, noise=noise), 5)
    assert (given.y_train != true.y_train).sum() == wrong_labels
    assert (given.y_test == true.y_test).all()
    assert (given.x_train == true.x_train).all()
    assert len(given.y_test) == file.HELD_BACK + file.TEST


def test_a_rate_that_is_far_too_high_is_an_outcome():
    measured = file.run(file.Config(task="clusters", activation="relu", lr=1e4, epochs=5), 5)
    assert measured.diverged == 1
    assert measured.train_loss is None
    assert measured.final_accuracy == pytest.approx(0.2, abs=0.06)


def test_stopping_early_reaches_what_so_many_epochs_reach():
    measured = cell(file, "noisy_clusters", "relu", 0.1, 5, epochs=40)
    shorter = cell(file, "noisy_clusters", "relu", 0.1, 5, epochs=measured.stopped_epoch)
    assert shorter.final_accuracy == measured.stopped_accuracy
    assert measured.stopped_epoch < 40


def test_the_sweep_is_every_activation_on_every_task_at_every_rate_and_some_with_another_loss():
    by_loss = [config.loss for config in file.experiment.sweep]
    assert by_loss.count("cross_entropy") == 8 * 6 * 3
    assert by_loss.count("squared_error") == 2 * 2 * 3
