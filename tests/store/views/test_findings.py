"""What a finding's page asks of the records besides its evidence."""

from datetime import timedelta

import pytest

from axiom.store.views.findings import Attempts


@pytest.fixture
def troubled_lab(small_lab, prepared):
    """Host 1 works; host 2 only fails; host 3 is computing; host 4 failed, then worked."""
    small_lab.publish(prepared())
    small_lab.deploy(workunits=9)
    for name in ("good", "bad", "busy", "mended"):
        small_lab.host(name)
    hand_in(small_lab, 1)
    for _ in range(2):
        small_lab.report(small_lab.order(2), None, exit_status=10)
    small_lab.order(3)
    small_lab.report(small_lab.order(4), None, exit_status=10)
    hand_in(small_lab, 4)
    return small_lab


def hand_in(lab, host: int) -> None:
    order = lab.order(host)
    lab.report(order, lab.output(order))
    lab.validate()


def test_a_host_never_worked_when_all_of_its_tasks_that_are_over_failed(troubled_lab):
    (found,) = Attempts().never_worked(troubled_lab.db, 1, troubled_lab.now)
    assert (found.host_id, found.platform, found.tasks, found.states) == (2, "linux-x86_64-avx2", 2, {"failed": 2})


def test_a_host_that_is_silent_until_its_deadline_never_worked_either(troubled_lab):
    troubled_lab.later(hours=49)
    troubled_lab.sweep()
    found = Attempts().never_worked(troubled_lab.db, 1, troubled_lab.now)
    assert [(each.host_id, each.states) for each in found] == [(2, {"failed": 2}), (3, {"expired": 1})]


def test_tasks_are_counted_once_a_minute_at_most(troubled_lab):
    attempts = Attempts()
    assert [each.host_id for each in attempts.never_worked(troubled_lab.db, 1, troubled_lab.now)] == [2]
    hand_in(troubled_lab, 2)
    soon, later = (troubled_lab.now + timedelta(seconds=seconds) for seconds in (30, 61))
    assert [each.host_id for each in attempts.never_worked(troubled_lab.db, 1, soon)] == [2]
    assert attempts.never_worked(troubled_lab.db, 1, later) == []


def test_where_nothing_went_wrong_no_task_is_looked_at(small_lab, prepared):
    small_lab.publish(prepared())
    small_lab.deploy()
    small_lab.host()
    hand_in(small_lab, 1)
    asked: list[str] = []
    small_lab.db._connection.set_trace_callback(asked.append)
    assert Attempts().never_worked(small_lab.db, 1, small_lab.now) == []
    assert asked
    assert [sql for sql in asked if "FROM task" in sql] == []
