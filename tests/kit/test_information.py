"""Counted by hand: cells, entropies, what they tell of a label; and noise that sees everything or nothing."""

from collections import Counter
from math import log2

import numpy as np
import pytest

from axiom.kit import chance, information, models


def bits_of(things):
    counts = Counter(things)
    total = sum(counts.values())
    return -sum(count / total * log2(count / total) for count in counts.values())


@pytest.fixture(scope="module")
def active():
    return np.tanh(2 * chance.stream(1, "active").standard_normal((500, 4))).astype(np.float32)


def test_a_rule_has_all_patterns_once_and_two_classes_of_about_the_same_size():
    for degree in (1, 2):
        task = information.rule(chance.stream(degree, "rule"), bits=8, degree=degree, train=200)
        x, y = information.patterns(task)
        assert len({tuple(row) for row in x.tolist()}) == len(x) == 256
        assert set(np.unique(x)) == {-1.0, 1.0}
        assert y.mean() == pytest.approx(0.5, abs=0.02)
        assert len(task.x_train) == 200


def test_a_rule_is_of_its_degree():
    """A linear form changes sign with the pattern, a quadratic one does not."""
    for degree, same in ((1, 0.0), (2, 1.0)):
        x, y = information.patterns(information.rule(chance.stream(3, "rule"), bits=8, degree=degree, train=200))
        label = {tuple(row): each for row, each in zip(x.tolist(), y, strict=True)}
        agree = np.mean([label[row] == label[tuple(-each for each in row)] for row in label])
        assert agree == pytest.approx(same, abs=0.03)


def test_a_network_is_kept_and_comes_back():
    net = models.mlp(chance.stream(1, "net"), (3, 4, 2))
    again = information.dressed(information.bare(net))
    for one, other in zip(net, again, strict=True):
        assert np.array_equal(one.weights, other.weights)
        assert np.array_equal(one.biases, other.biases)


def test_even_bins_are_evenly_wide():
    found = information.even_bins(np.array([[-1.0, -0.51, -0.49, 0.0, 0.99, 1.0, 7.0]]), low=-1, high=1, bins=4)
    assert found.tolist() == [[0, 0, 1, 2, 3, 3, 3]]


def test_bins_of_equal_shares_hold_as_many_values_each_and_see_no_saturation(active):
    found = information.equal_shares(active, bins=5)
    assert all(np.bincount(column).tolist() == [100] * 5 for column in found.T)
    assert np.array_equal(found, information.equal_shares(np.float64(active) ** 3 / 1000, bins=5))
    assert information.equal_shares(np.ones((7, 1)), bins=5).tolist() == [[0]] * 7


def test_rows_share_a_cell_when_they_share_all_bins(active):
    binned = information.even_bins(active, low=-1, high=1, bins=3)
    names = information.occupied(binned)
    rows = [tuple(row) for row in binned.tolist()]
    pairs = set(zip(rows, names.tolist(), strict=True))
    assert len(pairs) == len(set(rows)) == len(set(names.tolist()))
    assert information.entropy(names) == pytest.approx(bits_of(rows))


def test_what_cells_tell_of_a_label_is_counted(active):
    names = information.occupied(information.even_bins(active[:, :2], low=-1, high=1, bins=3))
    y = (active[:, 0] + active[:, 2] > 0).astype(np.int32)
    by_hand = bits_of(names.tolist()) + bits_of(y.tolist()) - bits_of(zip(names.tolist(), y.tolist(), strict=True))
    assert information.of_label(names, y) == pytest.approx(by_hand)
    assert information.of_label(names, np.zeros(500, dtype=np.int32)) == pytest.approx(0.0, abs=1e-9)
    assert information.of_label(y.astype(np.int64), y) == pytest.approx(bits_of(y.tolist()))


def test_little_noise_hides_nothing_and_much_hides_all():
    apart = np.arange(64.0)[:, None]
    assert information.through_noise(apart, noise=0.01) == pytest.approx(6.0)
    assert information.through_noise(apart, noise=1e6) == pytest.approx(0.0, abs=1e-6)
    assert information.through_noise(apart // 4, noise=0.01) == pytest.approx(4.0)
    two = information.through_noise(np.array([[0.0], [1.0]]), noise=1.0)
    assert two == pytest.approx(-log2((1 + np.exp(-0.5)) / 2), rel=1e-5)
