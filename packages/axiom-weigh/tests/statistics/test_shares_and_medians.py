"""Right at every look: the false-positive rate, the power, the coverage, and values computed in another way."""

import itertools
import math
import random

import numpy as np
import pytest
import ville
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from axiom.rules.experiments.failure_e_value import failure_log_e
from axiom_weigh.statistics.shares_and_medians import (
    MOST,
    bernoulli_log_e,
    dealt_log_e,
    median_sequence,
    share_sequence,
)

STREAMS, LOOKS = 500, 100
AT_MOST = 0.05 + 3 * math.sqrt(0.05 * 0.95 / STREAMS)


def sign_log_e(signs) -> float:
    return dealt_log_e(sum(sign > 0 for sign in signs), sum(sign == 0 for sign in signs), len(signs))


def mixed_by_quadrature(successes: int, n: int, p0: float) -> float:
    """The Beta(1/2, 1/2) mixture as a plain sum: with p = sin², its density is even, so the midpoints are exact."""
    points = 512
    angles = (np.arange(points) + 0.5) * math.pi / 2 / points
    chances = np.sin(angles) ** 2
    likelihoods = chances**successes * (1 - chances) ** (n - successes)
    return float(likelihoods.mean() / (p0**successes * (1 - p0) ** (n - successes)))


@pytest.mark.parametrize(("successes", "n", "p0"), [(0, 0, 0.5), (1, 1, 0.5), (7, 7, 0.5), (2, 16, 0.1), (40, 50, 0.5)])
def test_the_bernoulli_e_value_is_the_mixture_computed_by_quadrature(successes, n, p0):
    assert math.exp(bernoulli_log_e(successes, n, p0)) == pytest.approx(mixed_by_quadrature(successes, n, p0), rel=1e-9)


@pytest.mark.parametrize("p0", [0.1, 0.5])
def test_e_value_and_interval_of_a_chance_are_those_of_an_independent_implementation(p0):
    happened = (np.random.default_rng(1).random(60) < 0.3).astype(int)
    test = ville.BernoulliTest(p0, prior=(0.5, 0.5))
    theirs = test._process(happened.astype(float))  # every look; in public it stops at its bar
    ours = [bernoulli_log_e(int(happened[:n].sum()), n, p0) for n in range(1, 61)]
    assert ours == pytest.approx(list(theirs), abs=1e-9)
    sequence = ville.BernoulliCS(prior=(0.5, 0.5), intersect=False)
    sequence.update(happened)
    assert share_sequence(int(happened.sum()), 60) == pytest.approx(sequence.interval(), abs=1e-6)


def test_at_the_ends_of_the_scale_the_e_value_stays_a_number():
    log_es = {(1, 5, 0.0): MOST, (0, 1, 0.0): math.log(0.5), (5_000, 5_000, 0.01): MOST}  # the first cannot happen
    assert {facts: bernoulli_log_e(*facts) for facts in log_es} == pytest.approx(log_es)


def test_amounts_and_shares_that_cannot_be_are_refused():
    for successes, n, p0, named in ((-1, 3, 0.5, -1), (4, 3, 0.5, 4), (1, 3, 1.5, 1.5), (1, 3, math.nan, "nan")):
        with pytest.raises(ValueError, match=str(named)):
            bernoulli_log_e(successes, n, p0)
    for failed, of, most, named in ((-1, 2, 0.1, -1), (3, 2, 0.1, 3), (1, 2, 0.0, 0), (1, 2, 1.0, 1)):
        with pytest.raises(ValueError, match=str(named)):
            failure_log_e(failed, of, most=most)


@settings(max_examples=40)
@given(signs=st.lists(st.sampled_from([-1, 1, 0]), max_size=10))
def test_unknown_signs_are_dealt_out_as_badly_as_can_be(signs):
    dealt = itertools.product(*[(sign,) if sign else (-1, 1) for sign in signs])
    assert sign_log_e(signs) == pytest.approx(min(map(sign_log_e, dealt)), abs=1e-12)
    seen = [sign for sign in signs if sign] * 2  # of which it is that of a chance of one half, on the commoner side
    successes = max(seen.count(1), seen.count(-1))
    assert sign_log_e(seen) == pytest.approx(bernoulli_log_e(successes, len(seen), 0.5))


@pytest.mark.parametrize(
    ("values", "missing", "interval"),
    [
        ([1, 2, 3, 4, 5, 6], 0, (None, None)),
        ([7, 6, 5, 4, 3, 2, 1], 0, (1, 7)),  # seven signs alike give e = 27; six give 14
        (list(range(1, 21)), 0, (4, 17)),  # 17 of 20 alike: e = 39; 16 of 20: 8
        (list(range(1, 21)), 2, (3, 18)),  # 18 of 22 alike: e = 21; 17 of 22: 5
    ],
)
def test_the_interval_about_the_median_ends_at_values(values, missing, interval):
    assert median_sequence(values, missing=missing) == interval


def speaks_against(median: float, values: list[float], missing: int, alpha: float) -> bool:
    """Is this median refuted in the worst case? By counting signs alone."""
    above, below = sum(value > median for value in values), sum(value < median for value in values)
    n = len(values) + missing
    return any(2 * side > n and mixed_by_quadrature(side, n, 0.5) >= 1 / alpha for side in (above, below))


