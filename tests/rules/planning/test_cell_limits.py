"""When a cell is stopped."""

from axiom.rules.planning.cell_limits import allowed_seconds


def test_a_cell_may_take_longer_on_a_gpu():
    assert [allowed_seconds(seconds, is_on_gpu=True) for seconds in (1.0, 40.0)] == [600.0, 2_000.0]
