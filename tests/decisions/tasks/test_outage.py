"""Deadlines move by as long as the laboratory was away, and a restart is no outage."""

from datetime import UTC, datetime, timedelta

import pytest

from axiom.decisions.tasks.outage import outage

NOW = datetime(2026, 3, 2, 14, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("away", "moves"),
    [
        (timedelta(seconds=-5), False),  # the clock was set back
        (timedelta(0), False),
        (timedelta(minutes=10), False),
        (timedelta(minutes=10, microseconds=1), True),
        (timedelta(hours=24), True),
        (timedelta(days=40), True),
    ],
)
def test_deadlines_move_by_the_whole_time_when_it_was_more_than_ten_minutes(away, moves):
    decided = outage(NOW - away, NOW)
    assert decided.by == (away if moves else timedelta(0))
    assert decided.reason


def test_a_laboratory_that_was_never_up_was_never_away():
    assert outage(None, NOW).by == timedelta(0)


def test_the_reason_says_for_how_long():
    assert outage(NOW - timedelta(hours=36), NOW).reason == "it was away for 36.0 h, and nobody could report"
