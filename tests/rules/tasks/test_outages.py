"""By how much deadlines move once the laboratory is back."""

from datetime import UTC, datetime, timedelta

from axiom.rules.tasks.outages import measure_outage

NOW = datetime(2026, 3, 2, 14, 5, tzinfo=UTC)


def test_deadlines_move_by_the_whole_time_when_it_was_more_than_ten_minutes():
    for away in (timedelta(seconds=-5), timedelta(minutes=10)):  # the clock was set back; just ten
        assert measure_outage(NOW - away, NOW).by == measure_outage(None, NOW).by == timedelta(0)
    longer = timedelta(minutes=10, microseconds=1)
    assert measure_outage(NOW - longer, NOW).by == longer
    assert "36.0 h" in measure_outage(NOW - timedelta(hours=36), NOW).reason
