"""A host against which two others agreed is watched, and then gets nothing more."""

from datetime import UTC, datetime, timedelta

from axiom.domain.fleet import Standing
from axiom.domain.work import TaskState
from axiom.rules.hosts import outvoted_hosts, reliability

VALID = reliability.PastTask(state=TaskState.VALID, turnaround_seconds=100.0)
NOW = datetime(2026, 3, 2, tzinfo=UTC)


def test_who_is_outvoted_once_is_watched_for_a_month_and_twice_gets_nothing():
    once = outvoted_hosts.standing_after_outvote(Standing(valid_in_row=40), NOW)
    assert (once.standing.valid_in_row, once.standing.outvoted) == (0, 1)
    assert outvoted_hosts.is_watched(once.standing, NOW + timedelta(days=29))
    assert not outvoted_hosts.is_barred(once.standing)
    twice = outvoted_hosts.standing_after_outvote(
        reliability.update_reliability(once.standing, VALID).standing, NOW + timedelta(days=29)
    )
    assert outvoted_hosts.is_barred(twice.standing)
    once = outvoted_hosts.standing_after_outvote(Standing(), NOW).standing
    later = NOW + timedelta(days=31)
    assert not outvoted_hosts.is_watched(once, later)
    again = outvoted_hosts.standing_after_outvote(once, later).standing
    assert again.outvoted == 1
    assert not outvoted_hosts.is_barred(again)
    assert not outvoted_hosts.is_watched(Standing(), NOW)
    barred = outvoted_hosts.standing_after_outvote(
        outvoted_hosts.standing_after_outvote(Standing(), NOW).standing, NOW + timedelta(days=5)
    )
    assert "2 times" in barred.reason
    again = outvoted_hosts.standing_after_outvote(barred.standing, NOW + timedelta(days=90))
    assert outvoted_hosts.is_barred(again.standing)
    assert "3 times" in again.reason
