"""Bets of fixed sizes: fair at the border whatever the law, the same in every order, no larger for a larger mean."""

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axiom_weigh.statistics.fixed_bets import count_values, find_interval, log_e

BOUNDS = (-1.0, 1.0)
VALUES = st.lists(st.none() | st.sampled_from([-1.0, 0.0, 1.0]) | st.floats(-1.0, 1.0), max_size=40)


def e_above(values, mean: float, side: int = 1) -> float:
    return math.exp(log_e(count_values(values, BOUNDS), (mean + 1.0) / 2.0, side))


@pytest.mark.parametrize("law", [{-1.0: 0.5, 1.0: 0.5}, {-1.0: 0.1, 0.0: 0.8, 1.0: 0.1}, {-0.5: 2 / 3, 1.0: 1 / 3}])
def test_no_bet_gains_on_average_at_the_mean_itself(law):
    """Over all streams of five values, with their chances; also above the mean, and for the other side."""
    for mean, side in ((0.0, 1), (0.0, -1), (0.25, 1), (-0.25, -1)):
        on_average = sum(
            math.prod(law[value] for value in stream) * e_above(stream, mean, side)
            for stream in itertools.product(law, repeat=5)
        )
        assert on_average <= 1.0 + 1e-12


@given(values=VALUES, order=st.randoms())
def test_no_order_matters_and_what_is_missing_costs_the_most(values, order):
    mixed = list(values)
    order.shuffle(mixed)
    assert e_above(mixed, 0.1) == pytest.approx(e_above(values, 0.1))
    assert e_above([*values, None], 0.1) == pytest.approx(e_above([*values, -1.0], 0.1))
    assert e_above([*values, None], 0.1, -1) == pytest.approx(e_above([*values, 1.0], 0.1, -1))


@given(values=VALUES, means=st.tuples(st.floats(-1.0, 1.0), st.floats(-1.0, 1.0)).map(sorted))
def test_a_larger_mean_is_never_less_refuted_so_the_rest_is_an_interval(values, means):
    low, high = means
    assert e_above(values, high) <= e_above(values, low) * (1 + 1e-9)
    counted = count_values(values, BOUNDS)
    ends = [2.0 * end - 1.0 for end in find_interval(counted, alpha=0.05)]
    assert -1.0 <= ends[0] <= ends[1] <= 1.0
    for mean in means:
        is_refuted = e_above(values, mean) >= 40.0 or e_above(values, mean, -1) >= 40.0
        near = min(abs(mean - end) for end in ends) < 1e-9
        assert near or is_refuted is not (ends[0] <= mean <= ends[1])
