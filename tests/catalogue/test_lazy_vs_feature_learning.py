"""Jacot et al. (2018), Yang & Hu (2021): a wider network moves less, towards a fixed kernel, and by known powers."""

import functools
from dataclasses import asdict

import numpy as np
import pytest
from wrong import wrong

from axiom.catalogue import lazy_vs_feature_learning as right
from axiom.catalogue.lazy_vs_feature_learning import Config, run

WIDTHS = (8, 256)
NTK_WIDTHS = (64, 256)


@functools.cache
def standard(module, width, epochs=40, seed=5):
    return module.run(module.Config(width=width, epochs=epochs), seed)


@functools.cache
def in_the_limit(module, width, seed, alpha=1.0):
    return module.run(module.Config(width=width, parametrisation="ntk", lr=0.3, epochs=150, alpha=alpha), seed)


def slopes_in_the_limit(module, seed):
    """Of log movement on log width, layer by layer."""
    cells = [in_the_limit(module, width, seed) for width in NTK_WIDTHS]
    moved = [[cell.movement, cell.middle_movement, cell.last_movement] for cell in cells]
    return np.polyfit(np.log(NTK_WIDTHS), np.log(moved), 1)[0]


def truth_of_the_limit(module):
    """-1/2, -1, -1/2 for the three layers; the last one varies most between starts."""
    first, middle, last = np.mean([slopes_in_the_limit(module, seed) for seed in (5, 6, 7)], axis=0)
    assert first == pytest.approx(-0.5, abs=0.1)
    assert middle == pytest.approx(-1.0, abs=0.06)
    assert last == pytest.approx(-0.5, abs=0.2)


def truth_of_scaled_outputs(module):
    """Chizat et al. (2019): movement in inverse proportion to their scale, whatever the width."""
    plain, scaled = (in_the_limit(module, 64, 5, alpha) for alpha in (1.0, 16.0))
    assert scaled.movement == pytest.approx(plain.movement / 16, rel=0.05)
    assert scaled.middle_movement == pytest.approx(plain.middle_movement / 16, rel=0.1)
    assert abs(scaled.test_accuracy - plain.test_accuracy) < 0.06


def truth_of_movement(module):
    """It falls with width at least as steeply as the limit; in a pilot of 150 epochs it was 1.2 and .12."""
    moved = [standard(module, width).movement for width in WIDTHS]
    assert moved == sorted(moved, reverse=True)
    assert moved[0] > 0.8
    assert -1.1 < np.polyfit(np.log(WIDTHS), np.log(moved), 1)[0] < -0.5


def truth_of_representations(module):
    """A wide network keeps the one that it began with, a narrow one finds its own."""
    similar = [standard(module, width).similarity for width in WIDTHS]
    assert similar == sorted(similar)
    assert similar[0] < 0.5
    assert similar[-1] > 0.8


def truth_of_learning(module):
    """It learns its task, and new data are harder than those that it learned from."""
    assert 0.7 < standard(module, 256).test_accuracy < 0.86


TRUTHS = (truth_of_the_limit, truth_of_scaled_outputs, truth_of_movement, truth_of_representations, truth_of_learning)


@pytest.mark.parametrize("truth", TRUTHS)
def test_it_finds_what_is_known(truth):
    truth(right)


@pytest.mark.parametrize(
    ("truth", "old", "new"),
    [
        (truth_of_the_limit, "start = models.ntk(", "start = models.mlp("),  # a start that has its factor already
        (truth_of_the_limit, "geometry.movement(start, end, layer=1)", "geometry.movement(start, end, layer=0)"),
        (truth_of_scaled_outputs, "signs / config.alpha", "config.alpha * signs"),
        (
            truth_of_movement,
            "movement(start, net, layer=0)\n    )\n    return",
            "movement(net, start, layer=0)\n    )\n    return",
        ),
        (truth_of_representations, "geometry.cka(before, after)", "geometry.cka(after, after)"),
        (
            truth_of_learning,
            "training.accuracy(end, task.x_test, task.y_test)",
            "training.accuracy(end, task.x_train, task.y_train)",
        ),
    ],
)
def test_a_wrong_version_does_not(truth, old, new):
    with pytest.raises(AssertionError):
        truth(wrong("lazy_vs_feature_learning", old, new))


@pytest.mark.parametrize(
    "config",
    [Config(width=8, lr=1e30, epochs=40), Config(width=64, parametrisation="ntk", lr=1e3, epochs=150)],
    ids=["standard", "ntk"],
)
def test_a_network_that_diverges_says_that_alone(config):
    measured = asdict(run(config, 5))
    assert measured.pop("diverged") == 1
    assert set(measured.values()) == {None}
    assert standard(right, 8).diverged == 0


def test_movement_grows_with_the_epochs_along_a_short_curve():
    curve = standard(right, 8).movement_by_epoch
    assert len(curve) == 10
    assert list(curve) == sorted(curve)
    assert standard(right, 8).movement >= curve[-1]


@pytest.mark.parametrize("epochs", [1, 7, 19, 25])
def test_any_number_of_epochs_gives_at_most_ten_points(epochs):
    assert 1 <= len(run(Config(width=8, epochs=epochs), 5).movement_by_epoch) <= 10


def test_the_limit_has_ten_points_and_ends_at_the_measure():
    measured = in_the_limit(right, 64, 5)
    assert len(measured.movement_by_epoch) == 10
    assert measured.movement_by_epoch[-1] == measured.movement
    assert measured.test_accuracy > 0.7
