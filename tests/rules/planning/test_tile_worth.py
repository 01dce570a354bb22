"""Which quarters of a drawn tile are computed, and what each is worth."""

import pytest

from axiom.domain.maps import DEEPEST, ROOT, Borders, Tile, place_of
from axiom.rules.planning.tile_worth import list_visited_quarters, measure_quarter_worth

FIRST, SECOND, THIRD, FOURTH = ROOT.children


@pytest.mark.parametrize(
    ("lengths", "passes", "differences", "worths"),
    [
        ((3, 0, 0, 9), (True, False, False, True), (0, 0, 0, 0), {FIRST: 3, FOURTH: 9}),
        ((3, 0, 0, 9), (True, False, False, True), (7, 5, 0, 0), {FIRST: 10, FOURTH: 9}),
        ((0, 0, 0, 0), (False, True, True, False), (0, 0, 2, 0), {SECOND: 0, THIRD: 2}),  # along its edge
        ((0, 0, 0, 0), (False,) * 4, (8, 8, 8, 8), {}),
    ],
)
def test_a_quarter_is_worth_its_border_and_what_ended_otherwise(lengths, passes, differences, worths):
    borders = Borders(shares=(0.5, 0.5), lengths=lengths, passes=passes)
    assert measure_quarter_worth(ROOT, borders, differences) == worths


def test_where_somebody_looks_the_quarters_are_worth_more():
    looked_at = [(1, place_of(FIRST, 3)), (2, place_of(Tile(level=DEEPEST), 0))]  # of the deepest nothing is finer
    assert list_visited_quarters(looked_at) == [(1, place_of(quarter, 3)) for quarter in FIRST.children]
