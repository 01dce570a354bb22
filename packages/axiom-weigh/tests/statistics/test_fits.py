"""Power laws and turns: what was put in comes out, and where there is none a sentence says so."""

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from axiom_weigh.statistics.fits import NoFitError, find_turn, saturating_law

XS = [8.0, 16.0, 32.0, 64.0, 128.0, 256.0]


@settings(max_examples=30)
@given(
    exponent=st.floats(-3.0, 3.0).filter(lambda exponent: abs(exponent) > 0.05),
    factor=st.floats(0.01, 100.0),
    offset=st.floats(0.0, 2.0),
)
def test_a_power_law_with_an_offset_is_found_again(exponent, factor, offset):
    middle = 45.0  # so that neither end is all offset
    ys = [factor * (offset + (x / middle) ** exponent) for x in XS]
    law = saturating_law(XS, ys)
    assert law.exponent == pytest.approx(exponent, abs=1e-4)
    assert law.offset == pytest.approx(factor * offset, rel=1e-2, abs=1e-3 * max(ys))
    assert law.factor * middle**exponent == pytest.approx(factor, rel=1e-2)
    assert law.explained == pytest.approx(1.0)


def test_a_ceiling_is_an_offset_and_a_logarithm_between_rising_and_falling_powers():
    ceiling = saturating_law(XS, [1.0 - 2.0 * x**-0.8 for x in XS])
    assert (ceiling.exponent, ceiling.offset) == pytest.approx((-0.8, 1.0), abs=1e-6)
    logarithm = saturating_law(XS, [1.0 + math.log(x) for x in XS])
    assert (logarithm.exponent, logarithm.explained) == pytest.approx((0.0, 1.0), abs=1e-6)


@settings(max_examples=30)
@given(ys=st.lists(st.floats(0.1, 10.0), min_size=6, max_size=6), scale=st.sampled_from([2.0**-30, 8.0]))
def test_an_exponent_knows_no_units(ys, scale):
    assume(ys != ys[::-1])  # arms that read the same from behind are fitted as well by rising as by falling
    try:
        plain = saturating_law(XS, ys).exponent
    except NoFitError:
        with pytest.raises(NoFitError):
            saturating_law(XS, [y * scale for y in ys])
        return
    assert saturating_law(XS, [y * scale for y in ys]).exponent == plain
    assert saturating_law([x * 4.0 for x in XS], ys).exponent == pytest.approx(plain, abs=1e-6)


LEVELS = [0.0, 0.1, 0.2, 0.35, 0.5, 0.6, 0.8, 1.0]


@settings(max_examples=30)
@given(at=st.floats(0.12, 0.78), before=st.floats(-5.0, 5.0), bend=st.floats(0.1, 5.0), way=st.sampled_from([-1, 1]))
def test_a_turn_is_found_again_wherever_it_lies(at, before, bend, way):
    ys = [before * (x - at) + way * bend * max(0.0, x - at) for x in LEVELS]
    fitted = find_turn(LEVELS, ys)
    assert fitted.at == pytest.approx(at, abs=1e-6)
    assert (fitted.before, fitted.after) == pytest.approx((before, before + way * bend), abs=1e-6)


@settings(max_examples=15)
@given(ys=st.lists(st.floats(-100.0, 100.0), min_size=8, max_size=8))
def test_no_other_turn_fits_better(ys):
    try:
        best = find_turn(LEVELS, ys)
    except NoFitError:
        return
    assert 0.0 < best.at < 1.0
    whole = sum((y - np.mean(ys)) ** 2 for y in ys)
    unexplained = (1.0 - best.explained) * whole
    for at in np.linspace(0.005, 0.995, 199):
        columns = np.column_stack([np.ones(8), LEVELS, np.maximum(0.0, np.array(LEVELS) - at)])
        rest = np.array(ys) - columns @ np.linalg.lstsq(columns, np.array(ys), rcond=None)[0]
        assert unexplained <= (rest**2).sum() * (1 + 1e-9) + 1e-9 * max(1.0, whole)


@pytest.mark.parametrize(
    ("law", "xs", "ys", "why"),
    [
        (saturating_law, XS[:3], [1.0, 2.0, 3.0], "3 levels"),
        (saturating_law, XS, [1.0, 1.0, 1.0, 1.0, 1.0, 0.0], "above 0"),
        (saturating_law, XS, [2.0] * 6, "same at all levels"),
        (saturating_law, XS, [1.0, 1.0, 1.0, 1.0, 1.0, 9.0], "jumps"),
        (saturating_law, [1e-200, *XS[1:]], [1.0, 1.0, 1.0, 1.0, 1.0, 9.0], "thirty powers"),
        (find_turn, LEVELS[:4], [1.0, 2.0, 0.0, 4.0], "4 levels"),
        (find_turn, [0.0, 0.0, 1.0, 2.0, 3.0, 4.0], [1.0] * 6, "levels"),
        (find_turn, LEVELS, [1.0] * 8, "straight"),
        (find_turn, [-1.7e308, 0.0, 1.0, 2.0, 1.7e308], [1.0, 2.0, 1.0, 2.0, 3.0], "too far apart"),
    ],
)
def test_where_there_is_no_law_and_no_turn_a_sentence_says_why(law, xs, ys, why):
    with pytest.raises(NoFitError, match=why):
        law(xs, ys)


@settings(max_examples=40)
@given(
    ys=st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=8, max_size=8),
    laws=st.sampled_from([saturating_law, find_turn]),
)
def test_no_measures_give_something_that_is_no_number(ys, laws):
    try:
        fit = laws([x + 1.0 for x in LEVELS], ys)
    except NoFitError:
        return
    assert math.isfinite(fit.exponent if laws is not find_turn else fit.at)
    assert fit.explained <= 1.0 + 1e-9
