"""The laboratory's clock never goes back, and a clock that was once wrong does not end a laboratory."""

import contextlib
import json
from datetime import UTC, datetime, timedelta

import pytest

from axiom.commands.sessions import HoldSession
from axiom.errors import ClockSetBack
from axiom.lab.upkeep import invariants
from axiom.service import clock as clocks
from axiom.service.access import writing
from axiom.service.callers import operator
from axiom.service.clock import Accepted, Clock, open_clock
from axiom.settings import Settings
from axiom.signed.keys import make_keys
from axiom.store.engine.database import connect_writer
from axiom.store.engine.folder import lock
from axiom.store.upkeep import audit, jobs

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


def test_moments_apart_differ_from_all_others_also_while_time_stands_still(wall):
    clock = Clock(NOW)
    for moment in (NOW, NOW - timedelta(hours=1), NOW + timedelta(hours=1), NOW):
        wall(moment)
        said = [clock.now(), clock.apart(), clock.now(), clock.apart(), clock.apart(), clock.now()]
        assert said == sorted(set(said))
        assert said[-1] - said[0] < timedelta(milliseconds=1)


@pytest.fixture
def gate(small_lab, wall):
    """Opens the gate of the small laboratory while the computer's clock is half a minute behind it."""

    @contextlib.contextmanager
    def opened():
        small_lab.db.close()
        make_keys(small_lab.folder.keys, small_lab.now)
        wall(small_lab.now - timedelta(seconds=30))
        with lock(small_lab.folder, "a test"), writing(small_lab.folder, Settings()) as gate:
            yield gate
        small_lab.db = connect_writer(small_lab.folder.database)

    return opened


def test_evidence_that_was_written_while_time_stands_still_knows_nothing_of_what_came_after(small_lab, prepared, gate):
    """A block closes without a value whose task was given up on, and which comes late."""
    small_lab.publish(prepared())
    small_lab.host()
    small_lab.deploy(max_failures=1)
    late = small_lab.order(1)
    small_lab.later(hours=49)
    small_lab.sweep()
    small_lab.deploy(workunits=7)
    for _ in range(7):
        order = small_lab.order(1)
        small_lab.report(order, small_lab.output(order))
    small_lab.validate()
    with gate() as opened:
        held = opened.submit(HoldSession(pi="person", reason="a test"), operator())
        small_lab.now = opened.now()
    assert "Findings weighed again: 1." in held["steps"][-1]["notes"][-1]
    small_lab.report(late, small_lab.output(late))
    small_lab.validate()
    found = invariants.broken(small_lab.db, small_lab.folder, small_lab.keys.trust, small_lab.now)
    assert {promise: problems for promise, problems in found.items() if problems} == {}


def test_what_time_servers_correct_is_tolerated(small_lab):
    jobs.started(small_lab.db, "publish", 60.0, NOW + timedelta(seconds=59))
    assert open_clock(small_lab.db, accept=False, caller="operator").now() == NOW + timedelta(seconds=59)


def test_a_clock_before_what_is_written_is_refused_with_the_way_out(future):
    with pytest.raises(ClockSetBack, match=r"2027-03-02 14:05 UTC \(the job publish\).* `axiom lab --accept-clock`"):
        open_clock(future, accept=False, caller="operator")
    assert audit.length(future) == 0


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
    (entry,) = audit.latest(future, 9)
    assert (entry["caller"], entry["command"], entry["outcome"]) == ("operator", "clock.accept", "done")
    assert json.loads(entry["arguments"]) == {"wall": NOW.isoformat(), "written": (NOW + YEAR).isoformat()}
    assert audit.broken_links(future) == []
    wall(NOW + timedelta(days=10))
    assert open_clock(future, accept=False, caller="operator").now() == NOW + YEAR + timedelta(days=5)
    assert audit.length(future) == 1
    jobs.started(future, "publish", 60.0, NOW + 2 * YEAR)  # another start with another wrong clock
    with pytest.raises(ClockSetBack):
        open_clock(future, accept=False, caller="operator")


def test_accepting_a_clock_that_is_right_leaves_no_trace(small_lab):
    assert open_clock(small_lab.db, accept=True, caller="operator").now() == NOW
    assert Accepted.read(small_lab.db) is None
