"""Some tasks are computed again at another volunteer; who differs is found out, and blocks do not wait for it.

Of several copies of a task nothing counts before enough volunteers agree. A host that invents tiles is checked by
another one, whatever was drawn by lot.
"""

import logging
from dataclasses import replace

import pytest
import stored_work
from draws import secret_for
from map_lab import map_lab

from axiom.domain.declaration import pack_pixels
from axiom.domain.work import Agreement, TaskState, WorkunitState
from axiom.laboratory.experiments.retire import retire_version
from axiom.laboratory.planning.plan import list_candidates
from axiom.server.returns.rechecks import give_up, secret_of
from axiom.signed.outputs import cell_line, footer_line, header_line
from axiom.store.engine import counters
from axiom.store.findings import blocks
from axiom.store.hosts import hosts, notices
from axiom.store.maps import tiles
from axiom.store.tasks import tasks, workunits

SECRET, NONE = secret_for(1, among=12), secret_for(among=16)


@pytest.fixture
def lab(working_lab):
    """Workunit 1 with task 1; host 1 is Ada's, 2 Bob's, 3 Cleo's and 4 Ada's again. Task 1 is to be checked."""
    for name, volunteer in (("bobs", "Bob"), ("cleos", "Cleo"), ("adas", "Ada")):
        working_lab.host(name, volunteer=volunteer)
    return working_lab


def computed(lab, host: int, secret=SECRET, **changes):
    order = lab.order(host)
    assert lab.report(order, lab.output(order, **changes)).state is TaskState.RETURNED
    lab.validate(secret)
    lab.later(minutes=1)
    return tasks.find_task(lab.db, order.task)


def agreements(lab) -> dict[int, str]:
    return {row["id"]: row["agreement"] for row in lab.db.select("SELECT id, agreement FROM task ORDER BY id")}


def test_a_drawn_task_is_repeated_by_another_volunteer_and_they_agree(lab):
    assert secret_of(lab.keys.ticket) == secret_of(lab.keys.ticket) != secret_of(lab.keys.bundle)
    first = computed(lab, 1)
    assert agreements(lab) == {1: Agreement.WAITING, 2: ""}
    check = workunits.find_workunit(lab.db, 2)
    assert (check.checks_task_id, check.replicates, check.configs) == (first.id, (0,), (0, 1))
    assert blocks.list_ordered_replicates(lab.db, 1) == {0: True}, "blocks and plans do not wait for a check"
    assert counters.read_counters(lab.db)["task", 1, TaskState.UNSENT] == 1
    assert [candidate.unsent for candidate in list_candidates(lab.db, lab.now)] == [0]
    assert workunits.count_waiting_checks(lab.db) == {1: 1}
    for same_volunteer in (1, 4):
        assert lab.ask(same_volunteer) == ()
    second = computed(lab, 2, secret_for(1, 2, 3, among=3))
    assert (second.id, second.state) == (2, TaskState.VALID)
    assert len(stored_work.workunits(lab.db)) == 2  # a check is not checked itself, and neither is a duplicate
    assert agreements(lab) == {1: Agreement.AGREES, 2: Agreement.AGREES}
    assert lab.db.row("SELECT count(*) AS n FROM result")["n"] == 2
    assert lab.db.row("SELECT count(*) AS n FROM duplicate")["n"] == 2
    assert [hosts.find_host(lab.db, host).standing.valid_in_row for host in (1, 2)] == [1, 1]
    assert lab.broken() == {}
    lab.db.execute("UPDATE task SET host_id = 4 WHERE id = 2")
    assert lab.broken() == {"I5": ["task 2 checks a task of the very volunteer who has it"]}


def test_after_a_week_of_nobody_else_the_laboratory_checks_itself_and_promises_hold(lab):
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
    retire_version(lab.db, 1, "retired", lab.now)
    lab.report(order, lab.output(order))
    lab.validate(SECRET)
    assert (agreements(lab), len(stored_work.workunits(lab.db))) == ({1: "", 2: ""}, 2)


