"""What cells can cost at most: as long as they run before they are stopped, or as long as they were seen to take."""

import pytest

from axiom.decisions.planning.cell_limits import allowed_seconds, most_seconds


@pytest.mark.parametrize(
    ("declared", "factor", "most"),
    [
        ([0.001] * 1_000, 1.0, 60_000.0),  # to declare next to nothing makes nothing cheaper
        ([100.0, 0.001], 10.0, 1_060.0),  # hosts were seen to take more
        ([], 1.0, 0.0),
    ],
)
def test_cells_cost_at_most_what_stops_them_or_what_was_seen(declared, factor, most):
    assert most_seconds(declared, factor) == most
    assert most_seconds([1.0, 40.0]) == 260.0
    assert [allowed_seconds(seconds, is_on_gpu=True) for seconds in (1.0, 40.0)] == [600.0, 2_000.0]
