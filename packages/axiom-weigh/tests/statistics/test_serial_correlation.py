"""The serial rank correlation has the mean and the deviation that all orders of the values have."""

import itertools

import numpy as np
import pytest

from axiom_weigh.statistics.serial_correlation import serial_correlation


@pytest.mark.parametrize("values", [[1, 2, 3, 5, 8, 13], [0, 0, 1, 1, 1, 7], [0, 0, 0, 1, 1]])
def test_over_all_orders_of_the_values_it_has_mean_0_and_deviation_1(values):
    unusual = [serial_correlation(order)[1] for order in itertools.permutations(values)]
    assert (np.mean(unusual), np.std(unusual)) == (pytest.approx(0.0, abs=1e-9), pytest.approx(1.0))


def test_it_depends_on_ranks_alone_and_says_nothing_of_equal_or_few_values():
    values = np.random.default_rng(1).normal(size=30).cumsum()
    assert serial_correlation(np.exp(values)) == serial_correlation(values)
    assert serial_correlation(values)[0] == pytest.approx(1.0, abs=0.4)
    assert [serial_correlation(few) for few in ([], [1.0], [0.5] * 40)] == [(0.0, 0.0)] * 3
    assert serial_correlation([0.0, 1.0, 0.0, 0.0])[1] == 0.0