def test_of_two_that_differ_a_third_decides_and_the_odd_one_is_told(lab):
    computed(lab, 1, early=(7.0, 7.0))
    computed(lab, 2)
    assert agreements(lab) == {1: Agreement.WAITING, 2: Agreement.DIFFERS, 3: ""}
    assert [hosts.find_host(lab.db, host).standing.valid_in_row for host in (1, 2)] == [0, 0]
    for had_it_before in (1, 2, 4):
        assert lab.ask(had_it_before) == ()
    computed(lab, 3)
    assert agreements(lab) == {1: Agreement.DIFFERS, 2: Agreement.AGREES, 3: Agreement.AGREES}
    assert [notice.kind for notice in notices.list_host_notices(lab.db, 1, lab.now)] == ["differs"]
    assert [notices.list_host_notices(lab.db, host, lab.now) for host in (2, 3)] == [[], []]
    assert [wanted.checks_task_id for wanted in stored_work.workunits(lab.db)] == [1, 1, None]
    assert lab.broken() == {}


@pytest.mark.parametrize("is_together", [False, True])
def test_a_late_opinion_and_one_more_that_confirm_it_outvote_the_odd_one_once(lab, is_together):
    """Host 1's task differs from its second check, the first has run out, a third is out."""
    lab.host("doras", volunteer="Dora")
    computed(lab, 1, early=(7.0, 7.0))
    late = lab.order(2)
    lab.later(hours=49)
    with lab.db.transaction():
        for host in (1, 2, 3, 5):
            hosts.touch_host(lab.db, host, lab.now)
    lab.sweep()
    computed(lab, 3)
    third = lab.order(5)
    for order in (late, third):
        assert lab.report(order, lab.output(order)).state is TaskState.RETURNED
        if not is_together or order is third:
            lab.validate(SECRET)
            assert hosts.find_host(lab.db, 1).standing.outvoted == 1
            assert {agreements(lab)[task] for task in (late.task, 3)} == {Agreement.AGREES}
    assert agreements(lab) == {1: Agreement.DIFFERS} | dict.fromkeys((2, 3, 4), Agreement.AGREES)
    assert [hosts.find_host(lab.db, host).standing.valid_in_row for host in (1, 2, 5)] == [0, 1, 1]
    assert lab.broken() == {}


def test_who_was_outvoted_twice_is_checked_each_time_not_believed_and_given_nothing(lab):
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
    assert hosts.find_host(lab.db, 1).standing.outvoted == 2
    assert lab.report(in_hand, lab.output(in_hand)).state is TaskState.RETURNED
    lab.validate(SECRET)
    refused = tasks.find_task(lab.db, in_hand.task)
    assert refused.state is TaskState.INVALID
    assert lab.ask(1) == ()
    assert hosts.find_host(lab.db, 1).why_no_work
    assert computed(lab, 2).workunit_id == refused.workunit_id
    assert tasks.find_task(lab.db, lie.id).state is TaskState.VALID  # what is closed stays
    assert lab.broken() == {}


def test_where_all_three_differ_nobody_is_told_and_nothing_more_is_ordered(lab):
    for host, early in ((1, 7.0), (2, 8.0), (3, 9.0)):
        computed(lab, host, early=(early,))
    assert set(agreements(lab).values()) == {Agreement.DIFFERS}
    assert (len(stored_work.workunits(lab.db)), lab.db.select("SELECT * FROM notice")) == (3, [])


def test_a_check_that_fails_again_and_again_is_given_up_and_the_task_stays_valid(lab):
    computed(lab, 1)
    for host in (2, 3, 2):
        with lab.db.transaction():  # in this laboratory two volunteers try it by turns
            lab.db.execute("UPDATE task SET host_id = NULL WHERE state = 'failed'")
        lab.report(lab.order(host), None, exit_status=11)
    assert workunits.find_workunit(lab.db, 2).state is WorkunitState.FAILED
    assert agreements(lab)[1] == ""
    assert tasks.find_task(lab.db, 1).state is TaskState.VALID


