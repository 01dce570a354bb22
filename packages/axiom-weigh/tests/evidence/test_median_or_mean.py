"""Each claim names one middle; where values are lopsided, or lie within bounds, the mean is told of beside it."""

import math
import statistics

import numpy as np
import pytest

from axiom_weigh.evidence.weigh_claim import weigh_observations
from axiom_weigh.statistics import betting
from axiom_weigh.statistics.asymmetry import long_tail
from axiom_weigh.values import Force, Grade, Kind, Observation, Verdict

SPREAD = [statistics.NormalDist().inv_cdf((place + 0.5) / 40) for place in range(40)]
TAIL = [-math.log(1 - (place + 0.5) / 40) for place in range(40)]
COLLAPSE = [0.01 + 0.001 * (place % 7) + 0.0001 * place - (place % 10 == 9) for place in range(80)]  # in one of ten


def weighed(values, **declared):
    estimand = {"kind": "contrast", "null": 0.0, "smallest": 0.0, "bounds": None, **declared}
    rows = [Observation(replicate=place, value=value, hosts=(1,)) for place, value in enumerate(values)]
    return weigh_observations(estimand, rows, blocks=5)


@pytest.mark.parametrize(("kind", "middle"), [(Kind.CONTRAST, "typical value"), (Kind.LEVEL, "median")])
def test_every_claim_names_its_middle(kind, middle):
    evidence = weighed([0.3 + number for number in SPREAD], kind=kind.value)
    assert sum("this is about the" in reason for reason in evidence.reasons) == 1
    assert any(f"this is about the {middle}" in reason for reason in evidence.reasons)


def test_where_a_few_collapse_the_mean_is_told_beside_and_holds_the_grade_back():
    """Nine in ten gain a little and one in ten loses all: the typical value is above 0, and the mean is not."""
    evidence = weighed(COLLAPSE)
    alarm = next(alarm for alarm in evidence.alarms if alarm.kind == "lopsided")
    assert evidence.verdict == Verdict.POSITIVE
    assert evidence.grade == Grade.MODERATE
    assert alarm.force == Force.HOLDS_BACK
    assert statistics.fmean(COLLAPSE) < 0 < evidence.estimate
    assert not any(alarm.kind == "lopsided" for alarm in weighed(SPREAD).alarms)
    large = [alarm for alarm in weighed([number + 1 for number in TAIL]).alarms if alarm.kind == "lopsided"]
    assert [alarm.force for alarm in large] == [Force.TELLS]  # the mean lies on the same side, plainly


def test_within_bounds_the_mean_is_bet_on_or_the_seeds_that_would_tell_are_foreseen():
    clear, small = [0.4 + 0.1 * number for number in SPREAD], [0.01 + 0.01 * number for number in SPREAD]
    assert any("it lies above 0" in reason for reason in weighed(clear, within=(-1.0, 1.0)).reasons)
    assert any("seeds like these would tell" in reason for reason in weighed(small, bounds=[-1, 1]).reasons)
    assert not any("of the mean, within" in reason for reason in weighed(small).reasons)
    assert not any("of the mean, within" in reason for reason in weighed([*small, 3.0], within=(-1.0, 1.0)).reasons)


def test_as_many_seeds_as_foreseen_are_those_after_which_bets_are_sure():
    values, bar = [0.1 + 0.1 * number for number in SPREAD], math.log(20)
    needed = betting.seeds_needed(values, 0.0, (-1.0, 1.0), bar, most=2000)
    repeated = (values * 50)[:needed]
    assert (
        betting.betting_log_e(repeated, 0.0, (-1.0, 1.0))
        >= bar
        > betting.betting_log_e(repeated[:-1], 0.0, (-1.0, 1.0))
    )
    assert betting.seeds_needed([0.001, -0.001] * 9, 0.0, (-1.0, 1.0), bar, most=500) is None


def test_a_long_tail_does_not_depend_on_place_and_scale():
    for shift, scale in ((0.0, 1.0), (5.0, 1e-9), (-3.0, 1e9)):
        assert long_tail([shift + scale * number for number in TAIL]) == "above"
        assert long_tail([shift + scale * number for number in SPREAD]) == ""
    assert long_tail([]) == long_tail([2.0] * 9) == ""


def test_symmetric_values_are_seldom_called_lopsided_and_lopsided_ones_mostly_are():
    rng = np.random.default_rng(4)
    assert np.mean([bool(long_tail(rng.normal(size=30).tolist())) for _ in range(300)]) <= 0.08
    assert np.mean([bool(long_tail(rng.exponential(size=30).tolist())) for _ in range(300)]) >= 0.6
