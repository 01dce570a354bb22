"""At the same training loss a higher rate is at a flatter place; an affine model has one curvature everywhere."""

import functools

import numpy as np
import pytest
from wrong import wrong

from axiom.catalogue import loss_landscape_curvature as right
from axiom.kit import chance, data


@functools.cache
def cell(module, lr, *, seed=3, loss="mse", until="loss", width=32, rows=400, **others):
    return module.run(module.Config(lr=lr, loss=loss, until=until, width=width, rows=rows, **others), seed)


def truth_of_flatness(module):
    """At one training loss the higher rate is at the flatter place."""
    slow, fast = (cell(module, lr) for lr in (0.01, 0.1))
    assert slow.has_arrived
    assert fast.has_arrived
    assert fast.trace < 0.8 * slow.trace
    assert fast.sharpness < 0.7 * slow.sharpness


def truth_of_measures(module):
    """What is said of one network fits together."""
    measured = cell(module, 0.1)
    assert 0.07 < measured.train_loss <= 0.1
    assert measured.test_loss > 1.3 * measured.train_loss
    assert measured.trace > measured.sharpness > 0
    assert measured.edge_ratio == pytest.approx(measured.sharpness * 0.1 / 2)
    assert measured.edge_ratio < 1


def truth_of_time(module):
    assert cell(module, 0.1, until="time").epochs * 0.1 == pytest.approx(5)


def truth_of_an_affine_model(module):
    affine = cell(module, 0.1, until="epochs", depth=0, epochs=3)
    curvature = of_inputs(seed=3, rows=400)
    assert affine.sharpness == pytest.approx(np.linalg.eigvalsh(curvature)[-1], rel=1e-3)
    assert affine.trace == pytest.approx(right.CLASSES * np.trace(curvature), rel=0.2)


def of_inputs(seed, rows):
    """The second moment of inputs and bias: for each class, the Hessian of an affine model."""
    task = data.clusters(chance.stream(seed, "data"), inputs=20, classes=5, train=rows, test=1_000)
    inputs = np.column_stack([task.x_train, np.ones(rows)])
    return inputs.T @ inputs / rows


@pytest.mark.parametrize(
    "truth", [truth_of_flatness, truth_of_measures, truth_of_time, truth_of_an_affine_model], ids=lambda it: it.__name__
)
def test_it_finds_what_is_known(truth):
    truth(right)


@pytest.mark.parametrize(
    ("truth", "old", "new"),
    [
        (truth_of_measures, "objective(end, task.x_test, task.y_test)", "objective(end, task.x_train, task.y_train)"),
        (truth_of_measures, "edge_ratio=sharpness * config.lr / 2", "edge_ratio=sharpness * config.lr"),
        (truth_of_an_affine_model, "end, first, x, y)[-1]", "end, first, x, y)[0]"),
        (truth_of_flatness, "trace=float(hessian.trace(objective, end,", "trace=float(hessian.trace(objective, start,"),
        (truth_of_time, '"time": TIME / config.lr', '"time": TIME'),
    ],
)
def test_a_wrong_version_is_found_out(truth, old, new):
    with pytest.raises(AssertionError):
        truth(wrong("loss_landscape_curvature", old, new))


def test_after_the_same_epochs_a_fast_network_has_gone_further():
    slow, fast = (cell(right, lr, until="epochs", epochs=20) for lr in (0.01, 0.1))
    assert slow.epochs == fast.epochs == 20
    assert fast.train_loss < slow.train_loss


@pytest.mark.parametrize(
    "others", [{"lr": 0.1, "depth": 0, "goal": 1e-4}, {"lr": 5.0, "until": "epochs"}], ids=["too far", "diverged"]
)
def test_what_does_not_arrive_has_no_curvature(others):
    measured = cell(right, others.pop("lr"), **others)
    assert not measured.has_arrived
    assert measured.epochs >= 1
    names = ("trace", "sharpness", "edge_ratio", "train_loss", "test_loss", "test_accuracy")
    assert all(getattr(measured, name) is None for name in names)


def a_dead_network_is_nowhere(module):
    dead = cell(module, 0.5, until="epochs", epochs=4, width=4, seed=6)
    assert not dead.has_arrived
    assert dead.trace is None


def test_a_network_that_answers_the_same_to_everything_has_no_curvature():
    a_dead_network_is_nowhere(right)


def test_that_a_version_which_takes_it_for_a_trained_one_is_found_out():
    module = wrong("loss_landscape_curvature", "axis=0).max() <= DEAD", "axis=0).max() < 0")
    with pytest.raises(AssertionError):
        a_dead_network_is_nowhere(module)
