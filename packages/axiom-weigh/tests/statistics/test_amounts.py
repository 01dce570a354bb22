"""What is likely to be needed, in words: a forecast beyond what anybody counts is none that is told as a number."""

import pytest

from axiom_weigh.amounts import tell_needed


@pytest.mark.parametrize(
    ("half", "most", "told"),
    [
        (0, 0, ""),
        (None, None, ""),
        (12, 12, "about 12 more replicates"),
        (303, 1_500, "about 303 more replicates in one case of two, 1,500 in nine of ten"),
        (303, None, "about 303 more replicates in one case of two, more than a million in nine of ten"),
    ],
)
def test_a_need_is_told_by_the_numbers_that_there_are(half, most, told):
    assert tell_needed(half, most) == told
