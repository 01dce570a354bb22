"""Many reports at once: each is answered, each counts once, and what nobody remembers comes back by its ticket.

Workunits move many at once as they do one by one; after an outage deadlines move by as long as it was.
"""

import hashlib
from dataclasses import replace
from datetime import timedelta

import pytest
import stored_work

from axiom.domain.failure_causes import Cause
from axiom.domain.work import Exit, Report, TaskState, WorkunitState
from axiom.server.pilots.pilot_server import PilotIdentity
from axiom.server.returns import reporting
from axiom.server.returns.outages import START, extend_deadlines
from axiom.server.returns.transitioner import sweep_late, sweep_unattended, transit_many, transit_workunit
from axiom.store.engine import blobs, counters
from axiom.store.hosts import hosts, notices
from axiom.store.migrate import read_migrations
from axiom.store.tasks import tasks, uploads, workunits
from axiom.store.upkeep import jobs


def said(lab, order, output: bytes | None = b"", **changes) -> Report:
    """What the scheduler makes of a client's report whose output has been uploaded."""
    digest = None
    if output is not None:
        with lab.db.transaction():
            (digest,) = blobs.store_output_blobs(lab.db, lab.folder, [output or lab.output(order)], lab.now)
    facts = {"exit_status": 0, "output_digest": digest, "cpu_seconds": 0.5, "elapsed_seconds": 1.0}
    return Report(**{"task_id": order.task, "host_id": order.host} | facts | changes)


def take(lab, *reports: Report):
    with lab.db.transaction(), lab.db.savepoint():
        return reporting.take_reports(lab.db, lab.folder, reports, lab.now, trust=lab.keys.trust)


def states(lab) -> dict[int, TaskState]:
    return {task.id: task.state for task in stored_work.tasks(lab.db)}


@pytest.fixture
def lab(working_lab):
    """Five workunits; hosts 1 and 2 are Ada's, host 3 is Bob's."""
    working_lab.deploy(workunits=4)
    working_lab.host("second", cores=8)
    working_lab.host("third", cores=8, volunteer="Bob")
    return working_lab


def test_hours_are_those_that_a_task_can_have_computed(lab):
    """What an older program stored is counted anew when it is brought up to date."""
    honest, boastful = lab.ask(2, wanted=2)
    lab.now += timedelta(hours=1)
    take(lab, said(lab, honest, cpu_seconds=3_500.0), said(lab, boastful, cpu_seconds=1e12))
    counted = {honest.task: 3_500.0, boastful.task: 3_660.0}
    hours = "SELECT id, cpu_seconds FROM task WHERE returned_at IS NOT NULL"
    assert {row["id"]: row["cpu_seconds"] for row in lab.db.select(hours)} == counted
    lab.db.execute("UPDATE task SET cpu_seconds = 1e12 WHERE id = :id", id=boastful.task)
    (bound,) = [step for step in read_migrations() if step.number == 37]
    for statement in bound.statements():
        lab.db.execute(statement)
    assert {row["id"]: row["cpu_seconds"] for row in lab.db.select(hours)} == counted


def test_many_reports_are_answered_in_order(lab):
    first, second, third, fourth = lab.ask(2, wanted=4)
    answers = take(
        lab,
        said(lab, first),
        said(lab, second, None, exit_status=Exit.CHILD_LOST),
        said(lab, third, None, exit_status=Exit.ABORTED_BY_USER),
        said(lab, fourth, None),
        said(lab, replace(fourth, task=99)),
    )
    assert [(answer.task_id, answer.state) for answer in answers] == [
        (first.task, TaskState.RETURNED),
        (second.task, TaskState.FAILED),
        (third.task, TaskState.ABORTED),
        (fourth.task, TaskState.FAILED),
        (99, None),
    ]
    causes = {row["id"]: row["cause"] for row in lab.db.select("SELECT id, cause FROM task")}
    assert [causes[order.task] for order in (first, second, third, fourth)] == [
        Cause.SUCCESS,
        Cause.CHILD_LOST,
        Cause.ABORTED_BY_VOLUNTEER,
        Cause.NO_OUTPUT,
    ]
    assert counters.read_counters(lab.db)["cause", 1, Cause.CHILD_LOST] == 1
    assert tasks.find_task(lab.db, first.task).output_digest == hashlib.sha256(lab.output(first)).hexdigest()
    assert [hosts.find_host(lab.db, host).standing.quota for host in (1, 2)] == [None, 4]
    report = said(lab, first)
    again, broken = take(lab, report, replace(report, exit_status=Exit.CHILD_LOST))
    assert (again.state, broken.state) == (None, None)
    assert (lab.broken(), take(lab)) == ({}, [])


