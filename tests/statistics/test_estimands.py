"""The measures of one replicate become one number, or a sentence that says why there is none."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axiom.domain.findings import Kind
from axiom.statistics.estimands import COMPUTABLE, value


def estimand(kind: str, *, across: str = "", between: tuple = (), measure: str = "loss") -> dict:
    return {
        "name": "asked",
        "claim": "something is so",
        "kind": kind,
        "measure": measure,
        "smallest": 0.1,
        "prediction": {},
        "across": across,
        "between": [dict(arm) for arm in between],
        "bounds": None,
        "null": 0.0,
    }


def over_width(*losses: object) -> list:
    """Width 8, 16, 32, … and the loss measured there; None where nothing came back."""
    return [
        ({"width": 8 * 2**place, "lr": 0.1}, None if loss is None else {"loss": loss})
        for place, loss in enumerate(losses)
    ]


ENDS = ({"width": 32}, {"width": 8})
CONTRAST = estimand("contrast", between=ENDS)
SLOPE = estimand("slope", across="width")
RANKS = estimand("rank_correlation", across="width")


@pytest.mark.parametrize(
    ("asked", "losses", "number"),
    [
        (CONTRAST, (1.0, 2.0, 5.0), 4.0),
        (CONTRAST, (1.0, None, 5.0), 4.0),  # the middle is not needed
        (CONTRAST, (1e308, 0.0, -2e307), -1.2e308),
        (estimand("level", between=({"width": 16},)), (1.0, 2.5, 5.0), 2.5),
        (estimand("level"), (1.0, 2.0, 6.0), 3.0),
        (estimand("level"), (1.7e308, 1.7e308), 1.7e308),
        (estimand("proportion", between=({"width": 8},)), (True, False), 1.0),
        (estimand("proportion", between=({"width": 16},)), (True, False), 0.0),
        (estimand("proportion"), (1, 1), 1.0),
        (estimand("proportion"), (1, 0), 0.0),  # it has to happen everywhere
        (SLOPE, (8.0, 4.0, 2.0), -1.0),
        (SLOPE, (3.0, 3.0 * 2**0.5, 6.0), 0.5),
        (SLOPE, (1.0, 2.0, 2.0), 0.5),  # by hand: (-1 × 0 + 1 × 1) / 2 in powers of two
        (SLOPE, (1.0, 2.0), 1.0),
        (RANKS, (1.0, 2.0, 30.0), 1.0),
        (RANKS, (30.0, 2.0, 1.0), -1.0),
        (RANKS, (1.0, 3.0, 2.0), 0.5),
        (RANKS, (1.0, 1.0, 2.0), math.sqrt(3) / 2),  # a tie: the ranks are 1.5, 1.5, 3
        (RANKS, (1.0, 1.0, 1.0), 0.0),
    ],
)
def test_an_estimand_is_computed_as_its_kind_says(asked, losses, number):
    found, why = value(asked, over_width(*losses))
    assert found == pytest.approx(number, rel=1e-12, abs=1e-12)
    assert why == ""


SHIFTED = {"measure": "missing"}


@pytest.mark.parametrize(
    ("asked", "losses", "why"),
    [
        (CONTRAST, (1.0, 2.0, None), "nothing was measured at width=32, lr=0.1"),
        (CONTRAST, (1.0, 2.0), "no config of this design has width=32"),
        (CONTRAST, (1.7e308, 0.0, -1.7e308), "asked left the real numbers"),
        (CONTRAST | SHIFTED, (1.0, 2.0, 3.0), "missing has no value at width=32, lr=0.1"),
        (estimand("level"), (), "no config of this design has anything to measure"),
        (estimand("level"), (1.0, [1.0, 2.0]), "loss is a list, and an estimand needs a number"),
        (estimand("level"), (1.0, math.nan), "loss left the real numbers at width=16, lr=0.1"),
        (estimand("level"), (1.0, -math.inf), "loss left the real numbers at width=16, lr=0.1"),
        (estimand("level"), (10**400,), "loss left the real numbers at width=8, lr=0.1"),
        (estimand("proportion"), (1.0, 0.3), "loss is 0.3, and a proportion counts 0 and 1 alone"),
        (SLOPE, (1.0, 0.0, 1.0), "loss is 0 at width=16, lr=0.1, which has no logarithm"),
        (SLOPE, (1.0, 2.0, None), "nothing was measured at width=32, lr=0.1"),
        (SLOPE, (1.0,), "width has one level only, and a trend needs two"),
        (RANKS, (1.0,), "width has one level only, and a trend needs two"),
        (RANKS | {"across": "depth"}, (1.0, 2.0), "depth is None at width=8, lr=0.1, and must be a number"),
        (estimand("breakpoint"), (1.0,), "this version of Axiom cannot compute an estimand of kind breakpoint"),
        (estimand("exponent"), (1.0,), "this version of Axiom cannot compute an estimand of kind exponent"),
    ],
)
def test_where_there_is_no_number_a_sentence_says_why(asked, losses, why):
    assert value(asked, over_width(*losses)) == (None, why)


def test_a_factor_without_a_logarithm_is_named():
    cells = [({"lr": 0.0}, {"loss": 1.0}), ({"lr": 1.0}, {"loss": 2.0})]
    assert value(estimand("slope", across="lr"), cells) == (None, "lr is 0 at lr=0.0, which has no logarithm")


@pytest.mark.parametrize("level", ["wide", True, None])
def test_a_factor_that_is_no_number_has_no_trend(level):
    cells = [({"kind": level}, {"loss": 1.0}), ({"kind": 2.0}, {"loss": 2.0})]
    found, why = value(estimand("rank_correlation", across="kind"), cells)
    assert found is None
    assert "must be a number" in why


def crossed(losses: dict[tuple[int, float], float]) -> list:
    return [({"width": width, "lr": lr}, {"loss": loss}) for (width, lr), loss in losses.items()]


def test_other_factors_are_averaged_over_and_for_a_slope_geometrically():
    cells = crossed({(8, 0.1): 1.0, (8, 0.2): 4.0, (16, 0.1): 2.0, (16, 0.2): 8.0})
    assert value(SLOPE, cells)[0] == pytest.approx(1.0)  # geometric means 2 and 4
    uneven = crossed({(8, 0.1): 1.0, (8, 0.2): 16.0, (16, 0.1): 8.0, (16, 0.2): 8.0})
    assert value(SLOPE, uneven)[0] == pytest.approx(1.0)  # 4 and 8; the means 8.5 and 8 would fall
    assert value(RANKS, uneven)[0] == -1.0  # the means 8.5 and 8 do
    contrast = estimand("contrast", between=({"width": 16}, {"width": 8}))
    assert value(contrast, cells)[0] == pytest.approx(2.5)  # 5 - 2.5


def test_a_trend_may_be_asked_for_at_one_level_of_another_factor():
    cells = crossed({(8, 0.1): 1.0, (8, 0.2): 9.0, (16, 0.1): 2.0, (16, 0.2): 1.0})
    assert value(estimand("slope", across="width", between=({"lr": 0.1},)), cells)[0] == pytest.approx(1.0)


def test_what_cannot_be_computed_is_not_announced():
    assert {kind for kind in Kind if "cannot" in value(estimand(kind), [])[1]} == set(Kind) - COMPUTABLE
    assert Kind.CONTRAST in COMPUTABLE


LOSSES = st.lists(st.floats(1e-3, 1e3), min_size=2, max_size=6)


@given(losses=LOSSES, factor=st.floats(0.01, 100.0))
def test_a_slope_does_not_depend_on_the_measure_s_scale(losses, factor):
    plain = value(SLOPE, over_width(*losses))[0]
    scaled = value(SLOPE, over_width(*[loss * factor for loss in losses]))[0]
    assert scaled == pytest.approx(plain, rel=1e-6, abs=1e-6)


@given(losses=LOSSES)
def test_reversing_the_arms_reverses_a_trend(losses):
    for asked in (SLOPE, RANKS):
        there, back = (value(asked, over_width(*order))[0] for order in (losses, losses[::-1]))
        assert there == pytest.approx(-back, abs=1e-9)


@given(losses=LOSSES)
def test_a_rank_correlation_sees_order_alone(losses):
    assert value(RANKS, over_width(*losses)) == value(RANKS, over_width(*[loss * 8 for loss in losses]))
    assert -1.0 <= value(RANKS, over_width(*losses))[0] <= 1.0


@given(losses=LOSSES, order=st.randoms(use_true_random=False))
def test_the_order_of_the_cells_does_not_matter(losses, order):
    cells = over_width(*losses)
    shuffled = list(cells)
    order.shuffle(shuffled)
    for asked in (SLOPE, RANKS, estimand("level")):
        assert value(asked, shuffled)[0] == pytest.approx(value(asked, cells)[0], abs=1e-9)
