"""This computer's own engine: hosts get tasks and bring them back, once each, whatever is lost."""

import hashlib

import pytest
import stored_work
from started_writer import started_writer
from work_sources import pilot_server

from axiom.domain.failure_causes import Cause
from axiom.domain.work import Exit, Report, TaskState, WorkunitState
from axiom.errors import NotAllowed, NotFound
from axiom.server.dispatch.cache import DispatchCache
from axiom.server.pilots.local_work_source import LocalWorkSource
from axiom.store.engine import blobs
from axiom.store.engine.database import connect_reader
from axiom.store.hosts import hosts as host_store
from axiom.store.tasks import tasks as task_store
from axiom.store.tasks import workunits


@pytest.fixture
def source(working_lab):
    server = pilot_server(working_lab, now=lambda: working_lab.now)
    with started_writer(working_lab) as writer:
        yield LocalWorkSource(writer=writer, pilots=server, host_id=1)


def test_an_order_is_asked_for_and_its_report_is_stored_with_its_output(source, working_lab, prepared):
    (order,) = source.ask(frozenset(), 1)
    assert source.ask(frozenset({order.task}), 1) == ()
    assert source.ask(frozenset(), 1) == (order,)
    assert source.held_tasks() == {order.task}
    output = working_lab.output(order)
    facts = {"exit_status": 0, "output_digest": None, "cpu_seconds": 1.0, "elapsed_seconds": 1.0}
    report = Report(task_id=order.task, host_id=1, **facts)
    source.report([(report, output)])
    reader = connect_reader(working_lab.folder.database)
    task = task_store.find_task(reader, order.task)
    assert (task.state, task.output_digest) == (TaskState.RETURNED, hashlib.sha256(output).hexdigest())
    assert blobs.read_blob(reader, working_lab.folder, task.output_digest) == output
    reader.close()
    assert source.held_tasks() == frozenset()
    assert source.bundle(order.bundle) == prepared().archive
    assert source.seal(order.bundle) == source.writer.run(lambda db: db.row("SELECT seal FROM bundle"))["seal"]
    with pytest.raises(NotAllowed, match="Host 99"):
        LocalWorkSource(writer=source.writer, pilots=source.pilots, host_id=99).ask(frozenset(), 1)
    with pytest.raises(NotFound, match="abcdefabcdef"):
        source.seal("abcdef" * 10)


def test_what_is_given_back_waits_for_others_any_number_of_times_and_nobody_failed(source):
    seeds = set()
    for _ in range(15):
        (order,) = source.ask(frozenset(), 1)
        seeds.add(order.seeds)
        source.give_back([order.task])
        assert source.held_tasks() == frozenset()
    tasks = source.writer.run(stored_work.tasks)
    assert {(task.state, task.cause) for task in tasks} == {
        (TaskState.UNSENT, ""),
        (TaskState.ABORTED, Cause.TAKEN_BACK),
    }
    assert (len(tasks), len(seeds)) == (16, 1)
    assert source.writer.run(lambda db: workunits.find_workunit(db, 1)).state is WorkunitState.OPEN


def states(lab, workunit_id=1):
    return [task.state for task in task_store.list_workunit_tasks(lab.db, workunit_id)]


def why_no_more(lab, host: int) -> str:
    """Why a host gets nothing beside what it holds."""
    holding = tuple(task.id for task in task_store.list_tasks_at_host(lab.db, host))
    assert lab.ask(host, holding=holding, wanted=8) == ()
    return host_store.find_host(lab.db, host).why_no_work


def test_what_a_host_holds_takes_its_cores_and_ours_are_packed_by_what_tasks_have(working_lab):
    working_lab.deploy(workunits=8)
    lost = working_lab.order(1)
    working_lab.later(hours=1)
    assert working_lab.ask(1) == (lost,), "with the very same ticket"
    again, more = working_lab.ask(1, wanted=4)
    assert again == lost
    assert "2 tasks of the 2" in why_no_more(working_lab, 1)
    small = working_lab.host("small", cores=8, memory_mb=250)
    others = working_lab.ask(small, wanted=8)
    assert len({order.task for order in (lost, more, *others)}) == 4
    assert "100 MB of memory a task, and 50 MB" in why_no_more(working_lab, small)
    ours = working_lab.host("ours", cores=8, memory_mb=800)
    theirs = working_lab.host("theirs", cores=8, memory_mb=800, volunteer="Bo")
    for statement in ("UPDATE experiment SET manifest", "UPDATE bundle SET manifest"):
        needs = "replace(replace(manifest, '\"avx\":false', '\"avx\":true'), '\"memory_mb\":100', '\"memory_mb\":300')"
        assert working_lab.db.execute(f"{statement} = {needs}") == 1  # as if it used JAX
    working_lab.known = DispatchCache()
    working_lab.deploy(workunits=9)
    assert len(working_lab.ask(ours, wanted=8)) == 4
    assert len(working_lab.ask(theirs, wanted=8)) == 2
    assert "300 MB of memory a task, and 200 MB are free" in why_no_more(working_lab, theirs)