def test_failures_and_aborts_lower_the_quota_and_silence_does_not(lab):
    first, second, third, _ = lab.ask(2, wanted=4)
    take(lab, said(lab, first, None, exit_status=Exit.ABORTED_BY_USER))
    assert hosts.find_host(lab.db, 2).standing.quota == 16
    (answer,) = take(lab, said(lab, second, None, exit_status=11, cause=Cause.SIGNAL, boinc_state=3))
    assert answer.reason == f"{Cause.SIGNAL.words}: exit status 11", "what a client says beside the status decides"
    take(lab, said(lab, third, None, exit_status=Exit.CHILD_LOST))
    quota = hosts.find_host(lab.db, 2).standing.quota
    lab.later(hours=49)
    lab.sweep()
    standing = hosts.find_host(lab.db, 2).standing
    assert (standing.quota, standing.turnaround_seconds) == (quota, 49 * 3600.0)
    assert hosts.find_host(lab.db, 1).standing.quota is None


def test_an_upload_whose_task_is_returned_waits_for_nothing_any_more(lab):
    first, second = lab.ask(2, wanted=2)
    for order in (first, second):
        report = said(lab, order)
        with lab.db.transaction():
            facts = {"name": "x", "size": 1, "md5": "", "received_at": lab.now}
            uploads.record_uploads(
                lab.db, [uploads.StoredUpload(task_id=order.task, digest=report.output_digest, **facts)]
            )
    take(lab, said(lab, first), said(lab, second, None, exit_status=Exit.CHILD_LOST))
    assert set(uploads.read_uploads(lab.db, [first.task, second.task])) == {second.task}


@pytest.fixture
def restored(lab, new_lab, prepared, tmp_path):
    """The laboratory as a backup knows it that was made before anything was sent, and an order of the time since."""
    lab.deploy(workunits=2)
    lab.later(hours=1)
    lost = lab.ask(2, wanted=8)[-1]
    output = lab.output(lost)
    name = tasks.find_task(lab.db, lost.task).workunit_id
    older = new_lab(tmp_path / "older")
    older.publish(prepared())
    older.deploy()
    for host, volunteer in (("first", "Ada"), ("second", "Ada"), ("third", "Bob")):
        older.host(host, cores=8, volunteer=volunteer)
    older.later(hours=3)
    yield older, lost, output, name
    older.db.close()


def test_a_task_that_nobody_remembers_is_proven_by_its_ticket_with_its_own_numbers(restored):
    lab, lost, output, workunit = restored
    assert tasks.find_task(lab.db, lost.task) is None
    report = said(lab, lost, output, workunit_id=workunit)
    (answer,) = take(lab, report)
    assert answer.state is TaskState.RETURNED
    lab.validate()
    task = tasks.find_task(lab.db, lost.task)
    assert (task.state, task.workunit_id, task.host_id) == (TaskState.VALID, workunit, 2)
    assert workunits.find_workunit(lab.db, workunit).state is WorkunitState.DONE
    assert lab.broken() == {}
    (again,) = take(lab, report)
    assert again.state is None
    (first, *_) = workunits.find_workunit(lab.db, workunit).replicates
    lab.deploy(workunits=first + 2)  # the numbers between are issued before any new one
    numbers = [row["number"] for row in lab.db.select("SELECT number FROM replicate ORDER BY number")]
    assert numbers == list(range(first + 4))
    assert lab.broken() == {}


def test_a_pilot_brings_what_waits_here_and_drops_what_nobody_remembers(lab, restored):
    older, lost, output, _ = restored
    order = next(order for order in lab.ask(2, wanted=8) if tasks.find_task(older.db, order.task))
    pilot = PilotIdentity(key=None, host_id=2, session="")
    assert older.pilots().tasks_of(older.db, pilot, [order.task, lost.task]).at_once == {lost.task}
    assert older.report(order, lab.output(order)).state is TaskState.RETURNED
    assert older.report(lost, output) is None  # its order does not say of which workunit it is
    older.validate()
    assert (states(older), older.broken()) == ({order.task: TaskState.VALID}, {})


def numbered(lab) -> list:
    tables = ("workunit", "task", "replicate", "counter")
    return [lab.db.select(f"SELECT * FROM {table}") for table in tables]  # noqa: S608  our own tables


