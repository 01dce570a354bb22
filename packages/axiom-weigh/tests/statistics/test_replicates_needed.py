"""Forecasts of how many replicates are needed come true as often as they say."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from axiom_weigh.statistics.replicates_needed import (
    for_absence,
    for_effect,
    for_share,
    if_effect,
    if_share,
    until_crossed,
)
from axiom_weigh.statistics.shares_and_medians import bernoulli_log_e, median_sequence
from axiom_weigh.statistics.signed_ranks import combine_sides, log_es, make_stream

BAR = math.log(1e3)
PILOT, STREAMS = 16, 200


def is_sure(values) -> bool:
    return combine_sides(*log_es(make_stream(values), 0.0)) >= BAR


def is_share_sure(drawn, null: float) -> bool:
    return bernoulli_log_e(int(drawn.sum()), len(drawn), null) >= BAR


def test_an_effect_is_as_sure_after_the_forecast_number_as_was_forecast():
    rng, reached = np.random.default_rng(1), [[], []]
    for effect in rng.normal(0.0, 1.0, STREAMS):  # as the forecast expects effects to be
        values = rng.normal(effect, 1.0, 2_000).tolist()
        for place, more in enumerate(for_effect(values[:PILOT], BAR)):
            if more is not None and 0 < more <= len(values) - PILOT:
                reached[place].append(is_sure(values[: PILOT + more]))
    assert np.mean(reached[0]) == pytest.approx(0.5, abs=0.12)
    assert 0.8 <= np.mean(reached[1]) <= 0.95  # a little less often, where only a few more were forecast


def test_a_share_is_as_sure_after_the_forecast_number_as_was_forecast():
    null = 0.1
    rng, reached = np.random.default_rng(2), [[], []]
    for chance in rng.beta(0.5, 0.5, STREAMS):  # as the forecast expects chances to be
        drawn = rng.random(6_000) < chance
        for place, more in enumerate(for_share(int(drawn[:PILOT].sum()), PILOT, null, BAR)):
            if more is not None and 0 < more <= len(drawn) - PILOT:
                reached[place].append(is_share_sure(drawn[: PILOT + more], null))
    assert 0.4 <= np.mean(reached[0]) <= 0.75  # a count goes up in steps, so mostly past one half
    assert np.mean(reached[1]) == pytest.approx(0.9, abs=0.07)


def is_absent_by_signs(values) -> bool:
    low, high = median_sequence(values)
    return low is not None and -0.4 < low <= high < 0.4


def is_absent_by_ranks(values) -> bool:
    ranks = make_stream(values)
    return min(log_es(ranks, -0.4)[0], log_es(ranks, 0.4)[1]) >= math.log(20)


@pytest.mark.parametrize(("by_signs", "is_absent"), [(True, is_absent_by_signs), (False, is_absent_by_ranks)])
def test_an_absent_effect_is_shown_after_about_the_forecast_number(by_signs, is_absent):
    rng, reached = np.random.default_rng(3), [[], []]
    for _ in range(60):
        values = rng.normal(rng.normal(0, 0.05), 1.0, 5_000).tolist()
        for place, more in enumerate(for_absence(values[:100], 0.0, 0.4, by_signs=by_signs)):
            if more is not None and more <= len(values) - 100:
                reached[place].append(is_absent(values[: 100 + more]))
    assert 0.35 <= np.mean(reached[0]) <= 0.85
    assert np.mean(reached[1]) >= 0.8


def test_what_is_sure_already_needs_no_more_but_the_least_that_is_asked_for():
    sure = [1.0 + 0.01 * place for place in range(20)]
    assert for_effect(sure, math.log(20)) == (0, 0)
    assert for_effect(sure, math.log(20), least=50) == (30, 30)
    assert for_share(40, 40, 0.5, math.log(20), least=50) == (10, 10)
    assert for_absence([0.0, 1e-9, -1e-9] * 20, 0.0, 1.0, by_signs=True, least=100) == (40, 40)
    for values in ([], [1.0]):
        assert for_effect(values, BAR) == for_absence(values, 0.0, 0.1, by_signs=False) == (None, None)
    assert for_share(0, 0, 0.5, BAR) == (None, None)
    assert for_absence([1.0, 1.1, 0.9, 1.05] * 20, 0.0, 0.5, by_signs=True)[1] is None


@settings(max_examples=40)
@given(
    values=st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=8),
    null=st.floats(-10.0, 10.0),
    log_e=st.floats(0.0, 60.0),
)
def test_no_values_make_the_forecast_fail_and_nine_in_ten_is_never_sooner(values, null, log_e):
    for half, most in (for_effect(values, log_e, null=null), for_absence(values, null, 0.1, by_signs=False)):
        assert half is not None or most is None
        if half is not None and most is not None:
            assert 0 <= half <= most


@settings(max_examples=40)
@given(n=st.integers(1, 60), share=st.floats(0.0, 1.0), null=st.sampled_from([0.0, 0.1, 0.5, 1.0]))
def test_no_share_makes_the_forecast_fail(n, share, null):
    half, most = for_share(round(share * n), n, null, BAR)
    assert half is None or half >= 0
    assert most is None or most >= (half or 0)


def test_as_many_seeds_as_would_show_an_effect_or_a_share_show_one_that_is_there():
    rng, reached = np.random.default_rng(4), [[], []]
    for _ in range(80):
        pilot = rng.normal(0.0, 1.0, 64).tolist()  # in which there is none, as in a negative that is doubted
        values = rng.normal(0.5, 1.0, 400).tolist()
        for place, more in enumerate(if_effect(pilot, 0.5, BAR)):
            reached[place].append(is_sure(values[: len(pilot) + more]))
    assert 0.4 <= np.mean(reached[0]) <= 0.65
    assert np.mean(reached[1]) == pytest.approx(0.9, abs=0.08)
    assert if_effect([1.0], 0.5, BAR) == (None, None)
    assert if_effect([1.0] * 20, 0.5, BAR) == (0, 0)
    rng = np.random.default_rng(5)
    half, most = if_share(16, 0.75, 0.5, BAR)
    shown = [[is_share_sure(rng.random(16 + more) < 0.75, 0.5) for _ in range(200)] for more in (half, most)]
    assert 0.4 <= np.mean(shown[0]) <= 0.65
    assert np.mean(shown[1]) == pytest.approx(0.9, abs=0.06)


@settings(max_examples=60)
@given(
    values=st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=2, max_size=40),
    log_now=st.floats(-60.0, 60.0) | st.just(-math.inf),
)
def test_no_values_make_a_range_fail_and_it_is_in_order(values, log_now):
    few, likely, many = (math.inf if more is None else more for more in until_crossed(values, log_now, BAR))
    assert 0 <= few <= likely <= many


def test_a_range_is_nearer_for_a_larger_effect_or_e_value_and_never_below_the_least():
    values = [0.5 + (-1.0) ** place * (1.0 + place / 100) for place in range(40)]
    far, near = (until_crossed(values, log_now, math.log(20)) for log_now in (0.0, 2.0))
    larger = until_crossed([value + 0.5 for value in values], 0.0, math.log(20))
    for sooner, later in ((near, far), (larger, far)):
        assert all(soon < other for soon, other in zip(sooner, later, strict=True))
    assert until_crossed(values, 2.0, math.log(20), least=10_040)[:2] == (10_000, 10_000)
    assert until_crossed([1.0], 0.0, BAR) is None
