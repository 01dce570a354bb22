"""Entezari et al. (2021): put in each other's order, wide networks lie in one valley, at least for new data."""

import functools
from dataclasses import asdict
from statistics import mean

import numpy as np
import pytest
from wrong import wrong

from axiom.catalogue import mode_connectivity as right

SEEDS = (6, 7)


@functools.cache
def cells(module, width=128, *, epochs=20, second="independent", seeds=SEEDS):
    return [module.run(module.Config(width=width, epochs=epochs, second=second), seed) for seed in seeds]


def average(module, measure, width=128):
    return mean(getattr(cell, measure) for cell in cells(module, width))


def truth_of_strangers(module):
    """At right angles, and apart by a barrier that is lower for wide networks on new data: .74 and .38 in a pilot."""
    assert abs(average(module, "cosine")) < 0.02
    assert 0.5 < average(module, "barrier", 16) < 1.0
    assert 0.25 < average(module, "barrier") < 0.65
    assert average(module, "train_barrier") > average(module, "barrier") + 0.1
    assert 0.05 < average(module, "accuracy_barrier") < 0.25
    assert average(module, "train_accuracy_barrier") > average(module, "accuracy_barrier")


def truth_of_matching(module):
    """In the other's order little of it is left on new data; on the training data a third stays."""
    assert 0.0 <= average(module, "matched_barrier") < 0.12
    assert average(module, "removed") > 0.25
    assert 0.2 < average(module, "matched_train_barrier") / average(module, "train_barrier") < 0.5
    assert 0.25 < average(module, "matched_cosine") < 0.45
    for data in ("", "train_"):
        assert (
            0.0 < average(module, f"matched_{data}accuracy_barrier") < 0.8 * average(module, f"{data}accuracy_barrier")
        )


def truth_of_width(module):
    """In the same epochs wide networks fit further, which is why their training loss cannot be compared as it is."""
    assert average(module, "train_loss") < average(module, "train_loss", 16) < 0.6


def truth_of_twins(module):
    """A network whose start had its neurons in another order becomes the same function, and matching finds it."""
    (twin,) = cells(module, epochs=5, second="shuffled", seeds=(6,))
    assert twin.barrier > 0.2
    assert twin.matched_barrier == pytest.approx(0.0, abs=1e-3)
    assert twin.matched_cosine == pytest.approx(1.0, abs=1e-4)


TRUTHS = (truth_of_strangers, truth_of_matching, truth_of_width, truth_of_twins)
TEST, TRAIN = ("walk(first, other, task.x_test, task.y_test)", "walk(first, other, task.x_train, task.y_train)")


@pytest.mark.parametrize("truth", TRUTHS)
def test_it_finds_what_is_known(truth):
    truth(right)


@pytest.mark.parametrize(
    ("truth", "old", "new"),
    [
        (truth_of_strangers, 'in ("first start", "second start")', 'in ("first start", "first start")'),
        (truth_of_strangers, TEST, TRAIN),
        (truth_of_matching, "removed=barrier - matched_barrier", "removed=matched_barrier - barrier"),
        (truth_of_matching, "matching.matched(first, second)", "second"),
        (truth_of_matching, "geometry.barrier(friendly[1])", "geometry.barrier(train[1])"),
        (truth_of_width, "(train[0][0] + train[0][-1]) / 2", "max(train[0])"),  # on the way, not at the ends
        (truth_of_twins, "matching.matched(first, second)", "matching.matched(second, first)"),  # the other one's order
    ],
)
def test_a_wrong_version_does_not(truth, old, new):
    with pytest.raises(AssertionError):
        truth(wrong("mode_connectivity", old, new))


def test_neighbours_have_nothing_to_match():
    (near,) = cells(right, epochs=5, second="near", seeds=(6,))
    assert near.cosine > 0.9
    assert near.removed == pytest.approx(0.0, abs=1e-6)


def test_networks_that_diverge_say_that_alone():
    measured = asdict(right.run(right.Config(width=16, epochs=20, lr=1e30), 6))
    assert measured.pop("diverged") == 1
    assert set(measured.values()) == {None}


def test_the_walks_begin_and_end_at_the_networks():
    measured = cells(right, 16)[0]
    for walked in (measured.loss_by_place, measured.matched_loss_by_place):
        assert len(walked) == right.PLACES
    assert np.allclose(np.array(measured.loss_by_place)[[0, -1]], np.array(measured.matched_loss_by_place)[[0, -1]])
