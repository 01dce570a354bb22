"""Numbers of which nobody said what they are: what is plainly no paired difference is not weighed as one."""

import math
import statistics

import pytest

from axiom_weigh.tables.undeclared_numbers import doubt_differences, doubt_same_values, warn_of_levels
from axiom_weigh.values import Kind

SPREAD = [statistics.NormalDist().inv_cdf((place + 0.5) / 40) for place in range(40)]
TAIL = [-math.log(1 - (place + 0.5) / 40) for place in range(40)]


@pytest.mark.parametrize(
    ("values", "says", "shown_as"),
    [
        ([0.0, 1.0] * 10, "events", Kind.PROPORTION),
        ([1.0] * 3, "events", Kind.PROPORTION),
        ([0.25, 0.5] * 10, "only 2 distinct values in 20", Kind.LEVEL),
        ([0.1 * (place % 10) for place in range(20)], "only 10 distinct values in 20", Kind.LEVEL),
        ([0.0] * 20 + SPREAD[:30], "20 of 50 values are 0", Kind.LEVEL),
        (TAIL, "a long tail above", Kind.LEVEL),
        ([-number for number in TAIL], "a long tail below", Kind.LEVEL),
        ([number * 1e300 for number in TAIL], "a long tail above", Kind.LEVEL),
        ([0.9 + 0.01 * number for number in SPREAD], "all 40 values lie on one side of 0", Kind.LEVEL),
        ([-0.9 + 0.01 * number for number in SPREAD], "all 40 values lie on one side of 0", Kind.LEVEL),
        ([1.4 + number for number in SPREAD], "all but 3 of 40 values lie on one side of 0", Kind.LEVEL),
        ([0.3 + 0.6 * place / 12 for place in range(12)], "all 12 values lie on one side of 0", Kind.LEVEL),
        ([0.1 * place for place in range(13)], "all 13 values lie on one side of 0", Kind.LEVEL),
    ],
)
def test_what_is_plainly_no_paired_difference_is_not_weighed_as_one(values, says, shown_as):
    obstacle = doubt_differences(values)
    assert obstacle.shown_as is shown_as
    assert says in obstacle.why
    assert ("--bounds" in " ".join(obstacle.instead)) == (shown_as is Kind.LEVEL)


NONE_OF_A_LEVEL = [[], [0.3], [0.3, -0.1, 0.2], [1 + 0.1 * place for place in range(11)]]


@pytest.mark.parametrize(
    "values", [*NONE_OF_A_LEVEL, SPREAD, [1 + number for number in SPREAD], [number**3 for number in SPREAD]]
)
def test_what_may_be_a_paired_difference_is_not_doubted(values):
    assert doubt_differences(values) is None


@pytest.mark.parametrize(
    ("values", "null", "is_warned", "is_doubted"),
    [
        ([1.0 + 0.1 * number for number in SPREAD], 0.0, True, False),
        ([-1.0 + 0.1 * number for number in SPREAD], 0.0, True, False),
        ([1.0 + number for number in SPREAD], 0.0, False, False),
        ([0.9 + 0.01 * number for number in SPREAD], 0.0, True, True),
        ([0.9 + 0.01 * number for number in SPREAD], 0.9, False, False),
        ([5.0, 5.001] * 5, 0.0, False, True),
        ([], 0.0, False, False),
    ],
)
def test_values_far_on_one_side_of_a_declared_null_may_be_levels(values, null, is_warned, is_doubted):
    assert bool(warn_of_levels(values, null)) == is_warned
    assert (doubt_differences(values, null) is not None) == is_doubted


@pytest.mark.parametrize(("values", "is_one"), [([2.5] * 3, True), ([2.5], False), ([], False), ([2.5, 2.6], False)])
def test_values_that_are_all_the_same_are_one(values, is_one):
    assert (doubt_same_values(values) is not None) == is_one