def test_without_a_ticket_for_this_host_and_an_experiment_of_ours_nothing_comes_back(restored):
    lab, lost, output, workunit = restored
    before = numbered(lab)
    changed = ({"host_id": 3}, {"workunit_id": None}, {"workunit_id": 1}, {"task_id": 4_711})
    place = output.index(b'"ticket_text":"') + 40
    flipped = output[:place] + bytes([output[place] ^ 1]) + output[place + 1 :]
    altered = (flipped, output[:50], b"nothing")
    for brought, changes in (*((other, {}) for other in altered), *((output, change) for change in changed)):
        (answer,) = take(lab, said(lab, lost, brought, **{"workunit_id": workunit} | changes))
        assert answer.state is None, changes
        assert numbered(lab) == before
    lab.db.execute("PRAGMA foreign_keys = OFF")
    lab.db.execute("UPDATE bundle SET digest = 'ab'")  # the experiment was not there yet
    (answer,) = take(lab, said(lab, lost, output, workunit_id=workunit))
    assert answer.state is None


def test_the_owner_is_told_of_an_invalid_result_once_a_day(lab):
    first, second = lab.ask(2, wanted=2)
    for order in (first, second):
        take(lab, said(lab, order, b"nonsense " + str(order.task).encode()))
        lab.validate()
    assert [notice.kind for notice in notices.list_host_notices(lab.db, 2, lab.now)] == ["invalid"]
    assert (hosts.find_host(lab.db, 2).standing.quota, tasks.count_recent_task_states(lab.db, 2, 9)) == (
        8,
        {TaskState.INVALID: 2},
    )


@pytest.fixture
def six(working_lab):
    """Six workunits; tasks 1 and 2 are out to host 1."""
    working_lab.deploy(workunits=5)
    working_lab.ask(1, wanted=2)
    return working_lab


def whole(lab) -> list:
    return [lab.db.select(f"SELECT * FROM {table} ORDER BY 1, 2, 3") for table in ("workunit", "task", "counter")]  # noqa: S608


def test_many_move_as_each_alone_does_and_a_second_time_nothing_does(six, new_lab, prepared, tmp_path):
    other = new_lab(tmp_path / "other")
    other.publish(prepared())
    other.deploy()
    other.host()
    other.deploy(workunits=5)
    other.ask(1, wanted=2)
    for same in (six, other):
        same.later(hours=49)
        with same.db.transaction():
            workunits.request_abort(same.db, 4, "not wanted")
            tasks.set_task_states(same.db, [(tasks.find_task(same.db, 5), TaskState.INVALID, "a test")], same.now)
    with six.db.transaction():
        decided = transit_many(six.db, [6, 5, 4, 3, 2, 1, 99, 1], six.now)
    assert set(decided) == {1, 2, 3, 4, 5, 6}
    with other.db.transaction():
        for number in range(1, 7):
            transit_workunit(other.db, number, other.now)
        assert transit_workunit(other.db, 99, other.now) is None
    assert [row for row in whole(six)[2] if row["amount"]] == [row for row in whole(other)[2] if row["amount"]]
    stands = [
        [(task.state, task.ordinal) for task in tasks.list_workunit_tasks(same.db, number)]
        for same in (six, other)
        for number in range(7)
    ]
    assert stands[:7] == stands[7:]
    before = whole(six)
    with six.db.transaction():
        transit_many(six.db, range(1, 7), six.now)
    assert (whole(six), six.broken()) == (before, {})


def test_the_two_sweeps_find_what_is_late_and_what_nobody_attends(six):
    second = six.host("second", volunteer="Bob")
    with six.db.transaction():
        tasks.set_task_states(six.db, [(tasks.find_task(six.db, 3), TaskState.FAILED, "")], six.now)
        six.later(hours=49)
        assert (sweep_late(six.db, six.now), sweep_unattended(six.db, six.now)) == (2, 1)
        assert (sweep_late(six.db, six.now), sweep_unattended(six.db, six.now)) == (0, 0)
    assert len(stored_work.tasks(six.db)) == 6 + 3
    assert {hosts.find_host(six.db, host).standing.quota for host in (1, second)} == {None}, "slowness costs none"
    assert workunits.find_workunit(six.db, 1).state is WorkunitState.OPEN
    assert six.broken() == {}


def started(lab) -> int:
    with lab.db.transaction():
        return extend_deadlines(lab.db, lab.now)


def test_after_an_outage_nobody_s_deadline_has_passed(six):
    assert jobs.find_last_job_start(six.db, "nobody") is None  # it was never up
    deadline = tasks.find_task(six.db, 1).deadline
    six.later(minutes=9)
    assert started(six) == 0, "a restart moves nothing"
    assert tasks.find_task(six.db, 1).deadline == deadline
    with six.db.transaction():
        jobs.record_job_start(six.db, "alive", 300.0, six.now)
    six.later(hours=72)
    assert started(six) == 2
    assert tasks.find_task(six.db, 1).deadline == deadline + timedelta(hours=72)
    assert six.sweep() == 0
    assert jobs.find_last_job_start(six.db, START) == six.now
    assert started(six) == 0
    six.later(hours=49)
    assert six.sweep() == 2
    assert six.broken() == {}
