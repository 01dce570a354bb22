"""Handing out work: what is lost comes again, what is meant for one goes to one, nobody repeats their own."""

from dataclasses import replace
from datetime import timedelta

import pytest

from axiom.decisions.tasks.assignment import day_of
from axiom.domain.fleet import Capacity, Platform, Standing
from axiom.domain.work import Exit, TaskState, read_task_name
from axiom.lab.experiments.withdraw import withdraw
from axiom.server.dispatch.cache import DispatchCache
from axiom.server.dispatch.dispatch import hand_out
from axiom.server.dispatch.types import WorkRequest
from axiom.signed.tickets import check, read_ticket
from axiom.store.engine import counters
from axiom.store.experiments import experiments
from axiom.store.hosts import hosts
from axiom.store.tasks import tasks as task_store
from axiom.store.tasks import waiting, workunits


def host_of(lab, volunteer: str, name: str = "first", **capacity) -> int:
    with lab.db.transaction():
        return hosts.meet(
            lab.db,
            volunteer_id=lab.volunteer(volunteer),
            name=name,
            platform=Platform(system="linux", processor="x86_64", instructions="avx2"),
            capacity=Capacity(**({"cores": 4, "memory_mb": 8_000} | capacity)),
            now=lab.now,
        )


def hand(lab, host: int, tasks: int = 1, *, holding=None, dispatch=None, **asked):
    """What a host gets that asks for so many tasks; it lost nothing unless `holding` says so."""
    kept = frozenset(task.id for task in workunits.held(lab.db, host)) if holding is None else frozenset(holding)
    wish = {"seconds": 0.0, "instances": tasks, "most": 64, "holding": kept} | asked
    with lab.db.transaction():
        known = hosts.host(lab.db, host)
        return hand_out(lab.db, dispatch or lab.dispatch, lab.known, known, WorkRequest(**wish), lab.now)


def prove(lab, host: int) -> None:
    """A host has had a valid task, and may have as many as any."""
    with lab.db.transaction():
        hosts.set_standing(lab.db, host, Standing(valid_in_row=1))


def tasks_of(handed) -> list[int]:
    return [task.task for task in handed.given]


def fail(lab, given, host: int) -> None:
    """A host gives a task back, and its workunit gets another one."""
    assert lab.report(given.order, None, exit_status=Exit.CELL_FAILED, host=host).state is TaskState.FAILED


def test_what_is_given_is_told_with_all_that_a_host_must_know(working_lab, prepared):
    working_lab.deploy(workunits=1, replicates_each=3)
    small, large = hand(working_lab, 1, 2).given
    assert (small.seconds, large.seconds) == (2.0, 6.0)
    assert (small.memory_mb, small.disk_mb, small.gpu) == (100, 100, "")
    assert small.deadline == working_lab.now + timedelta(hours=48)
    assert read_task_name(small.name) == (small.workunit, small.task) == (1, 1)
    assert small.bundle == prepared().digest
    assert small.seal == working_lab.db.one("SELECT seal FROM bundle")["seal"]
    ticket = read_ticket(large.order.ticket, trust=working_lab.keys.trust, now=working_lab.now)
    check(large.order, ticket, host=1)
    assert ticket.replicates == (1, 2, 3)
    assert workunits.task(working_lab.db, large.task).ticket == large.order.ticket


def test_the_size_of_the_tasks_decides_how_many_fill_the_time(working_lab):
    working_lab.deploy(workunits=40, replicates_each=4)
    assert tasks_of(hand(working_lab, working_lab.host("second"), 0, seconds=1.0)) == [1]
    handed = hand(working_lab, 1, 0, seconds=20.0)  # each takes 8 seconds
    assert [task.seconds for task in handed.given] == [8.0] * 3


def test_no_more_is_given_than_a_host_may_have(working_lab):
    working_lab.deploy(workunits=99)
    prove(working_lab, 1)
    handed = hand(working_lab, 1, 99, most=99, dispatch=replace(working_lab.dispatch, tasks_per_core=3))
    assert (len(handed.given), handed.reason) == (6, "your computer has 6 tasks of the 6 that it may have")
    assert counters.read(working_lab.db)["task", 1, "sent"] == 6


def test_lost_tasks_come_again_within_what_was_asked_for(working_lab):
    working_lab.deploy(workunits=5)
    prove(working_lab, 1)
    first = hand(working_lab, 1, 4).given
    handed = hand(working_lab, 1, 3, holding=[first[0].task])
    assert (handed.lost, handed.given, handed.reason) == (first[1:], (), "3 lost tasks sent again")
    handed = hand(working_lab, 1, 2, holding=[one.task for one in first[:3]])
    assert (handed.lost, tasks_of(handed)) == (first[3:], [5])
    handed = hand(working_lab, 1, 1, holding=[], most=2)
    assert handed.lost == first[:2]
    assert hand(working_lab, 1, 0, holding=[], most=0).lost == ()


