"""Bets within bounds against `ville`, an independent implementation, and by what has to be so."""

import itertools
import math

import numpy as np
import pytest
import ville
from hypothesis import given, settings
from hypothesis import strategies as st

from axiom_weigh.statistics.betting import betting_log_e, betting_sequence
from axiom_weigh.statistics.mixture import compute_reach

STREAMS, LOOKS = 300, 60
AT_MOST = 0.05 + 3 * math.sqrt(0.05 * 0.95 / STREAMS)
UNIT = (0.0, 1.0)


def theirs(values: list[float], bounds: tuple[float, float], alpha: float) -> tuple[float, float]:
    sequence = ville.BettingCS(bounds=bounds, alpha=alpha, c=0.9, grid=20_001, intersect=False)
    sequence.update(np.array(values))
    return sequence.interval()


@pytest.mark.parametrize(("alpha", "n", "bounds"), [(0.05, 1, UNIT), (0.01, 60, UNIT), (0.05, 60, (-3.0, 5.0))])
def test_interval_and_e_value_are_those_of_an_independent_implementation(alpha, n, bounds):
    width = bounds[1] - bounds[0]
    values = (bounds[0] + width * np.random.default_rng(n).beta(2, 5, n)).tolist()
    tolerance = 3e-4 * width  # of their grid
    assert betting_sequence(values, bounds, alpha) == pytest.approx(theirs(values, bounds, alpha), abs=tolerance)
    for share in (0.1, 0.3, 0.45):
        null = bounds[0] + share * width
        bets = ville.BettingTest(null, bounds=bounds, c=0.9)
        bets.update(np.array(values))
        assert betting_log_e(values, null, bounds) == pytest.approx(bets.log_e_values_[-1], abs=1e-9)


def test_over_all_outcomes_the_betting_e_value_is_one_on_average_at_every_look():
    chance = 0.3
    for n in range(1, 7):
        outcomes = list(itertools.product((0.0, 1.0), repeat=n))
        mean = math.fsum(
            math.exp(betting_log_e(values, chance, UNIT)) * chance ** sum(values) * (1 - chance) ** (n - sum(values))
            for values in outcomes
        )
        assert mean == pytest.approx(1.0)


SHARES = st.lists(st.floats(0.0, 1.0).map(lambda share: round(share, 3)), max_size=10)


@settings(max_examples=40)
@given(values=SHARES, null=st.floats(0.05, 0.95))
def test_the_betting_e_value_knows_neither_unit_nor_origin_nor_which_way_is_up(values, null):
    log_e = betting_log_e(values, null, UNIT)
    assert betting_log_e([8 * share - 3 for share in values], 8 * null - 3, (-3.0, 5.0)) == pytest.approx(
        log_e, abs=1e-9
    )
    assert betting_log_e([-share for share in values], -null, (-1.0, 0.0)) == pytest.approx(log_e, abs=1e-9)


@settings(max_examples=40)
@given(rows=st.lists(st.tuples(st.floats(0.0, 1.0).map(lambda share: round(share, 2)), st.booleans()), max_size=10))
def test_more_that_is_missing_makes_no_e_value_larger_than_that_of_bets_on_all(rows):
    present = [share if is_seen else None for share, is_seen in rows]
    cautious = betting_log_e(present, 0.4, UNIT)
    for worst in (0.0, 1.0):  # somebody who sees what is missing, but bets as if he did not
        everything = [worst if share is None else share for share in present]
        halves = [gain(everything, present, sign) for sign in (1.0, -1.0)]
        assert cautious <= math.log(0.5 * halves[0] + 0.5 * halves[1]) + 1e-9


def gain(values: list[float], present: list[float | None], sign: float) -> float:
    """The plug-in bets written a second time, as plain as can be."""
    capital, seen, deviations = 1.0, [], []
    most = 0.9 / 0.4 if sign > 0 else 0.9 / 0.6
    for value, measured in zip(values, present, strict=True):
        variance = (0.25 + math.fsum(deviations)) / (len(seen) + 1)
        bet = math.sqrt(2 * math.log(40.0) / (variance * (len(seen) + 1) * math.log(len(seen) + 2)))
        capital *= 1 + sign * min(bet, most) * (value - 0.4)
        if measured is not None:
            seen.append(measured)
            deviations.append((measured - (0.5 + math.fsum(seen)) / (len(seen) + 1)) ** 2)
    return capital


@settings(max_examples=25)
@given(values=SHARES, missing=st.integers(0, 4))
def test_the_interval_holds_the_mean_and_widens_with_what_is_missing(values, missing):
    low, high = betting_sequence(values, UNIT)
    wider = betting_sequence([*values, *[None] * missing], UNIT)
    assert 0.0 <= low <= high <= 1.0
    assert wider[0] <= low + 1e-6
    assert wider[1] >= high - 1e-6


def test_what_lies_beyond_the_bounds_is_refused_and_a_value_inside_refutes_a_bound():
    beyond = [([0.5], 2.0, UNIT), ([1.5], 0.5, UNIT), ([0.5], 0.5, (0.0, math.inf)), ([math.nan], 0.5, UNIT)]
    for values, null, bounds in beyond:
        with pytest.raises(ValueError, match="bound"):
            betting_log_e(values, null, bounds)
    assert math.log(20) < betting_log_e([0.5] * 20, 0.0, UNIT) < math.inf


def test_looking_after_every_value_bets_on_rare_outcomes_rarely_lie():
    chance = 0.05
    happened = (np.random.default_rng(3).random((STREAMS, LOOKS)) < chance).astype(float)
    lies = 0
    for stream in happened.tolist():
        lies += any(betting_log_e(stream[:n], chance, UNIT) >= math.log(20) for n in range(5, LOOKS + 1, 5))
    assert lies / STREAMS <= AT_MOST


def by_quadrature(x: np.ndarray, c: float) -> float:
    """The mixture as a plain double sum: over the scale with weight 1/scale, over the effect with a normal one."""
    n, mean, squares = len(x), x.mean(), ((x - x.mean()) ** 2).sum()
    logs = np.linspace(-8.0, 8.0, 1_601) + math.log(math.sqrt((squares + n * mean**2) / n))
    scales = np.exp(logs)[:, None]
    effects = np.linspace(-9.0 * c, 9.0 * c, 2_001)[None, :]
    density = np.exp(-((effects / c) ** 2) / 2)
    base = -n * np.log(scales) - squares / (2 * scales**2)
    none, some = (base - n * (mean - effect * scales) ** 2 / (2 * scales**2) for effect in (0.0, effects))
    top = float(none.max())
    return float((np.exp(some - top) * density).sum() / density.sum() / np.exp(none - top).sum())


@pytest.mark.parametrize(("n", "alpha", "c"), [(4, 0.3, 1.0), (12, 0.05, 0.5)])
def test_a_mean_that_is_just_so_far_away_makes_the_e_value_one_over_alpha(n, alpha, c):
    values = np.random.default_rng(n).normal(size=n)
    values += compute_reach(n, alpha=alpha, c=c) * values.std(ddof=1) / math.sqrt(n) - values.mean()
    assert by_quadrature(values, c) == pytest.approx(1 / alpha, rel=1e-3)


def test_at_first_no_mean_is_far_enough_and_later_more_is_needed_than_at_one_look():
    reached = [compute_reach(n, alpha=0.05) for n in (1, 3, 100, 10_000)]
    assert reached == pytest.approx([math.inf, math.inf, 3.2, 3.9], rel=0.05)