def test_report_and_output_are_stored_together_or_not_at_all(working_lab):
    order = working_lab.order(1)
    working_lab.db.execute(
        "CREATE TRIGGER full_disk BEFORE UPDATE ON task BEGIN SELECT raise(ABORT, 'no room for the report'); END"
    )
    with pytest.raises(Exception, match="no room for the report"):
        working_lab.report(order, working_lab.output(order))
    assert working_lab.db.row("SELECT count(*) AS n FROM blob WHERE size < 5000")["n"] == 0
    assert states(working_lab) == [TaskState.SENT]
    working_lab.db.execute("DROP TRIGGER full_disk")
    assert working_lab.report(order, working_lab.output(order)).state is TaskState.RETURNED
    assert working_lab.broken() == {}


@pytest.mark.parametrize(
    ("exit_status", "state"), [(Exit.CELL_FAILED, TaskState.FAILED), (Exit.ABORTED_BY_USER, TaskState.ABORTED)]
)
def test_a_task_that_did_not_succeed_is_created_anew_and_what_it_brought_is_kept(working_lab, exit_status, state):
    order = working_lab.order(1)
    assert working_lab.report(order, b"half an output", exit_status=exit_status).state is state
    assert states(working_lab) == [state, TaskState.UNSENT]
    digest = task_store.find_task(working_lab.db, order.task).output_digest
    assert blobs.read_blob(working_lab.db, working_lab.folder, digest) == b"half an output"
    assert working_lab.broken() == {}


def test_a_late_report_is_accepted_and_the_copy_that_waits_is_not_sent(working_lab):
    order = working_lab.order(1)
    for hours, silent in ((47, 0), (2, 1)):
        working_lab.later(hours=hours)
        assert working_lab.sweep() == silent
    assert states(working_lab) == [TaskState.EXPIRED, TaskState.UNSENT]
    assert working_lab.report(order, working_lab.output(order)).state is TaskState.RETURNED
    assert states(working_lab) == [TaskState.RETURNED, TaskState.ABORTED]
    assert working_lab.ask(1) == ()
    working_lab.validate()
    assert (states(working_lab), working_lab.broken()) == ([TaskState.VALID, TaskState.ABORTED], {})


def test_asking_in_vain_writes_nothing(working_lab):
    order = working_lab.order(1)
    working_lab.ask(1, holding=(order.task,))  # why it gets nothing is written down once
    before = working_lab.db.row("PRAGMA data_version"), whole(working_lab)
    for _ in range(5):
        working_lab.later(seconds=5)
        assert working_lab.ask(1, holding=(order.task,)) == ()
    assert (working_lab.db.row("PRAGMA data_version"), whole(working_lab)) == before
    working_lab.later(minutes=1)
    working_lab.ask(1, holding=(order.task,))
    assert host_store.find_host(working_lab.db, 1).seen_at == working_lab.now


def whole(lab) -> list:
    return [lab.db.select(f"SELECT * FROM {table}") for table in sorted(lab.db.tables())]  # noqa: S608  our own tables


def test_a_workunit_that_fits_no_ticket_is_cancelled_and_stands_before_no_other(working_lab):
    done = working_lab.order(1)
    working_lab.report(done, working_lab.output(done))
    working_lab.validate()
    working_lab.deploy(workunits=1, replicates_each=5_000)
    working_lab.db.execute("UPDATE workunit SET checks_task_id = 1 WHERE id = 2")  # a check is not cut
    working_lab.deploy(workunits=1)
    assert working_lab.ask(1) == ()
    assert workunits.find_workunit(working_lab.db, 2).state is WorkunitState.CANCELLED
    assert "a command line takes" in workunits.find_workunit(working_lab.db, 2).reason
    assert (working_lab.order(1).task, working_lab.broken()) == (3, {})
