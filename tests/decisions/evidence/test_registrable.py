"""What could not be weighed as it is said is not asked, and a design is another one only where the claim looks."""

import pytest

from axiom.decisions.evidence.registrable import fault, is_another_design

SIZES = [{"size": size} for size in (1, 2, 4)]
TWO = ({"size": 1}, {"size": 2})


def asked(kind="contrast", **changes):
    plain = {"kind": kind, "measure": "total", "null": 0.0, "bounds": None, "across": "size", "smallest": 0.1}
    return plain | {"between": TWO if kind == "contrast" else ()} | changes


@pytest.mark.parametrize(
    ("estimand", "said"),
    [
        (asked(), ""),
        (asked(censored=0.0), "leave it missing"),
        (asked(censored=1.0), "which of them was stopped a time-out does not tell"),
        (asked(censored=0.5, null=0.5), "leave it missing"),
        (asked("slope", censored=1.0), ""),
        (asked("slope", censored=1.0, exchangeable=True), "leave it missing"),
        (asked("rank_correlation", censored=-1.0, exchangeable=True), "leave it missing"),
        (asked("level", censored=2.0, bounds=(0.0, 1.0)), "lies beyond its bounds 0 and 1"),
        (asked("level", censored=1.0, bounds=(0.0, 1.0)), ""),
        (asked("proportion", censored=2.0), "lies beyond its bounds 0 and 1"),  # has them by what it is
        (asked("level", about="mean", bounds=(0.0, 1.0), null=0.5), ""),
        (asked("level", about="mean", bounds=(0.0, 1.0), null=2.0), "does not lie between its bounds"),
        (asked("level", about="mean", bounds=(1.0, 1.0), null=1.0), "does not lie between its bounds"),
        (asked("level", about="mean", bounds=(-1e308, 1e308)), "does not lie between its bounds"),
        (asked("slope", exchangeable=True), ""),
        (asked("slope", exchangeable=True, between=({"size": 9},)), "not evenly spaced in their logarithms"),
        (asked("contrast", exchangeable=True), ""),  # promises nothing of levels
        (asked(between=({"size": 1}, {})), "differ in how many configs they have"),
        (asked(between=({}, {})), "or share some"),
        (asked(between=({"size": 1}, {}), null=0.5), ""),  # is not flipped
        (asked(between=({"size": 1}, {}), about="mean", bounds=(-1.0, 1.0)), ""),
    ],
)
def test_an_estimand_that_could_not_be_weighed_as_it_is_said_has_a_fault(estimand, said):
    found = fault(estimand, SIZES)
    assert said in found
    assert bool(said) == bool(found)


def test_uneven_arms_break_the_promise_of_exchangeable_ones_alone():
    uneven = [*SIZES, {"size": 5}]
    assert "not evenly spaced in their logarithms" in fault(asked("slope", exchangeable=True), uneven)
    assert fault(asked("slope"), uneven) == ""


@pytest.mark.parametrize(
    ("estimand", "configs", "is_another"),
    [
        (asked(), [{"size": 2}, {"size": 1}], False),  # the same in another order
        (asked(), [{"size": 1}, {"size": 2}, {"size": 9}], False),  # where the claim does not look
        (asked("slope"), [{"size": 1}, {"size": 2}, {"size": 9}], True),
        (asked("slope"), [{"size": 1}, {"size": 2}], True),
        (asked("slope"), [*SIZES, {"size": 8}], True),
        (asked("slope", between=({"size": 4},)), [{"size": 4}, {"size": 9}], False),
        (asked(), [{"size": 1, "shift": 3}, {"size": 2, "shift": 3}], True),
    ],
)
def test_a_design_is_another_one_where_the_claim_looks(estimand, configs, is_another):
    assert is_another_design(estimand, configs, [SIZES]) is is_another
    assert is_another_design(estimand, configs, [SIZES, configs]) is False
    assert is_another_design(estimand, configs, [])