def test_a_check_that_nobody_takes_is_given_up_after_two_days(lab):
    computed(lab, 1)
    with lab.db.transaction():
        assert give_up(lab.db, lab.now) == 0
        lab.later(days=3)
        assert give_up(lab.db, lab.now) == 1
        assert give_up(lab.db, lab.now) == 0
    assert workunits.find_workunit(lab.db, 2).state is WorkunitState.CANCELLED
    assert (agreements(lab), lab.broken()) == ({1: "", 2: ""}, {})


W, A, D = Agreement.WAITING, Agreement.AGREES, Agreement.DIFFERS
WRONG = {"early": (7.0, 7.0)}


@pytest.fixture
def copied(small_lab, prepared):
    """Workunit 1 wants two copies; hosts 1 to 4 are of four volunteers."""
    small_lab.publish(prepared())
    for name in ("Ada", "Bob", "Cleo", "Dora"):
        small_lab.host(name.lower(), volunteer=name)
    small_lab.deploy(copies=2)
    return small_lab


def stored(lab) -> tuple[int, int]:
    row = lab.db.row("SELECT (SELECT count(*) FROM result) AS first, (SELECT count(*) FROM duplicate) AS again")
    return row["first"], row["again"]


def stands(lab, number: int = 1) -> WorkunitState:
    return workunits.find_workunit(lab.db, number).state


def test_two_volunteers_who_agree_make_a_result(copied):
    first = computed(copied, 1)
    assert first.state == TaskState.VALID
    assert stands(copied) == WorkunitState.OPEN
    assert list(agreements(copied).values()) == [W, ""]
    assert (stored(copied), blocks.list_ordered_replicates(copied.db, 1)) == ((0, 0), {0: False})
    assert workunits.count_waiting_checks(copied.db) == {1: 1}, "it is no supply of work"
    assert workunits.count_waiting_replicates(copied.db) == {}, "it is no supply of work"
    assert copied.ask(1) == ()
    computed(copied, 2)
    assert stands(copied) == WorkunitState.DONE
    assert list(agreements(copied).values()) == [A, A]
    assert stored(copied) == (2, 2)
    assert {row["task_id"] for row in copied.db.select("SELECT task_id FROM result")} == {first.id}
    assert len(stored_work.workunits(copied.db)) == 1  # no check


def test_where_two_differ_a_third_decides_and_the_first_value_may_lose(copied):
    computed(copied, 1, **WRONG)
    computed(copied, 2)
    assert stands(copied) == WorkunitState.OPEN
    assert list(agreements(copied).values()) == [D, D, ""]
    assert stored(copied) == (0, 0)
    assert [hosts.find_host(copied.db, host).standing.valid_in_row for host in (1, 2)] == [0, 0]
    third = computed(copied, 3)
    assert (stands(copied), list(agreements(copied).values())) == (WorkunitState.DONE, [D, A, A])
    assert {row["task_id"] for row in copied.db.select("SELECT task_id FROM result")} == {third.id - 1}
    assert stored(copied) == (2, 4)
    assert [host.id for host in hosts.list_outvoted_hosts(copied.db)] == [1]


def test_a_late_copy_that_differs_changes_no_result_and_is_outvoted_once(copied):
    late = copied.order(1)
    copied.later(hours=49)
    with copied.db.transaction():
        for host in (1, 2, 3, 4):
            hosts.touch_host(copied.db, host, copied.now)
    copied.sweep()
    computed(copied, 2)
    computed(copied, 3)
    assert (stands(copied), stored(copied)) == (WorkunitState.DONE, (2, 2))
    assert copied.report(late, copied.output(late, **WRONG)).state is TaskState.RETURNED
    copied.validate(SECRET)
    assert (list(agreements(copied).values()), stored(copied)) == ([D, A, A], (2, 4))
    assert [(host.id, host.standing.outvoted) for host in hosts.list_outvoted_hosts(copied.db)] == [(1, 1)]
    assert copied.broken() == {}


