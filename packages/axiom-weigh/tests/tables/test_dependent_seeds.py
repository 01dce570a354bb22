"""Neighbours that are alike: an alarm, and where it is plain a doubt, so that nothing is weighed."""

from itertools import pairwise

import numpy as np
import pytest

from axiom_weigh.tables.dependent_seeds import check_independence

DRAWN = np.random.default_rng(1).normal(size=60).tolist()
STEPS = np.cumsum(DRAWN).tolist()  # each value is the one before it and a little more


@pytest.mark.parametrize(
    ("values", "has_alarm", "has_doubt"),
    [
        (DRAWN, False, False),
        ([(value + after) / 2 for value, after in pairwise(DRAWN)], True, False),
        (STEPS, True, True),
        (STEPS[:19], False, False),  # too few to see it
        (sorted(DRAWN[:19]), False, True),
        ([1.0] * 60, False, False),
    ],
)
def test_neighbours_that_are_alike_raise_an_alarm_and_then_a_doubt(values, has_alarm, has_doubt):
    _, alarms, doubt = check_independence("", values)
    assert (bool(alarms), doubt is not None) == (has_alarm, has_doubt)
