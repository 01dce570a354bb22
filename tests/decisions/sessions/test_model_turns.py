"""When a language model is asked for a question."""

from datetime import UTC, datetime, timedelta

import pytest

from axiom.decisions.sessions.model_budget import DAY, ModelCaps, ModelCost, ModelSpent, within_day
from axiom.decisions.sessions.model_turns import reason_not_to_ask

NOW = datetime(2026, 3, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("waiting", "asked", "weighed", "is_asked"),
    [
        (0, None, None, True),  # never before
        (3, None, None, False),  # as many of its own wait as may
        (0, NOW - HOUR, NOW - 2 * HOUR, False),  # that was known then
        (0, NOW - HOUR, NOW, True),
        (0, NOW - 6 * HOUR, None, True),  # nothing new, and it may have thought of something
        (0, NOW + HOUR, None, True),  # a clock that was set back keeps nobody quiet
    ],
)
def test_it_is_asked_where_something_is_new_and_it_may_propose(waiting, asked, weighed, is_asked):
    reason = reason_not_to_ask(waiting=waiting, most_waiting=3, asked_at=asked, weighed_at=weighed, now=NOW)
    assert (reason == "") is is_asked


@pytest.mark.parametrize(
    ("spent", "today", "tokens"),
    [
        (0, DAY.tokens, 0),
        (1_000, DAY.tokens - 500, 1_500),  # what the session has spent is among what the day has
        (1_000, DAY.tokens + 9, 1_000),
    ],
)
def test_a_session_may_take_what_the_day_leaves(spent, today, tokens):
    caps = within_day(ModelCaps(), ModelSpent(tokens=spent), ModelCost(tokens=today, micros=0))
    assert caps.tokens == tokens
    assert caps.requests == ModelCaps().requests
