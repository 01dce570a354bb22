"""Galanti et al. (2022): weight decay lowers the rank of what descent finds. Without it little is lost."""

import functools

import numpy as np
import pytest

from axiom.catalogue.rank_dynamics import Config, _ranks, run, sizes
from axiom.kit import chance, models


@functools.cache
def cell(lr=0.1, *, depth=2, weight_decay=0.0, epochs=60, seed=5):
    return run(Config(depth=depth, lr=lr, weight_decay=weight_decay, epochs=epochs), seed)


def by_svd(matrix):
    singular = np.linalg.svd(np.asarray(matrix, dtype=np.float64), compute_uv=False)
    return (singular**2).sum() / singular[0] ** 2


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_the_ranks_of_a_snapshot_are_those_of_an_svd(depth):
    net = models.mlp(chance.stream(depth, "start"), sizes(depth))
    x = chance.stream(depth, "data").standard_normal((100, 20)).astype(np.float32)
    weights, hidden = _ranks(net, x)
    assert weights == pytest.approx([by_svd(layer.weights) for layer in net], rel=2e-3)
    assert hidden == pytest.approx([by_svd(h - h.mean(axis=0)) for h in models.hidden(net, x)], rel=2e-3)


def test_weight_decay_compresses_weights_and_representations():
    amounts = [cell(weight_decay=decay) for decay in (0.0, 0.001, 0.01)]
    weights = [measured.weight_compression for measured in amounts]
    assert weights == sorted(weights)
    assert weights[2] > weights[0] + 0.2
    assert amounts[2].hidden_compression > amounts[0].hidden_compression + 0.1
    assert amounts[2].last_hidden_rank < amounts[0].last_hidden_rank


def test_without_it_less_than_a_third_is_lost_and_more_at_a_high_rate():
    slow, fast = cell(0.005).weight_compression, cell(0.1).weight_compression
    assert slow < fast < 0.33


def test_curves_begin_at_nothing_lost_and_end_at_the_measure():
    measured = cell()
    for curve, end in (
        (measured.weight_compression_by_snapshot, measured.weight_compression),
        (measured.hidden_compression_by_snapshot, measured.hidden_compression),
    ):
        assert len(curve) == 1 + 60 // 20
        assert curve[0] == 0.0
        assert curve[-1] == end


@pytest.mark.parametrize(("epochs", "points"), [(1, 2), (20, 2), (21, 3)])
def test_the_last_epoch_is_always_seen(epochs, points):
    assert len(cell(epochs=epochs, depth=1).weight_compression_by_snapshot) == points


def test_the_network_learns_its_task():
    assert cell().test_accuracy > 0.7


@pytest.mark.parametrize(("depth", "layers"), [(1, (20, 64, 5)), (2, (20, 128, 64, 5)), (3, (20, 256, 128, 64, 5))])
def test_a_depth_has_the_layers_of_the_old_laboratory(depth, layers):
    assert sizes(depth) == layers
