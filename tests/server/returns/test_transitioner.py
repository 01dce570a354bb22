"""Workunits move many at once as they do one by one; after an outage deadlines move by as long as it was."""

from datetime import timedelta

import pytest

from axiom.domain.work import TaskState, WorkunitState
from axiom.server.returns.transitioner import START, resume, sweep_late, sweep_unattended, transit, transit_many
from axiom.store.hosts import hosts
from axiom.store.tasks import workunits
from axiom.store.upkeep import jobs


@pytest.fixture
def lab(working_lab):
    """Six workunits; tasks 1 and 2 are out to host 1."""
    working_lab.deploy(workunits=5)
    working_lab.ask(1, wanted=2)
    return working_lab


def whole(lab) -> list:
    return [lab.db.select(f"SELECT * FROM {table} ORDER BY 1, 2, 3") for table in ("workunit", "task", "counter")]  # noqa: S608


def test_many_move_as_each_alone_does_and_a_second_time_nothing_does(lab, new_lab, prepared, tmp_path):
    other = new_lab(tmp_path / "other")
    other.publish(prepared())
    other.deploy()
    other.host()
    other.deploy(workunits=5)
    other.ask(1, wanted=2)
    for same in (lab, other):
        same.later(hours=49)
        with same.db.transaction():
            workunits.request_abort(same.db, 4, "not wanted")
            workunits.move(same.db, workunits.task(same.db, 5), TaskState.INVALID, "a test", same.now)
    with lab.db.transaction():
        decided = transit_many(lab.db, [6, 5, 4, 3, 2, 1, 99, 1], lab.now)
    assert set(decided) == {1, 2, 3, 4, 5, 6}
    with other.db.transaction():
        for number in range(1, 7):
            transit(other.db, number, other.now)
        assert transit(other.db, 99, other.now) is None
    assert [row for row in whole(lab)[2] if row["amount"]] == [row for row in whole(other)[2] if row["amount"]]
    stands = [
        [(task.state, task.ordinal) for task in workunits.tasks_of(same.db, number)]
        for same in (lab, other)
        for number in range(7)
    ]
    assert stands[:7] == stands[7:]
    before = whole(lab)
    with lab.db.transaction():
        transit_many(lab.db, range(1, 7), lab.now)
    assert whole(lab) == before
    assert lab.broken() == {}


def test_the_two_sweeps_find_what_is_late_and_what_nobody_attends(lab):
    second = lab.host("second", volunteer="Bob")
    with lab.db.transaction():
        workunits.move(lab.db, workunits.task(lab.db, 3), TaskState.FAILED, "", lab.now)
        lab.later(hours=49)
        assert (sweep_late(lab.db, lab.now), sweep_unattended(lab.db, lab.now)) == (2, 1)
        assert (sweep_late(lab.db, lab.now), sweep_unattended(lab.db, lab.now)) == (0, 0)
    assert len(workunits.tasks(lab.db)) == 6 + 3
    assert {hosts.host(lab.db, host).standing.quota for host in (1, second)} == {None}, "slowness costs none"
    assert workunits.workunit(lab.db, 1).state is WorkunitState.OPEN
    assert lab.broken() == {}


def started(lab) -> int:
    with lab.db.transaction():
        return resume(lab.db, lab.now)


def test_after_an_outage_nobody_s_deadline_has_passed(lab):
    assert jobs.last_start(lab.db, "nobody") is None  # it was never up
    deadline = workunits.task(lab.db, 1).deadline
    lab.later(minutes=9)
    assert started(lab) == 0, "a restart moves nothing"
    assert workunits.task(lab.db, 1).deadline == deadline
    with lab.db.transaction():
        jobs.started(lab.db, "alive", 300.0, lab.now)
    lab.later(hours=72)
    assert started(lab) == 2
    assert workunits.task(lab.db, 1).deadline == deadline + timedelta(hours=72)
    assert lab.sweep() == 0
    assert jobs.last_start(lab.db, START) == lab.now
    assert started(lab) == 0
    lab.later(hours=49)
    assert lab.sweep() == 2
    assert lab.broken() == {}
