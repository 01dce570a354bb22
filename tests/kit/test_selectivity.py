"""Morcos et al. (2018): what is selective of units that are built by hand."""

import numpy as np
import pytest

from axiom.kit import chance, models, selectivity

Y = np.repeat(np.arange(4), 5)
ONE_HOT = np.eye(4)[Y]


def test_units_built_by_hand_are_as_selective_as_they_were_built():
    units = np.stack(
        [
            ONE_HOT[:, 2],  # of one class alone
            np.ones(20),  # of none
            np.zeros(20),  # asleep
            1 + 2 * ONE_HOT[:, 0],  # 3 there, 1 elsewhere
            ONE_HOT[:, 0] + ONE_HOT[:, 1],  # of two: the others' mean is a third
            7 * (1 + 2 * ONE_HOT[:, 0]),  # scale says nothing
        ],
        axis=1,
    )
    found = selectivity.of_units(units, Y, classes=4)
    assert found == pytest.approx([1, 0, 0, 0.5, 0.5, 0.5])
    assert selectivity.mean(units, Y, classes=4) == pytest.approx(2.5 / 5)  # who sleeps does not count
    assert selectivity.mean(0 * units, Y, classes=4) == 0.0


def test_what_classes_by_lot_have_too_is_taken_away():
    rng = chance.stream(5, "units")
    units, y = rng.random((400, 30)) ** 8, np.repeat(np.arange(4), 100)
    assert selectivity.mean(units, y, classes=4) > 0.1  # of few rows, whatever they are
    assert selectivity.beyond_lot(units, y, chance.stream(5, "lot"), classes=4) == pytest.approx(0, abs=0.03)
    telling = np.eye(4)[y]
    told = selectivity.beyond_lot(telling, y, chance.stream(5, "lot"), classes=4)
    by_lot = selectivity.mean(telling, chance.stream(5, "lot").permutation(y), classes=4)
    assert told == pytest.approx(1 - by_lot)


def test_a_class_counts_by_its_mean_and_not_by_its_rows():
    y = np.array([0] * 30 + [1] * 2 + [2])
    unit = np.where(y == 1, 3.0, 1.0)[:, None]
    assert selectivity.of_units(unit, y, classes=3) == pytest.approx([0.5])


def test_fours_are_of_a_size_and_begin_with_the_highest_score():
    rng = chance.stream(1, "fours")
    sizes, scores = rng.permutation(22).astype(float), rng.random(22)
    rows = selectivity.fours(sizes, scores)
    assert rows.shape == (5, 4)
    assert sorted(sizes[rows].ravel()) == list(range(2, 22))
    assert [set(sizes[row]) for row in rows] == [set(range(18 - 4 * n, 22 - 4 * n)) for n in range(5)]
    assert (np.diff(scores[rows], axis=1) < 0).all()


def test_a_unit_that_is_gone_says_its_mean():
    net = models.mlp(chance.stream(2, "net"), (5, 8, 3))
    x = chance.stream(2, "x").standard_normal((50, 5)).astype(np.float32)
    active = models.hidden(net, x)[-1]
    nobody, whole = np.array([], dtype=int), models.logits(net, x)
    assert selectivity.without(net, active, nobody) == pytest.approx(whole, abs=1e-5)
    gone = selectivity.without(net, active, np.array([3, 6]))
    change = sum((active[:, [n]].mean() - active[:, [n]]) @ net[-1].weights[[n]] for n in (3, 6))
    assert gone - whole == pytest.approx(change, abs=1e-5)
    everybody = selectivity.without(net, active, np.arange(8))
    assert np.ptp(everybody, axis=0) == pytest.approx(np.zeros(3))


def test_a_size_is_what_a_unit_moves():
    net = models.mlp(chance.stream(2, "net"), (5, 8, 3))
    x = chance.stream(2, "x").standard_normal((50, 5)).astype(np.float32)
    active = models.hidden(net, x)[-1]
    whole = models.logits(net, x)
    moved = [
        np.sqrt(((selectivity.without(net, active, np.array([n])) - whole) ** 2).sum(axis=1).mean()) for n in range(8)
    ]
    assert selectivity.sizes(net, active) == pytest.approx(moved, rel=1e-4, abs=1e-6)
