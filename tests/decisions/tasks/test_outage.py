"""Deadlines move by as long as the laboratory was away, and a restart is no outage."""

from datetime import UTC, datetime, timedelta

import pytest

from axiom.decisions.tasks.outage import outage

NOW = datetime(2026, 3, 2, 14, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("away", "moves"),
    [
        (timedelta(seconds=-5), False),  # the clock was set back
        (timedelta(minutes=10), False),
        (timedelta(minutes=10, microseconds=1), True),
    ],
)
def test_deadlines_move_by_the_whole_time_when_it_was_more_than_ten_minutes(away, moves):
    assert outage(NOW - away, NOW).by == (away if moves else timedelta(0))
    assert outage(None, NOW).by == timedelta(0)
    assert "36.0 h" in outage(NOW - timedelta(hours=36), NOW).reason
