"""What was registered of an estimand decides how it is weighed; its values never do."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from axiom.laboratory.registrations.rules.acceptable_claims import estimand_fault, is_another_design
from axiom_weigh.evidence.choice_of_statistic import Process, pose_question
from axiom_weigh.evidence.false_discoveries import WeighedClaim, false_shares
from axiom_weigh.evidence.rounding import clear_of, e_told
from axiom_weigh.evidence.seeds_to_next_grade import forecast_seeds
from axiom_weigh.evidence.verdict import reach_conclusion
from axiom_weigh.values import Grade, Kind, Verdict


def asked(kind: Kind, **more) -> dict:
    return {"kind": kind.value, "null": 0.0, "smallest": 0.1, "bounds": None, **more}


@pytest.mark.parametrize(
    ("estimand", "process"),
    [
        (asked(Kind.CONTRAST), Process.RANKS),
        (asked(Kind.CONTRAST, null=0.1), Process.SIGN),
        (asked(Kind.SLOPE, exchangeable=True), Process.RANKS),
        (asked(Kind.RANK_CORRELATION, exchangeable=True), Process.RANKS),
        (asked(Kind.LEVEL, exchangeable=True), Process.SIGN),
        (asked(Kind.PROPORTION, null=0.5), Process.BERNOULLI),
        (asked(Kind.CONTRAST, about="mean", bounds=[-1, 1]), Process.BETTING),
        (asked(Kind.PROPORTION, about="mean", bounds=[0, 1], null=0.5), Process.BERNOULLI),
    ],
)
def test_the_kind_and_what_is_promised_of_its_arms_choose_the_process(estimand, process):
    assert pose_question(estimand).process is process


def test_a_mean_needs_bounds_that_hold_values():
    for bounds in ([1, 1], [-1e308, 1e308]):
        assert pose_question(asked(Kind.LEVEL, about="mean", bounds=bounds)).bounds is None
    with pytest.raises(ValueError, match="bounds"):
        pose_question(asked(Kind.LEVEL, about="mean"))


BY_TWO = {"by": 2.0, "after": 1.0, "budget": "size"}


@pytest.mark.parametrize(
    ("estimand", "bounds", "censored"),
    [
        (asked(Kind.CONTRAST, bounds=[-2, 3], censored=1.0), (-2.0, 3.0), None),  # which arm was late is not known
        (asked(Kind.RANK_CORRELATION, exchangeable=True, censored=-1.0), (-1.0, 1.0), None),
        (asked(Kind.LEVEL, exchangeable=True, censored=7), None, 7.0),
        (asked(Kind.PROPORTION, censored=0.0, event=BY_TWO), (0.0, 1.0), None),  # nor whether one was asked
        (asked(Kind.PROPORTION, censored=0.0, event=BY_TWO | {"after": 0.0}), (0.0, 1.0), 0.0),
    ],
)
def test_bounds_and_what_a_time_out_counts_as_are_those_registered(estimand, bounds, censored):
    registered = pose_question(estimand)
    assert (registered.bounds, registered.censored) == (bounds, censored)


SIZES = [{"size": size} for size in (1, 2, 4)]
TWO = ({"size": 1}, {"size": 2})


def registered(kind="contrast", **changes):
    plain = {"kind": kind, "measure": "total", "null": 0.0, "bounds": None, "across": "size", "smallest": 0.1}
    return plain | {"between": TWO if kind == "contrast" else ()} | changes


@pytest.mark.parametrize(
    ("estimand", "fact"),
    [
        (registered(censored=0.0), "leave it missing"),
        (registered("slope", censored=1.0, exchangeable=True), "leave it missing"),
        (registered("level", censored=2.0, bounds=(0.0, 1.0)), "bounds 0 and 1"),
        (registered("level", censored=1.0, bounds=(0.0, 1.0)), ""),
        (registered("proportion", censored=2.0), "bounds 0 and 1"),  # has them by what it is
        (registered("level", about="mean", bounds=(0.0, 1.0), null=0.5), ""),
        (registered("level", about="mean", bounds=(0.0, 1.0), null=2.0), "between its bounds"),
        (registered("level", about="mean", bounds=(1.0, 1.0), null=1.0), "between its bounds"),
        (registered("slope", exchangeable=True, between=({"size": 9},)), "evenly spaced"),
        (registered(between=({"size": 1}, {})), "how many configs"),
        (registered(between=({}, {})), "itself"),
        (registered(between=TWO[:1] * 2, about="mean", bounds=(-1.0, 1.0)), "itself"),
        (registered(between=({"size": 1}, {}), null=0.5), ""),  # is not flipped
        (registered(between=({"size": 1}, {}), about="mean", bounds=(-1.0, 1.0)), ""),
        (registered("proportion", null=0.5, between=TWO[1:], event=BY_TWO), ""),
        (registered("proportion", null=0.5, between=TWO[:1], event=BY_TWO), "size=1"),
        (registered("proportion", null=0.5, event=BY_TWO), "single run"),
        (registered("proportion", null=0.5, between=TWO[1:], event=BY_TWO, censored=0.0), "waited after 1"),
        (registered("proportion", null=0.5, between=TWO[1:], event=BY_TWO | {"after": 0.0}, censored=0.0), ""),
        (registered("proportion", null=500.0), "between 0 and 1"),
    ],
)
def test_an_estimand_that_could_not_be_weighed_as_it_is_said_has_a_fault(estimand, fact):
    why = estimand_fault(estimand, SIZES)
    assert fact in why
    assert bool(fact) == bool(why)
    uneven = [*SIZES, {"size": 5}]
    assert bool(estimand_fault(registered("slope", exchangeable=True), uneven)) > bool(
        estimand_fault(registered("slope"), uneven)
    )


@pytest.mark.parametrize(
    ("estimand", "configs", "is_another"),
    [
        (registered(), [{"size": 2}, {"size": 1}], False),  # the same in another order
        (registered(), [{"size": 1}, {"size": 2}, {"size": 9}], False),  # where the claim does not look
        (registered("slope"), [{"size": 1}, {"size": 2}, {"size": 9}], True),
        (registered("slope", between=({"size": 4},)), [{"size": 4}, {"size": 9}], False),
        (registered(), [{"size": 1, "shift": 3}, {"size": 2, "shift": 3}], True),
    ],
)
def test_a_design_is_another_one_where_the_claim_looks(estimand, configs, is_another):
    assert is_another_design(estimand, configs, [SIZES]) is is_another
    assert is_another_design(estimand, configs, [SIZES, configs]) is False
    assert is_another_design(estimand, configs, [])


ABOUT_NOTHING, ABOUT_A_HALF = pose_question(asked(Kind.CONTRAST)), pose_question(asked(Kind.CONTRAST, null=0.5))


def test_no_number_is_told_as_the_bar_beside_which_it_lies():
    e_values = {4.999: "4.99", 19.9996: "19.9", 999.7: "999", 1_094.7: "1,094", 999_999.9: "999,999", 1e6: "1e+06"}
    assert {e_value: e_told(e_value) for e_value in e_values} == e_values
    ends = {(0.500003, 0.4, 0.5): "0.500003", (0.5, 0.5): "0.5", (-0.0999996, -0.1): "-0.0999996"}
    ends[0.1 + 2**-56, 0.1] = "0.10000000000000002"
    assert {end: clear_of(*end) for end in ends} == ends


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_a_number_is_told_on_its_own_side(number, bar):
    rounded = float(clear_of(number, bar))
    assert ((rounded > bar), (rounded < bar)) == ((number > bar), (number < bar))


def test_a_conclusion_does_not_contradict_the_numbers_that_it_names():
    absent = reach_conclusion(ABOUT_A_HALF, [0.500001 + 0.000001 * place for place in range(16)])
    assert absent.verdict is Verdict.ABSENT
    assert "[0.500003, 0.50001]" in absent.reason
    values = [1.0, 0.9, 1.1] * 4
    both = reach_conclusion(ABOUT_NOTHING, values).log_e + math.log(2)
    clustered = both / math.log(2 * 19.997)  # so that hardly anything is lacking
    nearly = reach_conclusion(replace(ABOUT_NOTHING, clustering=clustered), values)
    assert (nearly.verdict, f"{math.exp(nearly.log_e):.4g}") == (Verdict.UNDECIDED, "20")
    assert " 19.9 to 1 " in nearly.reason


POSITIVE, NEGATIVE, ABSENT, UNDECIDED = Verdict.POSITIVE, Verdict.NEGATIVE, Verdict.ABSENT, Verdict.UNDECIDED


@pytest.mark.parametrize(
    ("rows", "shares"),
    [
        ([(20.1, 1, POSITIVE)], [0.05]),
        ([(100.1, 1, NEGATIVE)], [0.01]),
        ([(20.1, 1, POSITIVE), (1, 1, UNDECIDED)], [None, None]),  # one of two has to reach 40
        ([(40.1, 1, POSITIVE), (1, 1, UNDECIDED)], [0.05, None]),
        ([(20.1, 1, POSITIVE), (20.1, 1, NEGATIVE)], [0.05, 0.05]),  # two of two have to reach 20 each
        ([(500, 1, ABSENT)], [None]),  # an effect that is sure, and smaller than what matters, is claimed as absent
        ([(0.0, 0.0, POSITIVE)], [None]),
        ([], []),
        # A selection from what stands together has no bound of its own: tiny effects that are sure, and are not said to
        # stand as effects, make no other claim an effect; and the other way round.
        ([(1e300, 1, ABSENT), (23, 1, POSITIVE)], [None, None]),
        ([(1, 1e300, Verdict.MIXED), (1, 23, ABSENT)], [None, None]),
    ],
)
def test_a_claim_stands_at_the_smallest_share_at_which_it_does(rows, shares):
    names = ("number", "e_value", "e_absent", "verdict")
    claims = [WeighedClaim(**dict(zip(names, (place, *row), strict=True))) for place, row in enumerate(rows)]
    assert list(false_shares(claims).values()) == shares


def pending(kind: Kind = Kind.CONTRAST, **changes):
    return pose_question(asked(kind, **{"smallest": 0.2} | changes))


VALUES = (np.random.default_rng(1).normal(size=16) + 1.0).tolist()


def test_a_higher_grade_takes_more_and_what_is_settled_takes_none():
    assert forecast_seeds(pending(), VALUES, Verdict.POSITIVE, Grade.DEFINITIVE) is None
    assert forecast_seeds(pending(), VALUES, Verdict.MIXED, Grade.AWAITING) is None
    for reached, seeds in ((Grade.AWAITING, 0), (Grade.MODERATE, 43), (Grade.STRONG, 34)):
        assert forecast_seeds(pending(), VALUES, Verdict.ABSENT, reached) == (seeds, seeds)
    strong, definitive = (
        forecast_seeds(pending(), VALUES, Verdict.POSITIVE, grade) for grade in (Grade.MODERATE, Grade.STRONG)
    )
    assert 0 <= strong[0] <= definitive[0]
    assert definitive[0] >= 50 - 16
    for half, most in (strong, definitive):
        assert most is None or half <= most
    tight = (np.random.default_rng(2).normal(size=16) * 0.05).tolist()
    half, _ = forecast_seeds(pending(smallest=1.0), tight, Verdict.UNDECIDED, Grade.AWAITING)
    assert half <= 16
    assert forecast_seeds(pending(), [], Verdict.UNDECIDED, Grade.AWAITING) == (None, None)


def test_every_process_foresees():
    values = [1.0] * 12 + [0.0] * 4
    processes = (
        pending(Kind.LEVEL, null=0.5),
        pending(Kind.PROPORTION, null=0.5),
        pending(about="mean", bounds=[-9, 9]),
    )
    for process in processes:
        half, most = forecast_seeds(process, values, Verdict.UNDECIDED, Grade.AWAITING)
        assert half is not None
        assert most is None or most >= half
