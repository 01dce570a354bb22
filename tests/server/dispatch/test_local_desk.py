"""The desk of this computer's own engine: what it answers is on the disk."""

import hashlib

import pytest

from axiom.domain.endings import Cause
from axiom.domain.work import Report, TaskState, WorkunitState
from axiom.errors import NotFound
from axiom.server.dispatch.local_desk import LocalDesk
from axiom.server.returns.transitioner import transit
from axiom.store.engine import blobs
from axiom.store.engine.database import connect_reader, connect_writer
from axiom.store.tasks import workunits
from axiom.store.writer import Writer


@pytest.fixture
def desk(working_lab):
    working_lab.db.close()
    writer = Writer(lambda: connect_writer(working_lab.folder.database))
    writer.start()
    yield LocalDesk(
        writer=writer,
        folder=working_lab.folder,
        dispatch=working_lab.dispatch,
        host_id=1,
        now=lambda: working_lab.now,
    )
    writer.stop()


def test_an_order_is_asked_for_and_its_report_is_stored_with_its_output(desk, working_lab):
    (order,) = desk.ask(frozenset(), 1)
    assert desk.ask(frozenset({order.task}), 1) == ()
    assert desk.ask(frozenset(), 1) == (order,)
    assert desk.held() == {order.task}
    output = working_lab.output(order)
    said = Report(
        task_id=order.task, host_id=1, exit_status=0, output_digest=None, cpu_seconds=1.0, elapsed_seconds=1.0
    )
    desk.report([(said, output)])
    reader = connect_reader(working_lab.folder.database)
    task = workunits.task(reader, order.task)
    assert (task.state, task.output_digest) == (TaskState.RETURNED, hashlib.sha256(output).hexdigest())
    assert blobs.get(reader, working_lab.folder, task.output_digest) == output
    reader.close()
    assert desk.held() == frozenset()


def test_a_success_without_output_is_none(desk):
    (order,) = desk.ask(frozenset(), 1)
    said = Report(
        task_id=order.task, host_id=1, exit_status=0, output_digest=None, cpu_seconds=1.0, elapsed_seconds=1.0
    )
    desk.report([(said, None)])
    assert desk.writer.run(lambda db: workunits.task(db, order.task)).state is TaskState.FAILED


def test_a_bundle_is_handed_out_with_its_newest_seal(desk, prepared):
    digest = prepared().digest
    assert desk.bundle(digest) == prepared().archive
    assert desk.seal(digest) == desk.writer.run(lambda db: db.one("SELECT seal FROM bundle"))["seal"]
    with pytest.raises(NotFound, match="There is no bundle abcdefabcdef here"):
        desk.seal("abcdef" * 10)


def test_what_is_given_back_waits_for_others_and_nobody_failed(desk):
    (order,) = desk.ask(frozenset(), 1)
    desk.give_back([order.task])
    assert desk.held() == frozenset()
    again = desk.writer.run(workunits.tasks)
    assert [(task.state, task.cause) for task in again] == [
        (TaskState.UNSENT, ""),
        (TaskState.ABORTED, Cause.TAKEN_BACK),
    ]
    (copy,) = desk.ask(frozenset(), 1)
    assert copy.seeds == order.seeds


def test_a_host_may_give_back_a_workunit_any_number_of_times(desk):
    for _ in range(30):
        (order,) = desk.ask(frozenset(), 1)
        desk.give_back([order.task])
    assert desk.writer.run(lambda db: workunits.workunit(db, 1)).state is WorkunitState.OPEN


def test_what_is_withdrawn_is_to_be_given_up(desk):
    (order,) = desk.ask(frozenset(), 1)
    assert desk.look(frozenset({order.task})) == (frozenset(), frozenset())
    desk.writer.run(lambda db: workunits.request_abort(db, 1, "nobody wants it"))
    desk.writer.run(lambda db: transit(db, 1, desk.now()))
    assert desk.look(frozenset({order.task})) == (frozenset({order.task}), frozenset())
