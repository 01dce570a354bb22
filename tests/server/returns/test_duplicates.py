"""Some tasks are computed again at another volunteer; who differs is found out, and blocks do not wait for it."""

import pytest
from draws import secret_for

from axiom.domain.work import Agreement, TaskState, WorkunitState
from axiom.lab.experiments.withdraw import withdraw
from axiom.lab.planning.plan import candidates
from axiom.server.returns.duplicates import give_up, secret_of
from axiom.store.engine import counters
from axiom.store.evidence import blocks
from axiom.store.hosts import hosts, notices
from axiom.store.tasks import tasks, workunits

SECRET = secret_for(1, among=12)


@pytest.fixture
def lab(working_lab):
    """Workunit 1 with task 1; host 1 is Ada's, 2 Bob's, 3 Cleo's and 4 Ada's again. Task 1 is to be checked."""
    for name, volunteer in (("bobs", "Bob"), ("cleos", "Cleo"), ("adas", "Ada")):
        working_lab.host(name, volunteer=volunteer)
    return working_lab


def computed(lab, host: int, secret=SECRET, **changes):
    """The next task of this host, computed, returned and judged."""
    order = lab.order(host)
    assert lab.report(order, lab.output(order, **changes)).state is TaskState.RETURNED
    lab.validate(secret)
    lab.later(minutes=1)
    return workunits.task(lab.db, order.task)


def agreements(lab) -> dict[int, str]:
    return {row["id"]: row["agreement"] for row in lab.db.select("SELECT id, agreement FROM task ORDER BY id")}


def test_a_drawn_task_is_repeated_by_another_volunteer_and_they_agree(lab):
    assert secret_of(lab.keys.ticket) == secret_of(lab.keys.ticket) != secret_of(lab.keys.bundle)
    first = computed(lab, 1)
    assert agreements(lab) == {1: Agreement.WAITING, 2: ""}
    check = workunits.workunit(lab.db, 2)
    assert (check.checks_task_id, check.replicates, check.configs) == (first.id, (0,), (0, 1))
    assert blocks.ordered(lab.db, 1) == {0: True}, "blocks and plans do not wait for a check"
    assert counters.read(lab.db)["task", 1, TaskState.UNSENT] == 1
    assert [candidate.unsent for candidate in candidates(lab.db, lab.now)] == [0]
    assert tasks.waiting_checks(lab.db) == {1: 1}
    for same_volunteer in (1, 4):
        assert lab.ask(same_volunteer).orders == ()
    second = computed(lab, 2, secret_for(1, 2, 3, among=3))
    assert (second.id, second.state) == (2, TaskState.VALID)
    assert len(workunits.workunits(lab.db)) == 2  # a check is not checked itself, and neither is a duplicate
    assert agreements(lab) == {1: Agreement.AGREES, 2: Agreement.AGREES}
    assert lab.db.one("SELECT count(*) AS n FROM result")["n"] == 2
    assert lab.db.one("SELECT count(*) AS n FROM duplicate")["n"] == 2
    assert [hosts.host(lab.db, host).standing.valid_in_row for host in (1, 2)] == [1, 1]
    assert lab.broken() == {}
    with lab.db.transaction():
        lab.db.execute("UPDATE task SET host_id = 4 WHERE id = 2")
    assert lab.broken() == {"I5": ["task 2 checks a task of the very volunteer who has it"]}


def test_where_nobody_else_was_heard_from_for_a_week_the_laboratory_checks_itself_and_breaks_no_promise(lab):
    """It was away itself, say, and nobody has given the check up yet."""
    computed(lab, 1)
    lab.later(days=8)
    assert computed(lab, 4).id == 2
    assert lab.broken() == {}
    lab.later(minutes=1)
    lab.ask(2)  # who comes later changes nothing of it
    assert lab.broken() == {}


def test_where_a_volunteer_computes_alone_nothing_is_checked(working_lab):
    working_lab.host("adas", volunteer="Ada")
    working_lab.host("bobs", volunteer="Bob")
    working_lab.later(days=2)
    computed(working_lab, 1)
    assert agreements(working_lab) == {1: ""}


def test_nothing_is_checked_that_is_meant_for_a_host_or_of_a_withdrawn_version(lab):
    lab.deploy()
    with lab.db.transaction():
        lab.db.execute("UPDATE workunit SET target_host_id = 1 WHERE id = 2")
        lab.db.execute("UPDATE task SET target_host_id = 1 WHERE id = 2")
    targeted = lab.order(1)
    assert (targeted.task, lab.report(targeted, lab.output(targeted)).state) == (2, TaskState.RETURNED)
    lab.validate(secret_for(1, 2, among=12))
    assert agreements(lab) == {1: "", 2: ""}
    order = lab.order(1)
    with lab.db.transaction():
        withdraw(lab.db, 1, "retired", lab.now)
    lab.report(order, lab.output(order))
    lab.validate(SECRET)
    assert agreements(lab) == {1: "", 2: ""}
    assert len(workunits.workunits(lab.db)) == 2


