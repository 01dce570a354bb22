"""Pooling against statsmodels, and what has to be so whatever is pooled."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special
from statsmodels.stats.meta_analysis import combine_effects
from ville.evalues import ebh

from axiom_weigh.statistics.e_bh import e_bh
from axiom_weigh.statistics.pooling import median_error, pool_estimates


@pytest.mark.parametrize(("places", "spread", "scale"), [(2, 0.2, 1.0), (3, 2.0, 1e-6), (10, 0.2, 1e5), (40, 2.0, 1.0)])
def test_pooling_is_that_of_an_independent_implementation(places, spread, scale):
    rng = np.random.default_rng(places)
    estimates = rng.normal(0.3, spread, places) * scale
    variances = rng.uniform(0.01, 0.3, places) * scale**2
    theirs = combine_effects(estimates / scale, variances / scale**2, method_re="iterated", atol=1e-6)
    ours = pool_estimates(estimates.tolist(), variances.tolist())
    assert ours.estimate / scale == pytest.approx(theirs.mean_effect_re, rel=1e-6)
    assert ours.tau2 / scale**2 == pytest.approx(max(0.0, theirs.tau2), rel=1e-5, abs=1e-12)
    assert ours.i2 == pytest.approx(max(0.0, theirs.i2), abs=1e-5)
    assert ours.q_p == pytest.approx(theirs.test_homogeneity().pvalue, rel=1e-8)
    # Hartung and Knapp's factor is theirs where it is above 1, and 1 elsewhere
    error = math.sqrt(theirs.var_eff_w_re * max(1.0, theirs.scale_hksj_re))
    half = special.stdtrit(places - 1, 0.975) * error
    assert (ours.high - ours.low) / 2 / scale == pytest.approx(half, rel=1e-5)
    if places > 2:
        further = special.stdtrit(places - 2, 0.975) * math.sqrt(max(0.0, theirs.tau2) + error**2)
        assert (ours.prediction_high - ours.prediction_low) / 2 / scale == pytest.approx(further, rel=1e-5)


def test_few_places_have_no_interval():
    single, two = pool_estimates([0.3], [0.01]), pool_estimates([0.3, 0.4], [0.01, 0.01])
    assert single.estimate == 0.3
    assert single.low is None
    assert single.high is None
    assert single.tau2 == 0.0
    assert single.q_p == 1.0
    assert two.low < 0.35 < two.high
    assert (two.prediction_low, two.prediction_high) == (None, None)
    same = pool_estimates([0.5, 0.5, 0.5, 0.5], [0.04] * 4)
    assert same.tau2 == same.i2 == 0.0
    assert (same.high - same.low) / 2 == pytest.approx(special.stdtrit(3, 0.975) * 0.1)


def test_what_cannot_be_pooled_or_asked_for_is_refused():
    wrong = [([1.0], [variance]) for variance in (0.0, math.inf)]
    for estimates, variances in ([], []), ([1.0], [0.1, 0.1]), ([math.nan], [1.0]), *wrong:
        with pytest.raises(ValueError, match=r"pooled|numbers"):
            pool_estimates(estimates, variances)
    for share in (0.0, 1.1, math.nan):
        with pytest.raises(ValueError, match="share"):
            e_bh([1.0], share)


PLACES = st.lists(st.tuples(st.floats(-1e3, 1e3), st.floats(1e-4, 1e3)), min_size=1, max_size=8)


@settings(max_examples=40)
@given(places=PLACES, scale=st.sampled_from([0.5, 2.0**-40, 2.0**200]))
def test_pooling_knows_neither_the_unit_nor_which_way_is_up(places, scale):
    estimates, variances = zip(*places, strict=True)
    plain = pool_estimates(estimates, variances)
    other = pool_estimates(
        [-estimate * scale for estimate in estimates], [variance * scale * scale for variance in variances]
    )
    assert other.estimate == pytest.approx(-plain.estimate * scale, rel=1e-9, abs=1e-9 * scale)
    assert (other.i2, other.q_p) == pytest.approx((plain.i2, plain.q_p), abs=1e-9)
    if plain.low is not None:
        assert other.high == pytest.approx(-plain.low * scale, rel=1e-6, abs=1e-6 * scale)


@settings(max_examples=40)
@given(places=PLACES)
def test_what_is_pooled_lies_among_the_places_and_a_further_one_in_a_wider_interval(places):
    estimates, variances = zip(*places, strict=True)
    together = pool_estimates(estimates, variances)
    assert min(estimates) - 1e-9 <= together.estimate <= max(estimates) + 1e-9
    assert 0.0 <= together.i2 <= 1.0
    assert 0.0 <= together.q_p <= 1.0
    if together.prediction_low is not None:
        assert together.prediction_low <= together.low <= together.estimate <= together.high <= together.prediction_high


@pytest.mark.parametrize("spread", [0.0, 1.0])
def test_the_pooled_interval_holds_the_common_effect(spread):
    rng, within = np.random.default_rng(2), 0
    for _ in range(200):
        variances = rng.uniform(0.02, 0.5, 6)
        together = pool_estimates(
            (rng.normal(0, spread, 6) + rng.normal(0, np.sqrt(variances))).tolist(), variances.tolist()
        )
        within += together.low <= 0.0 <= together.high
    assert within / 200 >= 0.95 - 3 * math.sqrt(0.05 * 0.95 / 200)


@pytest.mark.parametrize(("n", "rank"), [(2, 1), (5, 1), (6, 1), (8, 2), (50, 18), (200, 86)])
def test_the_error_of_a_median_is_the_half_width_of_its_interval_in_its_deviates(n, rank):
    values = [float(place) for place in range(1, n + 1)]
    width = values[-rank] - values[rank - 1]
    assert median_error(values) == pytest.approx(width / 2 / -special.ndtri(special.bdtr(rank - 1, n, 0.5)))


def test_the_error_of_a_median_is_nothing_only_where_all_values_are_the_same():
    assert median_error([0.5] * 2_000) == 0.0
    assert median_error([0.5] * 1_999 + [0.75]) > 0.0
    assert median_error([0.0] * 20 + [1.0] * 4 + [-1.0] * 4) > 0.0
    for values in ([], [1.0]):
        with pytest.raises(ValueError, match="two values"):
            median_error(values)


LOGS = st.lists(st.floats(-5.0, 12.0), max_size=30)


@settings(max_examples=40)
@given(log_es=LOGS, q=st.sampled_from([0.01, 0.05, 0.5]))
def test_the_set_is_that_of_an_independent_implementation(log_es, q):
    theirs = np.flatnonzero(ebh(np.exp(log_es), q)) if log_es else []
    assert e_bh(log_es, q) == frozenset(int(place) for place in theirs)


def test_the_set_is_what_a_hand_finds():
    standing = {(20.0,): {0}, (19.9,): set(), (60.0, math.nan, 0.0): {0}, (59.0, math.nan, math.inf): {0, 2}}
    standing[39.0, 39.0] = {0, 1}  # neither reaches 40 alone; both reach 20 as the second
    for e_values, places in standing.items():
        assert e_bh([(math.log(e_value) if e_value else -math.inf) + 1e-12 for e_value in e_values], 0.05) == places


@settings(max_examples=40)
@given(log_es=LOGS, more=st.floats(0.0, 5.0))
def test_stronger_evidence_and_fewer_questions_never_take_a_finding_away(log_es, more):
    before = e_bh(log_es, 0.05)
    for place in before:
        raised = [log_e + more * (at == place) for at, log_e in enumerate(log_es)]
        assert before <= e_bh(raised, 0.05)
    if before:
        assert max(before) < len(log_es)
        assert len(before) <= len(e_bh([log_es[place] for place in sorted(before)], 0.05))
