"""The t-mixture against quadrature, by its own inversion, and where it holds and where it lies."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from axiom.statistics.mixture import reach, t_log_e, t_sequence

STREAMS, LOOKS = 2_000, 100
AT_MOST = 0.05 + 3 * math.sqrt(0.05 * 0.95 / STREAMS)


def by_quadrature(values: list[float], c: float) -> float:
    """The same mixture as a plain double sum: over the scale with weight 1/scale, over the effect with a normal one."""
    x = np.array(values)
    n, mean, squares = len(x), x.mean(), ((x - x.mean()) ** 2).sum()
    logs = np.linspace(-8.0, 8.0, 1_601) + math.log(math.sqrt((squares + n * mean**2) / n))
    scales = np.exp(logs)[:, None]
    effects = np.linspace(-9.0 * c, 9.0 * c, 2_001)[None, :]
    density = np.exp(-((effects / c) ** 2) / 2)
    base = -n * np.log(scales) - squares / (2 * scales**2)
    none, some = (base - n * (mean - effect * scales) ** 2 / (2 * scales**2) for effect in (0.0, effects))
    top = float(none.max())
    return float((np.exp(some - top) * density).sum() / density.sum() / np.exp(none - top).sum())


@pytest.mark.parametrize(
    ("values", "c"),
    [((1.0, 2.0), 1.0), ((0.3, -0.2, 0.9, 1.4), 1.0), ((5.0, 5.5, 4.8, 5.1, 5.3), 1.0), ((0.1, 0.4, -0.3, 0.2), 0.5)],
)
def test_the_t_e_value_is_the_mixture_computed_by_quadrature(values, c):
    assert math.exp(t_log_e(values, c=c)) == pytest.approx(by_quadrature(list(values), c), rel=1e-4)


VALUES = st.lists(st.floats(-100.0, 100.0).map(lambda one: round(one, 3)), min_size=2, max_size=12)


@given(values=VALUES, alpha=st.sampled_from([0.05, 0.3, 0.001]))
def test_the_interval_ends_where_the_e_value_reaches_its_bar(values, alpha):
    low, high = t_sequence(values, alpha=alpha)
    if low is None or high is None:
        assert math.isinf(reach(len(values), alpha=alpha))
        return
    if high - low > 1e-6:
        for end in (low, high):
            assert t_log_e([one - end for one in values]) == pytest.approx(-math.log(alpha), abs=1e-5)


@given(values=VALUES, scale=st.sampled_from([-1.0, 2.0**-30, -8.0, 2.0**900]))
def test_the_t_e_value_knows_neither_the_unit_nor_which_way_is_up(values, scale):
    assert t_log_e([one * scale for one in values]) == pytest.approx(t_log_e(values), abs=1e-9)


@pytest.mark.parametrize(
    ("n", "alpha", "standard_errors"), [(1, 0.05, math.inf), (3, 0.05, math.inf), (100, 0.05, 3.2), (10_000, 0.05, 3.9)]
)
def test_the_interval_is_unbounded_at_first_and_then_wider_than_a_single_look_s(n, alpha, standard_errors):
    assert reach(n, alpha=alpha) == pytest.approx(standard_errors, rel=0.05)


@given(
    values=st.lists(st.floats(-1.0, 1.0).map(lambda one: round(one, 2)), min_size=2, max_size=8),
    missing=st.integers(1, 3),
    grid=st.just((-1.0, -0.4, 0.0, 0.3, 1.0)),
)
def test_whatever_is_missing_the_t_mixture_tells_no_more_than_the_complete_values(values, missing, grid):
    known = [*values, *[None] * missing]
    told, (low, high) = t_log_e(known, bounds=(-1.0, 1.0)), t_sequence(known, alpha=0.3, bounds=(-1.0, 1.0))
    for filled in itertools.product(grid, repeat=missing):
        whole = [*values, *filled]
        assert told <= t_log_e(whole) + 1e-9
        inner = t_sequence(whole, alpha=0.3)
        if low is not None and inner[0] is not None:
            assert low <= inner[0] + 1e-9
            assert high >= inner[1] - 1e-9


@given(values=st.lists(st.none() | st.floats(allow_nan=False, allow_infinity=False), max_size=8))
def test_no_finite_values_make_the_t_mixture_say_something_that_is_no_number(values):
    assert math.isfinite(t_log_e(values))
    for end in t_sequence(values):
        assert end is None or not math.isnan(end)


def test_without_bounds_a_missing_value_leaves_nothing_to_say():
    assert t_log_e([1.0, 2.0, 1.5, None]) < 0
    assert t_sequence([1.0, 1.1, 1.2, 0.9, 1.0, 1.1, 0.8, None]) == (None, None)


def ever(streams: np.ndarray, *, first: int) -> float:
    """A closed form again, for all streams and looks at once."""
    n = np.arange(1, streams.shape[1] + 1)
    mean = np.cumsum(streams, axis=1) / n
    variance = np.maximum(np.cumsum(streams**2, axis=1) - n * mean**2, 1e-300) / np.maximum(n - 1, 1)
    bars = np.array([reach(int(count)) for count in n])
    return float((np.abs(mean) * np.sqrt(n / variance) >= bars)[:, first - 1 :].any(axis=1).mean())


@pytest.mark.parametrize("law", ["normal", "t3"])
def test_looking_after_every_value_the_t_mixture_rarely_lies_about_even_laws(law):
    rng = np.random.default_rng(7)
    streams = rng.normal(size=(STREAMS, LOOKS)) if law == "normal" else rng.standard_t(3, (STREAMS, LOOKS))
    assert 0.005 < ever(streams, first=2) <= AT_MOST


def test_about_rare_outcomes_the_t_mixture_lies_most_of_the_time():
    streams = np.where(np.random.default_rng(7).random((STREAMS, LOOKS)) < 0.05, 0.95, -0.05)
    streams += np.random.default_rng(8).uniform(-0.02, 0.02, streams.shape)
    assert ever(streams, first=2) > 0.5