def test_a_lost_task_whose_workunit_is_closed_is_taken_back(working_lab):
    working_lab.deploy(workunits=2)
    given = hand(working_lab, 1, 3).given
    with working_lab.db.transaction():
        withdraw(working_lab.db, 1, "not wanted", working_lab.now)
    handed = hand(working_lab, 1, 2, holding=[given[0].task])
    assert (handed.lost, handed.given) == ((), ())
    assert [workunits.task(working_lab.db, number).state for number in (1, 2, 3)] == ["sent", "aborted", "aborted"]
    assert working_lab.broken() == {}


def test_a_lost_task_keeps_the_bundle_under_which_it_was_sent(working_lab, prepared):
    (given,) = hand(working_lab, 1).given
    working_lab.publish(prepared(top="REPAIRED = True"))
    (again,) = hand(working_lab, 1, holding=[]).lost
    assert again == given
    working_lab.deploy()
    (fresh,) = hand(working_lab, 1).given
    assert (fresh.bundle, given.bundle) == (prepared(top="REPAIRED = True").digest, prepared().digest)
    assert fresh.seal != given.seal


def test_targeted_work_reaches_its_host_first_and_once(working_lab):
    working_lab.deploy(workunits=4)
    second = working_lab.host("second")
    with working_lab.db.transaction():
        working_lab.db.execute("UPDATE task SET target_host_id = :host WHERE id IN (3, 5)", host=second)
    assert tasks_of(hand(working_lab, 1, 2)) == [1, 2]
    assert tasks_of(hand(working_lab, second, 1)) == [3]
    assert tasks_of(hand(working_lab, second, 2)) == [5, 4]
    working_lab.deploy()
    with working_lab.db.transaction():
        working_lab.db.execute("UPDATE task SET target_host_id = :host WHERE id = 6", host=second)
    refused = hand(working_lab, working_lab.host("third"))
    assert (refused.given, refused.reason) == ((), "all waiting work is meant for other computers")
    assert working_lab.broken() == {}


def test_nobody_gets_again_what_failed_with_them_while_there_is_somebody_else(working_lab):
    bea, again = host_of(working_lab, "Bea"), host_of(working_lab, "Bea", "second")
    (given,) = hand(working_lab, bea).given
    fail(working_lab, given, bea)
    for host in (bea, again):
        refused = hand(working_lab, host)
        assert (refused.given, refused.reason) == ((), "all waiting work is meant for other computers")
    assert tasks_of(hand(working_lab, 1)) == [2]


def test_whoever_is_alone_may_try_again_and_others_count_for_a_week_if_they_compute(working_lab):
    (given,) = hand(working_lab, 1).given
    fail(working_lab, given, 1)
    (again,) = hand(working_lab, 1).given
    fail(working_lab, again, 1)
    host_of(working_lab, "Bea")
    host_of(working_lab, "Cleo", cores=0)
    assert hand(working_lab, 1).given == ()
    working_lab.later(days=6, hours=23)
    assert hand(working_lab, 1).given == ()
    working_lab.later(hours=2)
    assert tasks_of(hand(working_lab, 1)) == [3]


@pytest.mark.parametrize(
    ("ourselves", "others", "gets"), [(1, False, [2]), (1, True, []), (0, False, []), (0, True, [])]
)
def test_a_check_goes_to_another_volunteer_or_to_ourselves_where_we_are_alone(working_lab, ourselves, others, gets):
    working_lab.deploy()
    dispatch = replace(working_lab.dispatch, ourselves=ourselves)
    hand(working_lab, 1, dispatch=dispatch)
    with working_lab.db.transaction():
        working_lab.db.execute("UPDATE workunit SET checks_task_id = 1 WHERE id = 2")
    if others:
        bea = host_of(working_lab, "Bea")
    assert tasks_of(hand(working_lab, 1, dispatch=dispatch)) == gets
    if others:
        assert tasks_of(hand(working_lab, bea, dispatch=dispatch)) == [2]


def test_two_copies_of_a_workunit_go_to_two_volunteers(working_lab):
    with working_lab.db.transaction():
        working_lab.db.execute("UPDATE workunit SET quorum = 2 WHERE id = 1")
        task_store.create(working_lab.db, [(workunits.workunit(working_lab.db, 1), 1)], working_lab.now)
    bea, cleo = host_of(working_lab, "Bea"), host_of(working_lab, "Cleo")
    assert tasks_of(hand(working_lab, bea, 2)) == [1]
    assert hand(working_lab, bea, 2).given == ()
    assert tasks_of(hand(working_lab, cleo, 2)) == [2]


