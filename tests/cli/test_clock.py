"""The laboratory's clock never goes back, and a clock that was once wrong does not end a laboratory."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from axiom.cli import clock as clocks
from axiom.cli.clock import Accepted, Clock, open_clock
from axiom.errors import ClockSetBack
from axiom.store import callers, jobs

NOW = datetime(2026, 3, 2, 14, 5, tzinfo=UTC)
YEAR = timedelta(days=365)


@pytest.fixture(autouse=True)
def wall(monkeypatch):
    """Sets what the computer's clock says."""

    def say(moment: datetime) -> None:
        monkeypatch.setattr(clocks, "wall_clock", lambda: moment)

    say(NOW)
    return say


@pytest.fixture
def future(small_lab):
    """A laboratory that was once started a year ahead of its time."""
    jobs.started(small_lab.db, "publish", 60.0, NOW + YEAR)
    return small_lab.db


def test_time_stands_still_when_the_computers_clock_is_set_back(wall):
    clock = Clock(NOW)
    wall(NOW + timedelta(hours=1))
    assert clock.now() == NOW + timedelta(hours=1)
    wall(NOW)
    assert clock.now() == NOW + timedelta(hours=1)
    wall(NOW + timedelta(hours=2))
    assert clock.now() == NOW + timedelta(hours=2)


def test_what_time_servers_correct_is_tolerated(small_lab):
    jobs.started(small_lab.db, "publish", 60.0, NOW + timedelta(seconds=59))
    assert open_clock(small_lab.db, accept=False, caller="operator").now() == NOW + timedelta(seconds=59)


def test_a_clock_before_what_is_written_is_refused_with_the_way_out(future):
    with pytest.raises(ClockSetBack, match=r"2027-03-02 14:05 UTC \(the job publish\).* `axiom lab --accept-clock`"):
        open_clock(future, accept=False, caller="operator")
    assert callers.length(future) == 0


def test_an_accepted_clock_goes_on_at_half_pace_until_both_agree(future, wall):
    clock = open_clock(future, accept=True, caller="operator")
    assert clock.now() == NOW + YEAR
    wall(NOW + timedelta(days=2))
    assert clock.now() == NOW + YEAR + timedelta(days=1)
    wall(NOW + 2 * YEAR)
    assert clock.now() == NOW + 2 * YEAR
    wall(NOW + 3 * YEAR)
    assert clock.now() == NOW + 3 * YEAR


def test_an_acceptance_is_audited_and_holds_at_later_starts(future, wall):
    open_clock(future, accept=True, caller="operator")
    (entry,) = callers.latest(future, 9)
    assert (entry["caller"], entry["command"], entry["outcome"]) == ("operator", "clock.accept", "done")
    assert json.loads(entry["arguments"]) == {"wall": NOW.isoformat(), "written": (NOW + YEAR).isoformat()}
    assert callers.broken_links(future) == []
    wall(NOW + timedelta(days=10))
    assert open_clock(future, accept=False, caller="operator").now() == NOW + YEAR + timedelta(days=5)
    assert callers.length(future) == 1
    jobs.started(future, "publish", 60.0, NOW + 2 * YEAR)  # another start with another wrong clock
    with pytest.raises(ClockSetBack):
        open_clock(future, accept=False, caller="operator")


def test_accepting_a_clock_that_is_right_leaves_no_trace(small_lab):
    assert open_clock(small_lab.db, accept=True, caller="operator").now() == NOW
    assert Accepted.read(small_lab.db) is None
