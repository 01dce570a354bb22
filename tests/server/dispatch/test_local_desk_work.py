"""Hosts get their tasks and bring them back: once each, whatever is lost on the way."""

import json
from dataclasses import replace

import pytest

from axiom.domain.work import Exit, TaskState, WorkunitState
from axiom.server.returns.transitioner import transit
from axiom.signed.bundles import MANIFEST, contents, pack
from axiom.signed.canonical_json import canonical
from axiom.signed.tickets import check, read_ticket
from axiom.store.engine import blobs, counters
from axiom.store.hosts import hosts as host_store
from axiom.store.tasks import results, workunits


def states(lab, workunit_id=1):
    return [task.state for task in workunits.tasks_of(lab.db, workunit_id)]


def test_an_order_carries_a_ticket_that_says_the_same(working_lab):
    order = working_lab.order(1)
    ticket = read_ticket(order.ticket, trust=working_lab.keys.trust, now=working_lab.now)
    check(order, ticket, host=1)
    assert (ticket.task, ticket.host, ticket.experiment, ticket.version) == (order.task, 1, "tiny_sum", 1)
    assert ([dict(config) for config in ticket.configs], ticket.places) == ([{"size": 1}, {"size": 2}], (0, 1))
    assert ticket.cell_seconds == (60.0, 60.0)
    assert ticket.deadline - ticket.issued == working_lab.dispatch.deadline
    assert states(working_lab) == [TaskState.SENT]


def test_a_host_that_has_its_task_gets_nothing_twice(working_lab):
    order = working_lab.order(1)
    answer = working_lab.ask(1, holding=(order.task,))
    assert (answer.orders, answer.reason) == ((), "no work is waiting at the moment")


def test_a_lost_task_is_sent_again_with_the_very_same_ticket(working_lab):
    order = working_lab.order(1)
    working_lab.later(hours=1)
    answer = working_lab.ask(1)
    assert answer.orders == (order,)
    assert answer.reason == "1 lost tasks sent again"
    assert states(working_lab) == [TaskState.SENT]


def test_a_lost_task_still_takes_a_core(working_lab):
    working_lab.deploy(workunits=3)
    lost = working_lab.order(1)
    answer = working_lab.ask(1, wanted=4)
    assert answer.orders[0] == lost
    assert len(answer.orders) == 2
    assert answer.reason == "your computer has 2 tasks of the 2 that it may have"


def test_two_hosts_never_get_the_same_task(working_lab):
    working_lab.deploy(workunits=4)
    hosts = [1, working_lab.host("second"), working_lab.host("third")]
    given = [order.task for host in hosts for order in working_lab.ask(host, wanted=2).orders]
    assert len(given) == 5
    assert len(set(given)) == 5


def test_an_unknown_host_gets_nothing(working_lab):
    assert working_lab.ask(99).reason == "host 99 is not known here"


def test_memory_is_counted_with_what_a_host_holds(working_lab):
    small = working_lab.host("small", cores=8, memory_mb=250)
    working_lab.deploy(workunits=5)
    answer = working_lab.ask(small, wanted=8)
    assert len(answer.orders) == 2
    assert answer.reason == "tiny_sum needs 100 MB of memory a task, and 50 MB are free by your preferences"


def test_our_own_hosts_are_packed_by_what_each_task_has_alone(working_lab):
    ours = working_lab.host("ours", cores=8, memory_mb=800)
    theirs = working_lab.host("theirs", cores=8, memory_mb=800, volunteer="Bo")
    for statement in ("UPDATE experiment SET manifest", "UPDATE bundle SET manifest"):
        needs = "replace(replace(manifest, '\"avx\":false', '\"avx\":true'), '\"memory_mb\":100', '\"memory_mb\":300')"
        assert working_lab.db.execute(f"{statement} = {needs}") == 1  # as if it used JAX
    working_lab.deploy(workunits=9)
    assert len(working_lab.ask(ours, wanted=8).orders) == 4
    answer = working_lab.ask(theirs, wanted=8)
    assert (len(answer.orders), "300 MB of memory a task, and 200 MB are free" in answer.reason) == (2, True)


def test_targeted_work_goes_to_its_target_alone(working_lab):
    second = working_lab.host("second")
    with working_lab.db.transaction():
        target = working_lab.db.execute("UPDATE task SET target_host_id = :host", host=second)
    assert target == 1
    refused = working_lab.ask(1)
    assert (refused.orders, refused.reason) == ((), "all waiting work is meant for other computers")
    assert working_lab.order(second).host == second