def test_of_two_that_differ_a_third_decides_and_the_odd_one_is_told(lab):
    computed(lab, 1, early=(7.0, 7.0))
    computed(lab, 2)
    assert agreements(lab) == {1: Agreement.WAITING, 2: Agreement.DIFFERS, 3: ""}
    assert [hosts.host(lab.db, host).standing.valid_in_row for host in (1, 2)] == [0, 0]
    for had_it_before in (1, 2, 4):
        assert lab.ask(had_it_before).orders == ()
    computed(lab, 3)
    assert agreements(lab) == {1: Agreement.DIFFERS, 2: Agreement.AGREES, 3: Agreement.AGREES}
    assert [notice.kind for notice in notices.shown(lab.db, 1, lab.now)] == ["differs"]
    assert [notices.shown(lab.db, host, lab.now) for host in (2, 3)] == [[], []]
    assert [wanted.checks_task_id for wanted in workunits.workunits(lab.db)] == [1, 1, None]
    assert lab.broken() == {}


def with_a_late_opinion(lab):
    """Host 1's task differs from its second check, the first has run out, a third is out: orders of first and third."""
    lab.host("doras", volunteer="Dora")
    computed(lab, 1, early=(7.0, 7.0))
    late = lab.order(2)
    lab.later(hours=49)
    with lab.db.transaction():
        for host in (1, 2, 3, 5):
            hosts.seen(lab.db, host, lab.now)
    lab.sweep()
    computed(lab, 3)
    return late, lab.order(5)


def test_a_late_opinion_and_one_more_that_confirm_it_outvote_the_odd_one_once(lab):
    late, third = with_a_late_opinion(lab)
    for order in (late, third):
        assert lab.report(order, lab.output(order)).state is TaskState.RETURNED
        lab.validate(SECRET)
        assert hosts.host(lab.db, 1).standing.outvoted == 1
        assert agreements(lab)[1] == Agreement.DIFFERS
        assert {agreements(lab)[task] for task in (late.task, 3)} == {Agreement.AGREES}
    assert agreements(lab)[third.task] == Agreement.AGREES
    assert [hosts.host(lab.db, host).standing.valid_in_row for host in (1, 2, 5)] == [0, 1, 1]
    assert lab.broken() == {}


def test_opinions_that_are_judged_together_outvote_the_odd_one_once(lab):
    for order in with_a_late_opinion(lab):
        lab.report(order, lab.output(order))
    lab.validate(SECRET)
    assert hosts.host(lab.db, 1).standing.outvoted == 1
    assert agreements(lab) == {1: Agreement.DIFFERS} | dict.fromkeys((2, 3, 4), Agreement.AGREES)


def test_who_was_outvoted_twice_is_checked_each_time_and_neither_believed_nor_given_anything(lab):
    computed(lab, 1, early=(7.0, 7.0))
    computed(lab, 2)
    computed(lab, 3)
    lab.deploy()
    lab.deploy()
    lie = computed(lab, 1, early=(7.0, 7.0))  # no task that the secret draws
    assert agreements(lab)[lie.id] == Agreement.WAITING
    in_hand = lab.order(1)  # sent before the second verdict, returned after it
    computed(lab, 2)
    computed(lab, 3)
    assert hosts.host(lab.db, 1).standing.outvoted == 2
    assert lab.report(in_hand, lab.output(in_hand)).state is TaskState.RETURNED
    lab.validate(SECRET)
    refused = workunits.task(lab.db, in_hand.task)
    assert refused.state is TaskState.INVALID
    assert lab.ask(1).orders == ()
    assert hosts.host(lab.db, 1).why_no_work
    assert computed(lab, 2).workunit_id == refused.workunit_id
    assert workunits.task(lab.db, lie.id).state is TaskState.VALID  # what is closed stays
    assert lab.broken() == {}


def test_where_all_three_differ_nobody_is_told_and_nothing_more_is_ordered(lab):
    for host, early in ((1, 7.0), (2, 8.0), (3, 9.0)):
        computed(lab, host, early=(early,))
    assert set(agreements(lab).values()) == {Agreement.DIFFERS}
    assert len(workunits.workunits(lab.db)) == 3
    assert lab.db.select("SELECT * FROM notice") == []


def test_a_check_that_fails_again_and_again_is_given_up_and_the_task_stays_valid(lab):
    computed(lab, 1)
    for host in (2, 3, 2):
        with lab.db.transaction():  # in this laboratory two volunteers try it by turns
            lab.db.execute("UPDATE task SET host_id = NULL WHERE state = 'failed'")
        lab.report(lab.order(host), None, exit_status=11)
    assert workunits.workunit(lab.db, 2).state is WorkunitState.FAILED
    assert agreements(lab)[1] == ""
    assert workunits.task(lab.db, 1).state is TaskState.VALID


def test_a_check_that_nobody_takes_is_given_up_after_two_days(lab):
    computed(lab, 1)
    with lab.db.transaction():
        assert give_up(lab.db, lab.now) == 0
        lab.later(days=3)
        assert give_up(lab.db, lab.now) == 1
        assert give_up(lab.db, lab.now) == 0
    assert workunits.workunit(lab.db, 2).state is WorkunitState.CANCELLED
    assert agreements(lab) == {1: "", 2: ""}
    assert lab.broken() == {}