def test_where_nobody_agrees_with_anybody_it_is_given_up_and_nothing_counts(copied):
    for host in (1, 2, 3, 4):
        computed(copied, host, early=(float(host), 1.0))
    assert (stands(copied), list(agreements(copied).values())) == (WorkunitState.FAILED, [D, D, D, D])
    assert (stored(copied), blocks.list_ordered_replicates(copied.db, 1)) == ((0, 0), {0: True})
    assert hosts.list_outvoted_hosts(copied.db) == []


def test_a_file_may_ask_for_copies_and_a_person_for_others(small_lab, prepared):
    small_lab.publish(prepared(copies=3))
    for copies, wanted in ((None, 3), (1, 1), (2, 2)):
        (made,) = small_lab.deploy(copies=copies)
        assert workunits.find_workunit(small_lab.db, made).quorum == wanted


@pytest.fixture
def charted(small_lab):
    """A replicate of level 0 is back, level 1 is ordered; host 2 is Bob's, host 3 Cleo's."""
    made = map_lab(small_lab, replicates=1)
    for name, volunteer in (("bobs", "Bob"), ("cleos", "Cleo")):
        made.host(name, volunteer=volunteer, memory_mb=64_000)
    made.compute(1)
    made.chart(has_volunteers=True)
    return made


def brought(lab, host: int, make=lambda measures: measures):
    """The next task of a host; `make` changes the measures of each of its tiles."""
    order = lab.order(host)
    cells = [cell_line(replace(cell, measures=make(cell.measures))) for cell in lab.cells(order)]
    lab.report(order, header_line(lab.header(order)) + b"".join(cells) + footer_line(len(cells)))
    lab.validate(NONE)
    lab.later(minutes=1)
    return tasks.find_task(lab.db, order.task)


def made_up(measures: dict) -> dict:
    """A picture that looks like one: half of it inside, wherever the tile lies."""
    return measures | {"inside": pack_pixels(bytes([0, 2] * 32)), "border": 900, "share": 0.001}


def the_check(lab, host: int):
    while True:
        task = brought(lab, host)
        if workunits.find_workunit(lab.db, task.workunit_id).checks_task_id:
            return task


def test_a_made_up_tile_is_kept_and_computed_again_elsewhere_and_no_honest_one(charted, caplog):
    honest = brought(charted, 2)
    assert (honest.state, agreements(charted)[honest.id]) == (TaskState.VALID, "")
    with caplog.at_level(logging.INFO, "axiom.validator"):
        task = brought(charted, 2, made_up)
    assert (task.state, agreements(charted)[task.id]) == (TaskState.VALID, Agreement.WAITING)
    assert f"tile.doubtful task={task.id} host=2" in caplog.text
    assert charted.levels("drawn")[1] >= 1
    check = the_check(charted, 3)
    assert agreements(charted)[check.id] == Agreement.DIFFERS
    assert agreements(charted)[task.id] == Agreement.WAITING  # for a third opinion
    third = the_check(charted, 1)
    assert agreements(charted)[task.id] == Agreement.DIFFERS
    assert agreements(charted)[check.id] == agreements(charted)[third.id] == Agreement.AGREES
    assert ([host.id for host in hosts.list_outvoted_hosts(charted.db)], charted.broken()) == ([2], {})


def test_nobody_checks_what_its_own_volunteer_alone_could_compute(charted):
    charted.later(days=3)
    charted.ask(1)
    task = brought(charted, 1, made_up)
    assert (task.state, agreements(charted)[task.id]) == (TaskState.VALID, "")


def test_a_tile_of_level_0_has_no_parent_to_disagree_with(small_lab):
    charted = map_lab(small_lab, replicates=1)
    charted.host("bobs", volunteer="Bob", memory_mb=64_000)
    task = brought(charted, 1, made_up)
    assert (task.state, agreements(charted)[task.id]) == (TaskState.VALID, "")
    assert tiles.find_drawn_tile(charted.db, 1, 0, 0).pixels == bytes([0, 2] * 32)
