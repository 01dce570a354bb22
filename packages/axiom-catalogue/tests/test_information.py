"""Information and selectivity: counted by hand, and known where networks were built."""

import functools
from collections import Counter
from math import log2

import numpy as np
import pytest

from axiom.domain.experiments import seed_of
from axiom.kit import chance, committee_machines, data, information, models
from axiom_catalogue import information_bottleneck as bottleneck
from axiom_catalogue import information_bottleneck_deep as deep
from axiom_catalogue import neuron_specialization as specialization

# Counted by hand what a layer tells; fine bins lose nothing (Goldfeld et al. 2019), and decay empties what is told.
TOLD_SEED = seed_of("information_bottleneck", 1, 0)
TOLD_LOOKS = 4


@functools.cache
def told_cell(activation="tanh", task="linear", **changes):
    config = bottleneck.Config(**({"task": task, "activation": activation, "looks": TOLD_LOOKS} | changes))
    return bottleneck.run(config, TOLD_SEED)


def layers_at_start(seed, *sizes):
    """Of the start, as the file draws it."""
    task = information.rule(chance.stream(seed, "data"), bits=12, degree=1, train=3_072)
    x, _ = information.patterns(task)
    net = models.mlp(chance.stream(seed, "start"), (12, *sizes, 2), gain=1.0)
    return models.Architecture(activation="tanh").hidden(net, x)


def bits(places):
    """The entropy of the rows, counted."""
    counts = Counter(tuple(row) for row in places.tolist())
    return -sum(count / len(places) * log2(count / len(places)) for count in counts.values())


def bits_told(active, bins):
    return bits(np.minimum(np.floor((np.float64(active) + 1) / 2 * bins), bins - 1))


def test_what_layers_tell_before_training_is_counted():
    for bins in (30, 1_000):
        by_hand = [bits_told(active, bins) for active in layers_at_start(TOLD_SEED, 10, 8, 6)]
        assert told_cell(bins=bins).start_bits == pytest.approx(by_hand)


def test_relu_is_seen_from_nothing_to_its_largest():
    """Over all looks: so no look alone decides where the bins lie, and its zeros share the first."""
    config = bottleneck.Config(task="linear", activation="relu", bins=10)
    looks = [(np.array([[0.0], [1.0], [2.0]]),), (np.array([[0.5], [4.0], [3.99]]),)]
    assert bottleneck.binned(config, looks, 0, looks[0]).ravel().tolist() == [0, 2, 5]
    assert bottleneck.binned(config, looks, 0, looks[1]).ravel().tolist() == [1, 9, 9]
    assert told_cell("relu").label_bits > 0.5


def test_batches_of_any_size_make_as_many_steps():
    """From one look to the next, whatever the size: only then their noise alone differs."""
    for batch in (bottleneck.SMALL, 64, bottleneck.LARGE):
        assert bottleneck.epochs(batch) * (bottleneck.EXAMPLES // batch) == bottleneck.LOOK == 384
    assert bottleneck.LARGE == 8 * bottleneck.SMALL


# Seven layers, counted by hand in three ways; what decay does to a product of layers; what no way of looking finds.
DEEP_SEED = seed_of("information_bottleneck_deep", 1, 0)


@functools.cache
def deep_cell(way="even_bins", activation="tanh", shape="narrowing", **changes):
    config = deep.Config(
        **({"task": "linear", "activation": activation, "shape": shape, "looks": 3} | changes), way=way
    )
    return deep.run(config, DEEP_SEED)


def deep_layers():
    return layers_at_start(DEEP_SEED, 10, 9, 8, 7, 6, 5, 4)


def test_even_bins_are_counted():
    by_hand = [bits_told(active, 30) for active in deep_layers()]
    assert deep_cell().start_bits == pytest.approx(by_hand)


def test_equal_shares_are_counted():
    """By the rank of each value among those of its neuron, in quarters."""
    by_hand = [
        bits(
            np.stack([np.searchsorted(np.unique(unit), unit) * 4 // len(np.unique(unit)) for unit in active.T], axis=1)
        )
        for active in deep_layers()
    ]
    assert deep_cell("equal_shares").start_bits == pytest.approx(by_hand)
    assert by_hand[-1] < 8  # four neurons have no more cells


def test_noise_is_a_tenth_of_one():
    """A twentieth of the range of tanh, over 512 patterns."""
    active = np.float64(deep_layers()[-1][:512])
    nearby = [np.exp(-((active - row) ** 2).sum(axis=1) / (2 * 0.1**2)).mean() for row in active]
    bits_by_layer = deep_cell("noise").start_bits
    assert bits_by_layer[-1] == pytest.approx(-np.mean(np.log2(nearby)), abs=0.01)
    assert max(bits_by_layer) <= 9.001


def test_a_look_at_relu_is_scaled_by_the_largest_of_all():
    config = deep.Config(task="linear", activation="relu", shape="even", way="even_bins")
    looks = [(np.arange(4.0)[:, None],), (np.arange(4.0)[:, None] / 1000,)]
    assert deep.told(config, looks).ravel().tolist() == pytest.approx([2.0, 0.0])


# Morcos et al. (2018), Saad & Solla (1995): what is selective, and specialised, of networks in which it is known.
UNIT_SEED = seed_of("neuron_specialization", 1, 0)


@functools.cache
def unit_cell(task="clusters", seed=UNIT_SEED, **changes):
    return specialization.run(specialization.Config(**{"task": task, "epochs": 8} | changes), seed)


def unit_by_hand(active, y):
    """The mean of the class selectivity indices of all units that any row wakes."""
    indices = []
    for unit in np.float64(active).T:
        means = sorted(unit[y == label].mean() for label in range(5))
        if unit.any():
            indices.append((means[4] - sum(means[:4]) / 4) / (means[4] + sum(means[:4]) / 4))
    return np.mean(indices)


def test_start_is_measured_before_training():
    """On fresh rows, of the last hidden layer as it is drawn, and less what classes by lot have, too."""
    task = data.clusters(chance.stream(UNIT_SEED, "data"), inputs=20, classes=5, train=400, test=2_000)
    net = models.mlp(chance.stream(UNIT_SEED, "start"), (20, 64, 64, 5))
    active = models.hidden(net, task.x_test)[-1]
    by_lot = unit_by_hand(active, chance.stream(UNIT_SEED, "lot").permutation(task.y_test))
    measured = unit_cell()
    assert 0 < by_lot < 0.3 * unit_by_hand(active, task.y_test)
    assert measured.curve[0] == pytest.approx(unit_by_hand(active, task.y_test) - by_lot, rel=1e-5)
    assert measured.selectivity == measured.curve[-1]
    assert measured.gain == pytest.approx(measured.curve[-1] - measured.curve[0])
    assert len(measured.curve) == 3


def test_units_that_are_alike_stay_on_the_plateau():
    """All of them learn the sum: the best that this can reach is known from the overlaps."""
    alike = unit_cell("committee", width=3, epochs=100, is_alike=True)
    taught = committee_machines.orthogonal(chance.stream(UNIT_SEED, "taught"), inputs=50, units=3)
    along = np.repeat(taught.sum(axis=1, keepdims=True), 3, axis=1) / np.sqrt(3)
    risks = [
        committee_machines.risk(committee_machines.overlaps(length * along, taught))
        for length in np.linspace(0.1, 2, 50)
    ]
    best = min(risks) / committee_machines.risk(committee_machines.overlaps(0 * along, taught))
    assert best < alike.error < 3 * best
    assert alike.specialised < 0.2
