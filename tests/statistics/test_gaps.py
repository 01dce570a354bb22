"""Values that never came, in the flip e-process: valid whoever hides them by what he may know, and never of use."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from axiom.statistics.sequential import flip_log_e, flip_looks

BAR = math.log(20)
VALUES = st.lists(st.floats(-1e6, 1e6).filter(lambda one: one == 0 or abs(one) > 1e-280), max_size=20)


@pytest.mark.parametrize("missing_from", [-0.1, -2.5, -7.0, -100.0])
def test_over_all_flips_gaps_made_by_the_value_itself_leave_the_average_at_most_one_at_every_look(missing_from):
    sizes = (1.0, 3.0, 0.5, 8.0, 2.0, 3.0, 1.0, 9.0, 2.0)
    flips = itertools.product((-1.0, 1.0), repeat=len(sizes))
    rows = [[sign * size for sign, size in zip(flip, sizes, strict=True)] for flip in flips]
    paths = [list(flip_looks([None if one <= missing_from else one for one in row])) for row in rows]
    assert (np.exp(paths).mean(axis=0) <= 1.0 + 1e-9).all()


GAPS = {  # of a value, when the sum of those before it is known
    "what speaks against": lambda one, total, share: one * total < 0 and share < 0.3,
    "large ones": lambda one, total, share: one > 1.5,  # noqa: ARG005
    "most of one sign": lambda one, total, share: one < 0 and share < 0.6,  # noqa: ARG005
    "large bets lost": lambda one, total, share: one * total < -5.0,  # noqa: ARG005
}


@pytest.mark.parametrize("hides", GAPS.values(), ids=GAPS)
def test_who_hides_values_by_their_sign_and_by_what_came_before_seldom_makes_an_effect(hides):
    chance, streams, found = np.random.default_rng(8), 200, 0
    for stream in range(streams):
        noise = chance.standard_normal(120) if stream % 2 else chance.standard_t(2, 120)
        total, known = 0.0, []
        for one, share in zip(noise, chance.random(120), strict=True):
            known.append(None if hides(one, total, share) else float(one))
            total += known[-1] or 0.0
        found += max(flip_looks(known)) >= BAR
    assert found <= streams * 0.05 + 3 * math.sqrt(streams * 0.05 * 0.95)


def before_gaps_were_parted(values: list[float]) -> float:
    """The process where nothing is missing, written once more."""
    log_e = total = length = 0.0
    for number in values:
        size = math.ldexp(number, -32)
        length = math.hypot(length, size)
        if length:
            bet = (total / length) * (size / length)
            log_e += math.log(2.0) - math.log1p(math.exp(-2.0 * bet))
        total += size
    return log_e


@given(values=VALUES)
def test_where_nothing_is_missing_not_a_digit_depends_on_what_is_done_with_gaps(values):
    assert flip_log_e(values) == before_gaps_were_parted(values)


ROWS = st.lists(st.none() | st.floats(-1e3, 1e3).map(lambda one: round(one, 2)), max_size=25)


@given(values=ROWS, places=st.lists(st.integers(0, 30), min_size=1, max_size=4))
def test_one_more_missing_value_never_makes_anything_surer(values, places):
    more = list(values)
    for place in places:
        more.insert(place, None)
    assert flip_log_e(more) <= flip_log_e(values) + 1e-9


@pytest.mark.parametrize(("effect", "one_in"), [(0.7, 40), (1.0, 20), (1.7, 20)])
def test_where_some_are_missing_more_seeds_make_an_effect_surer(effect, one_in):
    noise = np.random.default_rng(5).normal(size=512)
    values = [None if place % one_in == 7 else effect + one for place, one in enumerate(noise)]
    early, late = flip_log_e(values[:128]), flip_log_e(values)
    assert late > early + 10.0
    assert late > math.log(1e6)
