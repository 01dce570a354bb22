"""Handing out work: what is lost comes again, what is meant for one goes to one, nobody repeats their own."""

from dataclasses import replace

import pytest

from axiom.domain.fleet import Standing
from axiom.domain.work import Exit, TaskState
from axiom.lab.experiments.withdraw import withdraw
from axiom.server.dispatch.cache import DispatchCache
from axiom.server.dispatch.dispatch import hand_out
from axiom.server.dispatch.types import WorkRequest
from axiom.store.experiments import experiments
from axiom.store.hosts import hosts
from axiom.store.tasks import waiting, workunits


def host_of(lab, volunteer: str, name: str = "first", **capacity) -> int:
    return lab.host(name, volunteer=volunteer, **({"cores": 4, "memory_mb": 8_000} | capacity))


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


def test_a_lost_task_keeps_the_bundle_under_which_it_was_sent(working_lab, prepared):
    (given,) = hand(working_lab, 1).given
    working_lab.publish(prepared(top="REPAIRED = True"))
    (again,) = hand(working_lab, 1, holding=[]).lost
    assert again == given
    working_lab.deploy()
    (fresh,) = hand(working_lab, 1).given
    assert (fresh.bundle, given.bundle) == (prepared(top="REPAIRED = True").digest, prepared().digest)
    assert fresh.seal != given.seal


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


QUESTIONS = sorted(name for name, sql in vars(waiting).items() if isinstance(sql, str) and "SELECT" in sql)


@pytest.mark.parametrize("name", QUESTIONS)
def test_no_question_of_dispatch_reads_all_tasks(small_lab, name):
    names = ("host_id", "experiment_id", "after", "limit", "id", "workunit_id", "volunteer_id", "since")
    plan = small_lab.db.select(f"EXPLAIN QUERY PLAN {vars(waiting)[name]}", **dict.fromkeys(names, 1))
    read = {row["detail"].split()[1] for row in plan if row["detail"].startswith("SCAN")}
    assert read <= {"CONSTANT", "host"}
