"""What a finding's interval says of a published number."""

import pytest

from axiom.laboratory.findings.rules.literature import (
    LiteratureComparison,
    compare_with_literature,
    comparison_in_words,
)

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
    words = comparison_in_words(comparison, published, published["reference"])
    assert words.startswith(comparison.value)
    assert words.endswith("of Noether 1918")