def test_what_a_volunteer_may_not_have_hides_nothing_that_waits_behind_it(working_lab):
    bea = host_of(working_lab, "Bea", cores=99, memory_mb=10**6)
    working_lab.deploy(workunits=400)
    hand(working_lab, bea)
    with working_lab.db.transaction():
        working_lab.db.execute("UPDATE workunit SET checks_task_id = 1 WHERE id BETWEEN 2 AND 390")
    behind: list[int] = []
    for _ in range(4):  # what is passed by is remembered, so that each question gets further
        behind += tasks_of(hand(working_lab, bea, 11))
    assert behind == list(range(391, 402))
    assert tasks_of(hand(working_lab, 1, 2)) == [2, 3]
    working_lab.later(hours=2)  # then it is looked at again from the beginning
    assert hand(working_lab, bea).given == ()


def test_a_host_s_day_is_counted_and_its_quota_kept(working_lab):
    working_lab.deploy(workunits=9)
    with working_lab.db.transaction():
        hosts.set_standing(working_lab.db, 1, Standing(quota=2, valid_in_row=1))
    assert len(hand(working_lab, 1, 3).given) == 3
    handed = hand(working_lab, 1, 3)
    assert len(handed.given) == 1
    assert handed.reason.startswith("the daily quota of 4 tasks is used up")
    standing = hosts.host(working_lab.db, 1).standing
    assert (standing.quota, standing.quota_day, standing.sent_that_day) == (2, day_of(working_lab.now), 4)
    working_lab.later(days=1)
    assert len(hand(working_lab, 1, 3).given) == 3
    assert hosts.host(working_lab.db, 1).standing.sent_that_day == 3


def test_why_a_host_got_nothing_is_kept_until_it_gets_something(working_lab):
    tiny = working_lab.host("tiny", memory_mb=50)
    reason = hand(working_lab, tiny).reason
    assert "tiny_sum needs 100 MB of memory a task, and 50 MB" in reason
    hand(working_lab, tiny, 0)  # a contact that asks for nothing says nothing about it
    assert hosts.host(working_lab.db, tiny).why_no_work == reason
    working_lab.host("tiny", memory_mb=500)
    assert tasks_of(hand(working_lab, tiny)) == [1]
    assert hosts.host(working_lab.db, tiny).why_no_work == ""


def test_what_is_known_follows_what_is_published_and_retired(working_lab, prepared):
    known = DispatchCache()
    known.look(working_lab.db)
    before = known.experiments
    known.look(working_lab.db)
    assert known.experiments is before
    assert (before[1].name, before[1].status, before[1].is_ready) == ("tiny_sum", "open", True)
    working_lab.publish(prepared(top="REPAIRED = True"))
    known.look(working_lab.db)
    assert known.experiments[1].bundle.digest == prepared(top="REPAIRED = True").digest
    with working_lab.db.transaction():
        experiments.renew_seal(working_lab.db, 2, "newer", working_lab.now)
    known.look(working_lab.db)
    assert known.experiments[1].bundle.seal == "newer"


def test_what_was_undone_is_not_known_nor_taken_for_what_was_done_in_its_place(working_lab, prepared):
    working_lab.publish(prepared(version=2))
    for number in (1, 2):
        with working_lab.db.transaction():
            experiments.reopen(working_lab.db, number)
    known = working_lab.known

    def retire(number: int, *, fails: bool) -> None:
        with working_lab.db.transaction():
            withdraw(working_lab.db, number, "retired", working_lab.now)
            known.look(working_lab.db)
            assert not known.experiments[number].is_ready
            if fails:
                raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        retire(1, fails=True)
    retire(2, fails=False)
    assert [known.experiments[number].is_ready for number in (1, 2)] == [True, False]


def test_a_task_that_does_not_wait_any_more_is_given_to_nobody_else(working_lab):
    (given,) = hand(working_lab, 1).given
    claim = workunits.OrderedTask(
        task_id=given.task, experiment_id=1, bundle_digest=given.bundle, ticket="", deadline=given.deadline
    )
    with pytest.raises(LookupError, match="task 1 "):
        workunits.send(working_lab.db, [claim], host_id=1, now=working_lab.now)
    assert workunits.task(working_lab.db, 1).ticket == given.order.ticket


QUESTIONS = sorted(name for name, sql in vars(waiting).items() if isinstance(sql, str) and "SELECT" in sql)


@pytest.mark.parametrize("name", QUESTIONS)
def test_no_question_of_dispatch_reads_all_tasks(small_lab, name):
    names = ("host_id", "experiment_id", "after", "limit", "id", "workunit_id", "volunteer_id", "since")
    plan = small_lab.db.select(f"EXPLAIN QUERY PLAN {vars(waiting)[name]}", **dict.fromkeys(names, 1))
    read = {row["detail"].split()[1] for row in plan if row["detail"].startswith("SCAN")}
    assert read <= {"CONSTANT", "host"}
