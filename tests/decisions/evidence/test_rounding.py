"""What is told beside a bar stays on its side of it."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axiom.decisions.evidence.method import Process, Question
from axiom.decisions.evidence.rounding import beside, e_told
from axiom.decisions.evidence.verdict import conclude
from axiom.domain.findings import Verdict

ABOUT_NOTHING = Question(process=Process.RANKS, null=0.0, smallest=0.1, bounds=None, censored=None)
ABOUT_A_HALF = Question(process=Process.SIGN, null=0.5, smallest=0.1, bounds=None, censored=None)


@pytest.mark.parametrize(
    ("number", "digits", "told"),
    [
        (19.9996, 4, "19.9996"),
        (19.97, 3, "19.97"),
        (999.7, 3, "999.7"),
        (999_999.9, 4, "999999.9"),
        (1e6, 3, "1e+06"),
        (1.4999999999999998, 3, "1.5"),
    ],
)
def test_an_e_value_is_not_told_as_the_bar_that_it_has_not_reached(number, digits, told):
    assert e_told(number, digits) == told


@pytest.mark.parametrize(
    ("number", "bars", "told"),
    [
        (0.500003, (0.4, 0.5), "0.500003"),
        (0.5, (0.5,), "0.5"),
        (-0.0999996, (-0.1,), "-0.0999996"),
        (0.1 + 2**-56, (0.1,), "0.10000000000000002"),
    ],
)
def test_an_end_is_not_told_as_the_bar_beside_which_it_lies(number, bars, told):
    assert beside(number, *bars) == told


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_a_number_is_told_on_its_own_side(number, bar):
    told = float(beside(number, bar))
    assert ((told > bar), (told < bar)) == ((number > bar), (number < bar))


def test_a_conclusion_does_not_contradict_the_numbers_that_it_names():
    absent = conclude(ABOUT_A_HALF, [0.500001 + 0.000001 * place for place in range(16)])
    assert absent.verdict is Verdict.ABSENT
    assert "[0.500003, 0.50001]" in absent.reason
    values = [1.0, 0.9, 1.1] * 4
    clustered = conclude(ABOUT_NOTHING, values).log_e / math.log(19.997)  # so that hardly anything is lacking
    nearly = conclude(replace(ABOUT_NOTHING, clustering=clustered), values)
    assert (nearly.verdict, f"{math.exp(nearly.log_e):.4g}") == (Verdict.UNDECIDED, "20")
    assert " 19.997 to 1 " in nearly.reason
