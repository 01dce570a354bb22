"""Yang & Hu (2021): in standard parametrisation a wider network moves less, towards a fixed kernel."""

import functools

import numpy as np
import pytest

from axiom.catalogue.lazy_vs_feature_learning import Config, run

WIDTHS = (8, 64, 256)


@functools.cache
def cell(width, epochs=40, seed=5):
    return run(Config(width=width, epochs=epochs), seed)


def test_movement_falls_with_width_at_least_as_steeply_as_the_kernel_limit():
    moved = [cell(width).movement for width in WIDTHS]
    assert moved == sorted(moved, reverse=True)
    slope = np.polyfit(np.log(WIDTHS), np.log(moved), 1)[0]
    assert -1.1 < slope < -0.5


def test_a_wide_network_keeps_the_representation_it_began_with():
    similar = [cell(width).similarity for width in WIDTHS]
    assert similar == sorted(similar)
    assert similar[-1] > 0.8


def test_movement_grows_with_the_epochs_along_a_short_curve():
    curve = cell(64).movement_by_epoch
    assert len(curve) == 10
    assert list(curve) == sorted(curve)
    assert cell(64).movement >= curve[-1]


def test_the_network_learns_its_task():
    assert cell(64).test_accuracy > 0.7


@pytest.mark.parametrize("epochs", [1, 7, 19, 25])
def test_any_number_of_epochs_gives_at_most_ten_points(epochs):
    assert 1 <= len(cell(8, epochs=epochs).movement_by_epoch) <= 10
