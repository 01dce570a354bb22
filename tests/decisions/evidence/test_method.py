"""What was registered of an estimand decides how it is weighed; its values never do."""

import pytest

from axiom.decisions.evidence.method import Process, question
from axiom.domain.findings import Kind


def asked(kind: Kind, **more) -> dict:
    return {"kind": kind.value, "null": 0.0, "smallest": 0.1, "bounds": None, **more}


@pytest.mark.parametrize(
    ("estimand", "process"),
    [
        (asked(Kind.CONTRAST), Process.RANKS),
        (asked(Kind.CONTRAST, null=0.1), Process.SIGN),
        (asked(Kind.SLOPE), Process.SIGN),
        (asked(Kind.SLOPE, exchangeable=True), Process.RANKS),
        (asked(Kind.RANK_CORRELATION, exchangeable=True), Process.RANKS),
        (asked(Kind.LEVEL, exchangeable=True), Process.SIGN),
        (asked(Kind.PROPORTION, null=0.5), Process.BERNOULLI),
        (asked(Kind.CONTRAST, about="mean", bounds=[-1, 1]), Process.BETTING),
        (asked(Kind.PROPORTION, about="mean", bounds=[0, 1], null=0.5), Process.BERNOULLI),
    ],
)
def test_the_kind_and_what_is_promised_of_its_arms_choose_the_process(estimand, process):
    assert question(estimand).process is process


@pytest.mark.parametrize(
    ("estimand", "censored"),
    [
        (asked(Kind.CONTRAST, censored=1.0), None),
        (asked(Kind.CONTRAST, null=0.5, censored=1.0), None),
        (asked(Kind.RANK_CORRELATION, exchangeable=True, censored=-1.0), None),
        (asked(Kind.LEVEL, exchangeable=True, censored=1.0), 1.0),
    ],
)
def test_which_of_two_equal_arms_was_late_is_not_known_so_no_value_is_taken_for_it(estimand, censored):
    assert question(estimand).censored == censored


def test_a_mean_needs_bounds_that_hold_values():
    for bounds in ([1, 1], [-1e308, 1e308]):
        assert question(asked(Kind.LEVEL, about="mean", bounds=bounds)).bounds is None
    with pytest.raises(ValueError, match="bounds"):
        question(asked(Kind.LEVEL, about="mean"))


@pytest.mark.parametrize(
    ("estimand", "bounds", "censored"),
    [
        (asked(Kind.CONTRAST, bounds=[-2, 3]), (-2.0, 3.0), None),
        (asked(Kind.RANK_CORRELATION), (-1.0, 1.0), None),
        (asked(Kind.LEVEL, censored=7), None, 7.0),
    ],
)
def test_bounds_and_what_a_time_out_counts_as_are_those_registered(estimand, bounds, censored):
    found = question(estimand)
    assert (found.bounds, found.censored) == (bounds, censored)
