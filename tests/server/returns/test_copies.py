"""Of several copies of a task nothing counts before enough volunteers agree, and who differs is found out."""

import pytest
from draws import secret_for

from axiom.domain.work import Agreement, TaskState, WorkunitState
from axiom.store.evidence import blocks
from axiom.store.hosts import hosts
from axiom.store.tasks import tasks, workunits

W, A, D = Agreement.WAITING, Agreement.AGREES, Agreement.DIFFERS
WRONG = {"early": (7.0, 7.0)}
SECRET = secret_for(1, 2, among=2)  # but copies need no check


@pytest.fixture
def lab(small_lab, prepared):
    """Workunit 1 wants two copies; hosts 1 to 4 are of four volunteers."""
    small_lab.publish(prepared())
    for name in ("Ada", "Bob", "Cleo", "Dora"):
        small_lab.host(name.lower(), volunteer=name)
    small_lab.deploy(copies=2)
    return small_lab


def computed(lab, host: int, **changes):
    """The next task of this host, computed, returned and judged."""
    order = lab.order(host)
    assert lab.report(order, lab.output(order, **changes)).state is TaskState.RETURNED
    lab.validate(SECRET)
    lab.later(minutes=1)
    assert lab.broken() == {}
    return workunits.task(lab.db, order.task)


def said(lab) -> list[str]:
    return [row["agreement"] for row in lab.db.select("SELECT agreement FROM task ORDER BY id")]


def stored(lab) -> tuple[int, int]:
    """How many results and how many duplicates there are."""
    row = lab.db.one("SELECT (SELECT count(*) FROM result) AS first, (SELECT count(*) FROM duplicate) AS again")
    return row["first"], row["again"]


def stands(lab, number: int = 1) -> WorkunitState:
    return workunits.workunit(lab.db, number).state


def test_two_volunteers_who_agree_make_a_result(lab):
    first = computed(lab, 1)
    assert (first.state, stands(lab), said(lab)) == (TaskState.VALID, WorkunitState.OPEN, [W, ""])
    assert (stored(lab), blocks.ordered(lab.db, 1)) == ((0, 0), {0: False})
    assert (tasks.waiting_checks(lab.db), tasks.waiting_replicates(lab.db)) == ({1: 1}, {}), "it is no supply of work"
    assert lab.ask(1).orders == ()
    computed(lab, 2)
    assert (stands(lab), said(lab), stored(lab)) == (WorkunitState.DONE, [A, A], (2, 2))
    assert {row["task_id"] for row in lab.db.select("SELECT task_id FROM result")} == {first.id}
    assert len(workunits.workunits(lab.db)) == 1  # no check


def test_where_two_differ_a_third_decides_and_the_first_value_may_lose(lab):
    computed(lab, 1, **WRONG)
    computed(lab, 2)
    assert (stands(lab), said(lab), stored(lab)) == (WorkunitState.OPEN, [D, D, ""], (0, 0))
    assert [hosts.host(lab.db, host).standing.valid_in_row for host in (1, 2)] == [0, 0]
    third = computed(lab, 3)
    assert (stands(lab), said(lab)) == (WorkunitState.DONE, [D, A, A])
    assert {row["task_id"] for row in lab.db.select("SELECT task_id FROM result")} == {third.id - 1}
    assert stored(lab) == (2, 4)
    assert [host.id for host in hosts.outvoted(lab.db)] == [1]


def test_a_late_copy_that_differs_changes_no_result_and_is_outvoted_once(lab):
    late = lab.order(1)
    lab.later(hours=49)
    with lab.db.transaction():
        for host in (1, 2, 3, 4):
            hosts.seen(lab.db, host, lab.now)
    lab.sweep()
    computed(lab, 2)
    computed(lab, 3)
    assert (stands(lab), stored(lab)) == (WorkunitState.DONE, (2, 2))
    assert lab.report(late, lab.output(late, **WRONG)).state is TaskState.RETURNED
    lab.validate(SECRET)
    assert (said(lab), stored(lab)) == ([D, A, A], (2, 4))
    assert [(host.id, host.standing.outvoted) for host in hosts.outvoted(lab.db)] == [(1, 1)]
    assert lab.broken() == {}


def test_where_nobody_agrees_with_anybody_it_is_given_up_and_nothing_counts(lab):
    for host in (1, 2, 3, 4):
        computed(lab, host, early=(float(host), 1.0))
    assert (stands(lab), said(lab)) == (WorkunitState.FAILED, [D, D, D, D])
    assert (stored(lab), blocks.ordered(lab.db, 1)) == ((0, 0), {0: True})
    assert hosts.outvoted(lab.db) == []


def test_a_file_may_ask_for_copies_and_a_person_for_others(small_lab, prepared):
    small_lab.publish(prepared(copies=3))
    for copies, wanted in ((None, 3), (1, 1), (2, 2)):
        (made,) = small_lab.deploy(copies=copies)
        assert workunits.workunit(small_lab.db, made).quorum == wanted
