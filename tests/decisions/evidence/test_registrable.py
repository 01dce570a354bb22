"""What could not be weighed as it is said is not asked, and a design is another one only where the claim looks."""

import pytest

from axiom.decisions.evidence.registrable import fault, is_another_design

SIZES = [{"size": size} for size in (1, 2, 4)]
TWO = ({"size": 1}, {"size": 2})


def asked(kind="contrast", **changes):
    plain = {"kind": kind, "measure": "total", "null": 0.0, "bounds": None, "across": "size", "smallest": 0.1}
    return plain | {"between": TWO if kind == "contrast" else ()} | changes


@pytest.mark.parametrize(
    ("estimand", "fact"),
    [
        (asked(censored=0.0), "leave it missing"),
        (asked(censored=1.0), "leave it missing"),
        (asked("slope", censored=1.0, exchangeable=True), "leave it missing"),
        (asked("level", censored=2.0, bounds=(0.0, 1.0)), "bounds 0 and 1"),
        (asked("proportion", censored=2.0), "bounds 0 and 1"),  # has them by what it is
        (asked("level", about="mean", bounds=(0.0, 1.0), null=0.5), ""),
        (asked("level", about="mean", bounds=(0.0, 1.0), null=2.0), "between its bounds"),
        (asked("level", about="mean", bounds=(1.0, 1.0), null=1.0), "between its bounds"),
        (asked("slope", exchangeable=True, between=({"size": 9},)), "evenly spaced"),
        (asked(between=({"size": 1}, {})), "how many configs"),
        (asked(between=({}, {})), "share some"),
        (asked(between=({"size": 1}, {}), null=0.5), ""),  # is not flipped
        (asked(between=({"size": 1}, {}), about="mean", bounds=(-1.0, 1.0)), ""),
    ],
)
def test_an_estimand_that_could_not_be_weighed_as_it_is_said_has_a_fault(estimand, fact):
    why = fault(estimand, SIZES)
    assert fact in why
    assert bool(fact) == bool(why)
    uneven = [*SIZES, {"size": 5}]
    assert bool(fault(asked("slope", exchangeable=True), uneven)) > bool(fault(asked("slope"), uneven))


@pytest.mark.parametrize(
    ("estimand", "configs", "is_another"),
    [
        (asked(), [{"size": 2}, {"size": 1}], False),  # the same in another order
        (asked(), [{"size": 1}, {"size": 2}, {"size": 9}], False),  # where the claim does not look
        (asked("slope"), [{"size": 1}, {"size": 2}, {"size": 9}], True),
        (asked("slope", between=({"size": 4},)), [{"size": 4}, {"size": 9}], False),
        (asked(), [{"size": 1, "shift": 3}, {"size": 2, "shift": 3}], True),
    ],
)
def test_a_design_is_another_one_where_the_claim_looks(estimand, configs, is_another):
    assert is_another_design(estimand, configs, [SIZES]) is is_another
    assert is_another_design(estimand, configs, [SIZES, configs]) is False
    assert is_another_design(estimand, configs, [])
