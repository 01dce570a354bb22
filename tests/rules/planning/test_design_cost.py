"""What cells cost at most."""

from axiom.rules.planning.design_cost import most_seconds


def test_cells_cost_at_most_what_stops_them_or_what_was_seen():
    assert most_seconds([0.001] * 1_000, 1.0) == 60_000.0  # to declare next to nothing makes nothing cheaper
    assert most_seconds([100.0, 0.001], 10.0) == 1_060.0  # hosts were seen to take more
    assert most_seconds([1.0, 40.0]) == 260.0