def test_a_host_prefers_what_is_meant_for_it(working_lab):
    working_lab.deploy()
    working_lab.db.execute("UPDATE task SET target_host_id = 1 WHERE id = 2")
    assert working_lab.order(1).task == 2


def test_an_experiment_without_a_bundle_sends_nothing(working_lab):
    for statement in ("DELETE FROM preflight", "DELETE FROM release", "DELETE FROM bundle"):
        working_lab.db.execute(statement)
    assert working_lab.ask(1).orders == ()


def test_a_returned_output_is_proven_and_stored(working_lab):
    order = working_lab.order(1)
    output = working_lab.output(order)
    acknowledged = working_lab.report(order, output)
    assert acknowledged.state is TaskState.RETURNED
    task = workunits.task(working_lab.db, order.task)
    assert blobs.get(working_lab.db, working_lab.folder, task.output_digest) == output
    assert working_lab.validate() == 1
    found = results.of_task(working_lab.db, order.task)
    assert [(cell.config, cell.measures["total"]) for cell in found] == [(0, 0.5), (1, 1.5)]
    assert workunits.workunit(working_lab.db, 1).state is WorkunitState.DONE
    assert working_lab.broken() == {}


def test_report_and_output_are_stored_together_or_not_at_all(working_lab):
    order = working_lab.order(1)
    working_lab.db.execute(
        "CREATE TRIGGER full_disk BEFORE UPDATE ON task BEGIN SELECT raise(ABORT, 'no room for the report'); END"
    )
    with pytest.raises(Exception, match="no room for the report"):
        working_lab.report(order, working_lab.output(order))
    assert working_lab.db.one("SELECT count(*) AS n FROM blob WHERE size < 5000")["n"] == 0
    assert states(working_lab) == [TaskState.SENT]
    working_lab.db.execute("DROP TRIGGER full_disk")
    assert working_lab.report(order, working_lab.output(order)).state is TaskState.RETURNED
    assert working_lab.broken() == {}


def test_a_repeated_report_changes_nothing(working_lab):
    order = working_lab.order(1)
    output = working_lab.output(order)
    working_lab.report(order, output)
    before = workunits.task(working_lab.db, order.task), counters.read(working_lab.db)
    working_lab.later(minutes=1)
    again = working_lab.report(order, working_lab.output(order, early=()), exit_status=10)
    assert (again.state, again.reason) == (None, f"task {order.task} is returned already")
    assert (workunits.task(working_lab.db, order.task), counters.read(working_lab.db)) == before


def test_a_report_of_a_foreign_host_changes_nothing(working_lab):
    order = working_lab.order(1)
    second = working_lab.host("second", volunteer="Bob")
    refused = working_lab.report(order, working_lab.output(order), host=second)
    assert (refused.state, refused.reason) == (None, f"task {order.task} was not given to host {second}")
    assert working_lab.report(replace(order, task=99), b"").reason == "no task 99 is known here"
    assert states(working_lab) == [TaskState.SENT]


@pytest.mark.parametrize(
    ("exit_status", "state"),
    [(Exit.CELL_FAILED, TaskState.FAILED), (Exit.ABORTED_BY_USER, TaskState.ABORTED)],
)
def test_a_task_that_did_not_succeed_is_created_anew_and_what_it_brought_is_kept(working_lab, exit_status, state):
    order = working_lab.order(1)
    assert working_lab.report(order, b"half an output", exit_status=exit_status).state is state
    assert states(working_lab) == [state, TaskState.UNSENT]
    digest = workunits.task(working_lab.db, order.task).output_digest
    assert blobs.get(working_lab.db, working_lab.folder, digest) == b"half an output"
    assert working_lab.broken() == {}


def test_a_deadline_that_passes_in_silence_makes_a_new_task(working_lab):
    working_lab.order(1)
    working_lab.later(hours=47)
    assert working_lab.sweep() == 0
    working_lab.later(hours=2)
    assert working_lab.sweep() == 1
    assert states(working_lab) == [TaskState.EXPIRED, TaskState.UNSENT]


def expired_once(lab):
    order = lab.order(1)
    lab.later(hours=49)
    lab.sweep()
    return order


def test_a_late_report_is_accepted_and_the_copy_that_waits_is_not_sent(working_lab):
    order = expired_once(working_lab)
    assert working_lab.report(order, working_lab.output(order)).state is TaskState.RETURNED
    assert states(working_lab) == [TaskState.RETURNED, TaskState.ABORTED]
    assert working_lab.ask(1).orders == ()
    working_lab.validate()
    assert states(working_lab) == [TaskState.VALID, TaskState.ABORTED]
    assert working_lab.broken() == {}


