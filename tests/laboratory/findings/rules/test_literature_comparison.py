"""What a finding's interval says of a published number."""

import pytest

from axiom.domain.headlines.finding_sentences import NOT_MEASURED, MeasuredNumber, compose_quantity
from axiom.laboratory.findings.rules.literature_comparison import (
    LiteratureComparison,
    compare_with_literature,
    compose_comparison,
)
from axiom_weigh.values import Verdict

AGREES, DIFFERS, UNCLEAR = LiteratureComparison.AGREES, LiteratureComparison.DIFFERS, LiteratureComparison.UNCLEAR


@pytest.mark.parametrize(
    ("interval", "low", "high", "comparison"),
    [
        (None, 0.45, 0.55, AGREES),  # no difference of 0.1 is left
        (None, 0.52, 0.55, AGREES),  # it is another number, and the difference does not matter
        (None, 0.45, 0.65, UNCLEAR),
        (None, 0.55, 0.75, DIFFERS),
        (None, -0.2, 0.3, DIFFERS),
        (None, None, 0.55, UNCLEAR),  # not bounded yet
        (None, None, 0.3, DIFFERS),
        (None, 0.7, None, DIFFERS),
        (None, None, None, UNCLEAR),  # nothing is weighed
        ((0.2, 0.8), 0.15, 0.85, AGREES),
        ((0.2, 0.8), 0.75, 0.95, UNCLEAR),
        ((0.2, 0.8), 0.81, 0.95, DIFFERS),
    ],
)
def test_agreement_needs_that_no_difference_is_left_that_matters(interval, low, high, comparison):
    published = {"value": 0.5, "interval": interval, "reference": "Noether 1918"}
    assert compare_with_literature(published, low, high, 0.1) is comparison
    words = compose_comparison(
        {"kind": "level", "null": 0.0, "smallest": 0.1, "published": published},
        MeasuredNumber(Verdict.UNDECIDED, 0.55, low, high),
        "Noether 1918",
    )
    assert words.startswith("Noether 1918 said 0.5")
    relation = words.rpartition(": ")[2]
    first, last = interval or (0.5, 0.5)
    is_held = comparison is AGREES and low <= last and high >= first
    assert relation == {AGREES: "agrees" if is_held else "agrees within 0.1", DIFFERS: "differs"}.get(
        comparison, "we cannot tell yet"
    )


@pytest.mark.parametrize(
    ("words", "value", "quantity", "said"),
    [
        ({}, 0.0, "the factor by which each doubling of the width", "said no change with each doubling on average"),
        ({}, -1.0, "the factor by which each doubling of the width", "said 0.5 times with each doubling on average"),
        ({"span": [2, 3]}, -1.0, "the exponent of loss over the width", "said −1"),
        (
            {"kind": "contrast", "in_words": "{times2} times"},
            0.0,
            "loss with width 2 over that with",
            "said that it is 1",
        ),
        ({"kind": "contrast", "in_words": "{value} bits"}, -1.0, "loss with width 2 minus that with", "said −1 bits"),
    ],
)
def test_the_number_of_a_paper_is_told_as_the_quantity_beside_it(words, value, quantity, said):
    asked = {
        "kind": "slope",
        "measure": "loss",
        "across": "width",
        "between": [{"width": 2}, {"width": 64}],
        "null": 0.0,
        "smallest": 0.1,
        "span": [2, 64],
        "published": {"value": value, "interval": None},
        **words,
    }
    assert compose_quantity(asked).startswith(quantity)
    told = compose_comparison(asked, NOT_MEASURED, "Noether 1918")
    assert told == f"Noether 1918 {said}; nothing is weighed of it yet"
