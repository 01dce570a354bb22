"""Seven layers, counted by hand in three ways; what decay does to a product of layers; what no way of looking finds."""

import functools
from collections import Counter
from math import log2

import numpy as np
import pytest
from wrong import wrong

from axiom.catalogue import information_bottleneck_deep
from axiom.domain.experiments import seed_of
from axiom.kit import chance, information, models

SEED = seed_of("information_bottleneck_deep", 1, 0)


@functools.cache
def cell(module, way="even_bins", activation="tanh", shape="narrowing", **changes):
    config = module.Config(
        **({"task": "linear", "activation": activation, "shape": shape, "looks": 3} | changes), way=way
    )
    return module.run(config, SEED)


@functools.cache
def layers():
    """Of the start, as the file draws it."""
    task = information.rule(chance.stream(SEED, "data"), bits=12, degree=1, train=3_072)
    x, _ = information.patterns(task)
    net = models.mlp(chance.stream(SEED, "start"), (12, 10, 9, 8, 7, 6, 5, 4, 2), gain=1.0)
    return models.Architecture(activation="tanh").hidden(net, x)


def told(places):
    counts = Counter(tuple(row) for row in places.tolist())
    return -sum(count / len(places) * log2(count / len(places)) for count in counts.values())


def even_bins_are_counted(module):
    by_hand = [told(np.minimum(np.floor((np.float64(active) + 1) * 15), 29)) for active in layers()]
    assert cell(module).start_bits == pytest.approx(by_hand)


def equal_shares_are_counted(module):
    """By the rank of each value among those of its neuron, in quarters."""
    by_hand = [
        told(np.stack([np.searchsorted(np.unique(one), one) * 4 // len(np.unique(one)) for one in active.T], axis=1))
        for active in layers()
    ]
    assert cell(module, "equal_shares").start_bits == pytest.approx(by_hand)
    assert by_hand[-1] < 8  # four neurons have no more cells


def noise_is_a_tenth_of_one(module):
    """A twentieth of the range of tanh, over 512 patterns."""
    active = np.float64(layers()[-1][:512])
    nearby = [np.exp(-((active - row) ** 2).sum(axis=1) / (2 * 0.1**2)).mean() for row in active]
    found = cell(module, "noise").start_bits
    assert found[-1] == pytest.approx(-np.mean(np.log2(nearby)), abs=0.01)
    assert max(found) <= 9.001


def a_look_at_relu_is_scaled_by_the_largest_of_all(module):
    config = module.Config(task="linear", activation="relu", shape="even", way="even_bins")
    looks = [(np.arange(4.0)[:, None],), (np.arange(4.0)[:, None] / 1000,)]
    assert module.told(config, looks).ravel().tolist() == pytest.approx([2.0, 0.0])


def measures_belong_together(module):
    for way in module.WAYS:
        measured = cell(module, way)
        lost = np.array(measured.lost_bits)
        assert len(lost) == 7
        assert measured.deepest == pytest.approx(lost[5:].mean())
        assert measured.others == pytest.approx(lost[:5].mean())
        assert measured.excess == pytest.approx(lost[5:].mean() - lost[:5].mean())
        assert measured.layers == (lost >= 0.25).sum()
        assert (lost >= np.array(measured.start_bits) - measured.end_bits - 1e-9).all()
    assert module.lost(np.array([[1.0, 5.0], [4.0, 3.0], [2.0, 3.0]])).tolist() == [2.0, 2.0]


def ways_look_at_the_same_network(module):
    even, shares, noise = (cell(module, way) for way in module.WAYS)
    assert even.train_accuracy == shares.train_accuracy == noise.train_accuracy
    assert even.test_accuracy == shares.test_accuracy == noise.test_accuracy
    assert len({even.end_bits, shares.end_bits, noise.end_bits}) == 3


def controls_are_what_they_say(module):
    placebo, planted = cell(module, control="placebo"), cell(module, control="planted")
    assert abs(placebo.excess) < 0.05
    assert placebo.layers == 0
    assert planted.excess > 1
    assert sum(planted.end_bits) < sum(cell(module).end_bits) - 1


TRUTHS = [
    even_bins_are_counted,
    equal_shares_are_counted,
    noise_is_a_tenth_of_one,
    a_look_at_relu_is_scaled_by_the_largest_of_all,
    measures_belong_together,
    ways_look_at_the_same_network,
    controls_are_what_they_say,
]


@pytest.mark.parametrize("truth", TRUTHS)
def test_it_looks_at_seven_layers_in_three_ways(truth):
    truth(information_bottleneck_deep)


@pytest.mark.parametrize(
    ("truth", "right", "mistake"),
    [
        (even_bins_are_counted, "EVEN, SHARES, NOISE = 30,", "EVEN, SHARES, NOISE = 31,"),
        (equal_shares_are_counted, "EVEN, SHARES, NOISE = 30, 4", "EVEN, SHARES, NOISE = 30, 5"),
        (noise_is_a_tenth_of_one, "noise=NOISE * (high - low)", "noise=NOISE"),
        (
            a_look_at_relu_is_scaled_by_the_largest_of_all,
            "for look in looks)) for layer",
            "for look in looks[1:])) for layer",
        ),
        (measures_belong_together, "bits.max(axis=0) - bits[-1]", "bits[0] - bits[-1]"),
        (measures_belong_together, "DEEPEST, MATTERS = 2,", "DEEPEST, MATTERS = 3,"),
        (ways_look_at_the_same_network, 'chance.stream(seed, "start")', "chance.stream(seed, config.way)"),
        (controls_are_what_they_say, "lr=1e-4 * config.lr", "lr=config.lr"),
        (controls_are_what_they_say, "weight_decay=0.003 if", "weight_decay=0.0 if"),
    ],
)
def test_a_wrong_version_would_be_found_out(truth, right, mistake):
    module = wrong("information_bottleneck_deep", right, mistake)
    with pytest.raises(AssertionError):
        truth(module)
