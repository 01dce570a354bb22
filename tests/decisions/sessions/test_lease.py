"""A session is in one hand at a time, and free again when that hand lets go."""

from datetime import UTC, datetime, timedelta

import pytest

from axiom.decisions.sessions.lease import CONVERSATION_LEASE, LEASE, lease_conflict

NOW = datetime(2026, 3, 2, 14, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("holder", "left", "asking", "waits"),
    [
        ("Ada", LEASE, "Ben", True),
        ("Ada", timedelta(microseconds=1), "Ben", True),
        ("Ada", timedelta(0), "Ben", False),
        ("Ada", LEASE, "Ada", False),
        ("Ada", LEASE, "", True),
        ("", LEASE, "Ben", False),
        ("Ada", CONVERSATION_LEASE, "Ben", True),  # a model has long for an answer
        ("Ada", CONVERSATION_LEASE + timedelta(microseconds=1), "Ben", False),  # written before a clock was set back
    ],
)
def test_another_waits_until_the_hold_has_run_out(holder, left, asking, waits):
    assert bool(lease_conflict(holder, NOW + left, asking, NOW)) is waits


def test_the_reason_names_the_holder_and_says_how_long():
    reason = lease_conflict("Ada", NOW + timedelta(seconds=12), "Ben", NOW)
    assert reason.startswith("Ada ")
    assert "12 s" in reason
    assert lease_conflict("Ada", None, "Ben", NOW) == ""
