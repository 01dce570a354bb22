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
        ("Ada", -timedelta(seconds=1), "Ben", False),
        ("Ada", LEASE, "Ada", False),
        ("Ada", LEASE, "", True),
        ("", LEASE, "Ben", False),
        ("Ada", CONVERSATION_LEASE, "Ben", True),  # a model has long for an answer
        ("Ada", CONVERSATION_LEASE + timedelta(microseconds=1), "Ben", False),  # written before a clock was set back
        ("Ada", timedelta(days=3650), "Ben", False),
    ],
)
def test_another_waits_until_the_hold_has_run_out(holder, left, asking, waits):
    assert bool(lease_conflict(holder, NOW + left, asking, NOW)) is waits


def test_the_reason_names_the_holder_and_says_how_long():
    assert lease_conflict("Ada", NOW + timedelta(seconds=12), "Ben", NOW) == (
        "Ada has it in hand and may be away for 12 s more before another goes on"
    )


def test_a_session_without_an_end_of_its_hold_is_free():
    assert lease_conflict("Ada", None, "Ben", NOW) == ""