@settings(max_examples=40)
@given(
    values=st.lists(st.integers(-6, 6), max_size=24),
    missing=st.integers(0, 3),
    alpha=st.sampled_from([0.05, 0.2, 0.01]),
)
def test_the_interval_holds_exactly_the_medians_that_the_signs_do_not_refute(values, missing, alpha):
    low, high = median_sequence(values, missing=missing, alpha=alpha)
    for median in (half / 2 for half in range(-15, 16)):
        is_inside = (low is None or low <= median) and (high is None or median <= high)
        assert is_inside != speaks_against(median, values, missing, alpha)


@settings(max_examples=40)
@given(
    values=st.lists(st.floats(-1e6, 1e6), max_size=30),
    missing=st.integers(0, 5),
    more=st.integers(0, 5),
    alpha=st.sampled_from([0.05, 0.2]),
)
def test_what_is_missing_only_widens_an_interval(values, missing, more, alpha):
    low, high = median_sequence(values, missing=missing, alpha=alpha)
    wider = median_sequence(values, missing=missing + more, alpha=alpha)
    assert wider[0] is None or (low is not None and wider[0] <= low)
    assert wider[1] is None or (high is not None and wider[1] >= high)
    successes = sum(value > 0 for value in values)
    share = share_sequence(successes, len(values), missing=missing, alpha=alpha)
    wider_share = share_sequence(successes, len(values), missing=missing + more, alpha=alpha)
    assert wider_share[0] <= share[0]
    assert share[1] <= wider_share[1]


def test_looking_after_every_value_the_interval_rarely_misses_the_median():
    median, streams = 1.0, np.random.default_rng(3).lognormal(size=(STREAMS, 48))
    missed = 0
    for stream in streams.tolist():
        looks = (median_sequence(stream[:n]) for n in range(7, 49))
        missed += any(low is not None and not low <= median <= high for low, high in looks)
    assert 0.005 < missed / STREAMS <= AT_MOST


@pytest.mark.parametrize(("successes", "n", "missing"), [(0, 0, 0), (0, 12, 0), (12, 12, 0), (5, 20, 3)])
def test_the_interval_of_a_chance_ends_where_the_e_value_reaches_twenty(successes, n, missing):
    low, high = share_sequence(successes, n, missing=missing)
    whole, most = n + missing, successes + missing
    assert 0.0 <= low <= successes / max(1, whole) <= most / max(1, whole) <= high <= 1.0
    assert low == 0.0 or mixed_by_quadrature(successes, whole, low) == pytest.approx(20.0)
    assert high == 1.0 or mixed_by_quadrature(most, whole, high) == pytest.approx(20.0)
    assert (low == 0.0) == (successes == 0)
    assert (high == 1.0) == (most == whole)


def test_looking_after_every_value_the_interval_of_a_chance_rarely_misses_it():
    chance = 0.1
    happened = np.cumsum(np.random.default_rng(9).random((STREAMS, LOOKS)) < chance, axis=1)
    outside = np.zeros((LOOKS + 1, LOOKS + 1), dtype=bool)
    for n in range(1, LOOKS + 1, 3):
        for successes in range(n + 1):
            low, high = share_sequence(successes, n)
            outside[successes, n] = not low <= chance <= high
    assert 0.005 < outside[happened, np.arange(1, LOOKS + 1)].any(axis=1).mean() <= AT_MOST


def by_integration(failed: int, of: int, most: float) -> float:
    """The same from its definition: the mean of the likelihood ratio over the shares above what may be."""
    law = stats.beta(0.5, 0.5)

    def ratio(share: float) -> float:
        return law.pdf(share) * (share / most) ** failed * ((1 - share) / (1 - most)) ** (of - failed)

    return integrate.quad(ratio, most, 1.0, limit=500)[0] / law.sf(most)


@pytest.mark.parametrize(("failed", "of"), [(2, 2), (7, 20), (1, 30)])
def test_the_e_value_is_what_its_definition_says(failed, of):
    assert math.exp(failure_log_e(failed, of, most=0.1)) == pytest.approx(by_integration(failed, of, 0.1), rel=1e-6)


def test_what_nearly_always_fails_is_stopped_and_what_may_fail_rarely():
    assert failure_log_e(0, 0, most=0.1) == 0.0
    assert math.exp(failure_log_e(2, 2, most=0.1)) == pytest.approx(47.1, abs=0.05)
    assert failure_log_e(2, 3, most=0.1) < math.log(20.0) < failure_log_e(3, 4, most=0.1)
    assert math.isfinite(failure_log_e(10**6, 10**6, most=0.1))
    assert failure_log_e(0, 10**6, most=0.1) < -10
    share, streams, drawn = 0.1, 100, random.Random(20260302)
    stopped = 0
    for _ in range(streams):
        failed = itertools.accumulate(drawn.random() < share for _ in range(200))
        stopped += any(failure_log_e(n, of, most=0.1) >= math.log(20.0) for of, n in enumerate(failed, start=1))
    assert stopped / streams <= 0.05
