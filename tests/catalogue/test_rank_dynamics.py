"""Galanti et al. (2022): weight decay lowers the rank of what descent finds. Without it little is lost."""

import functools
from dataclasses import asdict

import numpy as np
import pytest
from wrong import wrong

from axiom.catalogue import rank_dynamics as right
from axiom.catalogue.rank_dynamics import sizes
from axiom.kit import chance, models


@functools.cache
def cell(lr=0.1, *, depth=2, weight_decay=0.0, epochs=60, task="teacher", module=right):
    return module.run(module.Config(depth=depth, lr=lr, weight_decay=weight_decay, epochs=epochs, task=task), 5)


def by_svd(matrix):
    singular = np.linalg.svd(np.asarray(matrix, dtype=np.float64), compute_uv=False)
    return (singular**2).sum() / singular[0] ** 2


def truth_of_ranks(module):
    """Those of a snapshot are those of an SVD: of weights as they are, of representations around their mean."""
    net = models.mlp(chance.stream(2, "start"), sizes(2))
    x = chance.stream(2, "data").standard_normal((100, 20)).astype(np.float32)
    weights, hidden = module._ranks(net, x)
    assert weights == pytest.approx([by_svd(layer.weights) for layer in net], rel=2e-3)
    assert hidden == pytest.approx([by_svd(h - h.mean(axis=0)) for h in models.hidden(net, x)], rel=2e-3)


def truth_of_decay(module):
    """It compresses weights and representations, on either task."""
    for task in ("teacher", "clusters"):
        plain, decayed = (cell(weight_decay=decay, epochs=40, task=task, module=module) for decay in (0.0, 0.01))
        assert decayed.weight_compression > plain.weight_compression + 0.2
        assert decayed.hidden_compression > plain.hidden_compression + 0.1
        assert decayed.last_hidden_rank < plain.last_hidden_rank


def truth_without_decay(module):
    """Less than a third is lost, more at a high rate, and the first layer gains."""
    slow, fast = (cell(lr, module=module) for lr in (0.005, 0.1))
    assert 0.0 < slow.weight_compression < fast.weight_compression < 0.33
    assert fast.first_layer_compression < 0.0
    assert 0.7 < fast.test_accuracy < 0.9


def truth_of_matched_time(module):
    """What a high rate does more in the same epochs, it does not when rate times epochs is the same."""
    short, slow, fast = (
        cell(lr, epochs=epochs, module=module).weight_compression for lr, epochs in ((0.1, 20), (0.02, 100), (0.1, 100))
    )
    assert fast > slow + 0.02
    assert abs(short - slow) < (fast - slow) / 2


TRUTHS = (truth_of_ranks, truth_of_decay, truth_without_decay, truth_of_matched_time)


@pytest.mark.parametrize("truth", TRUTHS)
def test_it_finds_what_is_known(truth):
    truth(right)


@pytest.mark.parametrize(
    ("truth", "old", "new"),
    [
        (truth_of_ranks, "active - active.mean(axis=0)", "active"),
        (truth_of_decay, "Rates(lr=config.lr, weight_decay=decay)", "Rates(lr=config.lr)"),
        (truth_without_decay, "1 - weights / weights[0]", "weights / weights[0] - 1"),
        (truth_without_decay, "weights_gone[-1, 0]", "weights_gone[-1, -1]"),  # the last layer's
        (
            truth_of_matched_time,
            "weight_compression=float(weights_gone[-1]",
            "weight_compression=float(weights_gone[1]",
        ),
    ],
)
def test_a_wrong_version_does_not(truth, old, new):
    with pytest.raises(AssertionError):
        truth(wrong("rank_dynamics", old, new))


def test_a_network_that_diverges_says_that_alone():
    measured = asdict(cell(1e30))
    assert measured.pop("diverged") == 1
    assert set(measured.values()) == {None}


def test_what_decay_has_left_nothing_of_has_no_rank():
    measured = cell(0.5, weight_decay=1.0)
    assert (measured.diverged, measured.weight_compression, measured.last_hidden_rank) == (0, 1.0, 0.0)


def test_curves_begin_at_nothing_lost_and_end_at_the_measure():
    measured = cell()
    for curve, end in (
        (measured.weight_compression_by_snapshot, measured.weight_compression),
        (measured.hidden_compression_by_snapshot, measured.hidden_compression),
    ):
        assert len(curve) == 1 + 60 // 20
        assert curve[0] == 0.0
        assert curve[-1] == end


@pytest.mark.parametrize(("epochs", "points"), [(20, 2), (21, 3)])
def test_the_last_epoch_is_always_seen(epochs, points):
    assert len(cell(epochs=epochs).weight_compression_by_snapshot) == points


@pytest.mark.parametrize(("depth", "layers"), [(1, (20, 64, 5)), (2, (20, 128, 64, 5)), (3, (20, 256, 128, 64, 5))])
def test_a_depth_has_the_layers_of_the_old_laboratory(depth, layers):
    assert sizes(depth) == layers