def test_a_late_report_that_proves_nothing_is_made_good(working_lab):
    order = expired_once(working_lab)
    working_lab.report(order, b"not an output")
    working_lab.validate()
    assert states(working_lab) == [TaskState.INVALID, TaskState.ABORTED, TaskState.UNSENT]


def test_whoever_comes_second_brings_duplicates(working_lab):
    late = expired_once(working_lab)
    prompt = working_lab.order(working_lab.host("second"))
    for order in (prompt, late):
        assert working_lab.report(order, working_lab.output(order)).state is TaskState.RETURNED
    assert working_lab.validate() == 2
    assert states(working_lab) == [TaskState.VALID, TaskState.VALID]
    assert {row["task_id"] for row in working_lab.db.select("SELECT task_id FROM result")} == {late.task}
    assert {row["task_id"] for row in working_lab.db.select("SELECT task_id FROM duplicate")} == {prompt.task}
    assert working_lab.broken() == {}


def test_a_workunit_is_given_up_after_so_many_failures(working_lab):
    for _ in range(3):
        working_lab.report(working_lab.order(1), exit_status=Exit.CHILD_LOST)
    wanted = workunits.workunit(working_lab.db, 1)
    assert (wanted.state, wanted.reason) == (WorkunitState.FAILED, "3 tasks failed")
    assert states(working_lab) == [TaskState.FAILED] * 3
    assert working_lab.ask(1).orders == ()


def test_what_was_closed_while_its_host_lost_it_is_not_sent_again(working_lab):
    order = working_lab.order(1)
    with working_lab.db.transaction():
        workunits.request_abort(working_lab.db, 1, "not wanted")
    working_lab.db.execute("UPDATE workunit SET state = 'cancelled', closed_at = created_at WHERE id = 1")
    working_lab.db.execute("UPDATE counter SET state = 'cancelled' WHERE noun = 'workunit'")
    assert working_lab.ask(1, holding=(order.task,)).orders == ()
    assert states(working_lab) == [TaskState.SENT]
    assert working_lab.ask(1).orders == ()
    assert states(working_lab) == [TaskState.ABORTED]
    assert counters.problems(working_lab.db) == []


def test_asking_in_vain_writes_nothing(working_lab):
    order = working_lab.order(1)
    working_lab.ask(1, holding=(order.task,))  # why it gets nothing is written down once
    before = working_lab.db.one("PRAGMA data_version"), whole(working_lab)
    for _ in range(5):
        working_lab.later(seconds=5)
        assert working_lab.ask(1, holding=(order.task,)).orders == ()
    assert (working_lab.db.one("PRAGMA data_version"), whole(working_lab)) == before
    working_lab.later(minutes=1)
    working_lab.ask(1, holding=(order.task,))
    assert host_store.host(working_lab.db, 1).seen_at == working_lab.now


def whole(lab) -> list:
    return [lab.db.select(f"SELECT * FROM {table}") for table in sorted(lab.db.tables())]  # noqa: S608  our own tables


def test_a_repair_that_needs_more_memory_and_time_gets_it(working_lab, prepared):
    made = prepared(top="REPAIRED = True")
    declared = json.loads(made.declaration) | {"memory_mb": 900, "cell_seconds": [100.0, 20.0]}
    files = contents(made.archive) | {MANIFEST: canonical(declared)}
    working_lab.publish(replace(made, declaration=canonical(declared).decode(), archive=pack(files)))
    ticket = read_ticket(working_lab.order(1).ticket, trust=working_lab.keys.trust, now=working_lab.now)
    assert (ticket.memory_mb, ticket.cell_seconds) == (900, (500.0, 100.0))
    assert working_lab.broken() == {}


def test_a_workunit_that_fits_no_ticket_is_cancelled_and_stands_before_no_other(working_lab):
    with working_lab.db.transaction():
        workunits.request_abort(working_lab.db, 1, "not this one")
        transit(working_lab.db, 1, working_lab.now)
    working_lab.deploy(workunits=1, replicates_each=5_000)
    working_lab.db.execute("UPDATE workunit SET checks_task_id = 1 WHERE id = 2")  # a check is not cut
    working_lab.deploy(workunits=1)
    assert working_lab.ask(1).orders == ()
    assert workunits.workunit(working_lab.db, 2).state is WorkunitState.CANCELLED
    assert "a command line takes" in workunits.workunit(working_lab.db, 2).reason
    assert working_lab.order(1).task == 3
    assert working_lab.broken() == {}
