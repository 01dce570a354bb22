"""Failures are counted once, grouped, told by sessions, and stop a version that fails more often than anything may."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from axiom.decisions.upkeep.failures import grouped
from axiom.domain.endings import Cause
from axiom.domain.releases import Stage
from axiom.domain.sessions import Step
from axiom.domain.work import Outcome, Report, TaskState
from axiom.lab.experiments import releases
from axiom.lab.experiments.breaker import breaking, stop_broken
from axiom.lab.experiments.recall import reopen_version
from axiom.lab.experiments.withdraw import withdraw
from axiom.lab.steps.failures import count
from axiom.server.returns import reporting
from axiom.signed.outputs import CellError, cell_line, footer_line, header_line
from axiom.store.engine.database import moment
from axiom.store.experiments import experiments
from axiom.store.tasks import endings, workunits

LINE = "axiom/catalogue/tiny_sum.py:31"
SAID = f"2 of 2 cells raised, first replicate 0 at config 0: KeyError at {LINE}. <b>Buy this</b> at example.org"


def fail(lab, host: int, *, words: str = SAID, status: int = 10) -> int:
    """One more task of this host comes back without an output; which."""
    order = lab.order(host)
    report = Report(
        task_id=order.task,
        host_id=host,
        exit_status=status,
        output_digest=None,
        cpu_seconds=1.0,
        elapsed_seconds=1.0,
        message=words,
    )
    with lab.db.transaction():
        reporting.report(lab.db, lab.folder, report, None, lab.now)
    lab.later(seconds=1)
    return order.task


def counted(lab, seconds: int = 1) -> list:
    """The groups after everything closed until now was counted."""
    lab.later(seconds=seconds)
    with lab.db.transaction():
        count(lab.db, lab.now)
    return list(grouped(endings.failed(lab.db), endings.worked(lab.db)))


@pytest.fixture
def fleet_of_three(rounds):
    """Three hosts, two of them somebody else's, and work for all."""
    rounds.lab.host("second", volunteer="Ben")
    rounds.lab.host("third", volunteer="Cleo", instructions="avx512")
    rounds.lab.deploy(workunits=30, max_failures=50)
    return rounds


def test_a_failure_is_a_cause_a_line_and_a_kind_of_host_and_none_of_the_hosts_words(fleet_of_three):
    lab = fleet_of_three.lab
    tasks = [fail(lab, 1), fail(lab, 2), fail(lab, 2)]
    (group,) = counted(lab)
    assert (group.cause, group.platform) == (Cause.CELL_FAILED, "linux-x86_64-avx2")
    assert group.raised == "KeyError at axiom/catalogue/tiny_sum.py, line 31"
    assert (group.by_host, group.tasks, group.last_task) == (((1, 1), (2, 2)), 3, tasks[-1])
    assert (group.last_at - group.first_at).total_seconds() == 2
    assert (group.works_on, group.works_here) == ((), 0)
    fleet_of_three.compute(2, host=3)
    fail(lab, 3, words="KeyError at axiom/catalogue/another.py:3 KeyError at axiom/kit/buy_this.py:3")
    fail(lab, 1, status=203)  # what somebody gave up raised nothing, whatever is said with it
    groups = {(group.cause, group.platform): group for group in counted(lab)}
    unknown = groups[Cause.CELL_FAILED, "linux-x86_64-avx512"]  # a line of a file that the bundle does not have
    assert (unknown.raised, unknown.works_on, unknown.works_here) == ("", (3,), 1)
    assert groups[Cause.ABORTED_BY_VOLUNTEER, "linux-x86_64-avx2"].raised == ""
    stored = str(lab.db.select("SELECT * FROM ending"))
    assert not any(word in stored for word in ("Buy", "buy", "example"))


def test_what_is_silent_invalid_or_given_up_is_told_apart_and_what_was_taken_back_is_no_failure(fleet_of_three):
    lab = fleet_of_three.lab
    fleet_of_three.compute(host=1, by=lambda _order: b"nonsense")
    fail(lab, 1, words="", status=203)
    fail(lab, 1, words="", status=202)
    lab.order(2)
    lab.later(hours=49)
    lab.sweep()
    assert Counter(group.cause for group in counted(lab)) == {
        Cause.NOT_AS_ORDERED: 1,
        Cause.ABORTED_BY_VOLUNTEER: 1,
        Cause.SILENT: 1,
    }


def test_a_success_that_its_own_output_contradicts_is_a_failure_at_a_line(fleet_of_three):
    """Once 132 tracebacks inside of successes were counted as successes."""
    lab = fleet_of_three.lab
    error = CellError(kind="KeyError", where=LINE)

    def contradicts(order) -> bytes:
        cells = [replace(c, outcome=Outcome.FAILED, measures=None, early=(), error=error) for c in lab.cells(order)]
        return header_line(lab.header(order)) + b"".join(map(cell_line, cells)) + footer_line(len(cells))

    fleet_of_three.compute(by=contradicts)
    (group,) = counted(lab)
    assert (group.cause, group.raised) == (Cause.CELL_FAILED, "KeyError at axiom/catalogue/tiny_sum.py, line 31")


def test_each_closed_task_is_counted_once_however_often_one_looks(fleet_of_three):
    lab, seen = fleet_of_three.lab, 0
    for amount in (1, 0, 3):
        for _ in range(amount):
            fail(lab, 1)
        fleet_of_three.compute(amount, host=2)
        counted(lab, seconds=0)
        seen += amount
    bad, order = lab.order(1), lab.order(2)
    lab.report(bad, None, exit_status=10)
    lab.report(order, lab.output(order))
    lab.validate()
    counted(lab, seconds=0)  # more may close at this very moment, so it is counted when it is over
    counted(lab)
    counted(lab)
    rows = lab.db.select("SELECT cause, sum(amount) AS amount FROM ending GROUP BY cause")
    assert {row["cause"]: row["amount"] for row in rows} == {"cell-failed": seen + 1, "success": seen + 1}


def test_a_clock_that_was_set_back_counts_nothing_twice_and_nothing_is_written_for_nothing(fleet_of_three):
    lab = fleet_of_three.lab
    fail(lab, 1)
    counted(lab)
    before = endings.counted_to(lab.db)
    with lab.db.transaction():
        assert count(lab.db, lab.now - timedelta(days=3650)) == 0
    counted(lab, seconds=3_000)
    assert endings.counted_to(lab.db) == before
    counted(lab, seconds=3_000)
    assert endings.counted_to(lab.db) > before


def test_more_failures_than_are_read_at_once_are_all_counted(fleet_of_three, monkeypatch):
    monkeypatch.setattr(endings, "_AT_ONCE", 2)
    lab = fleet_of_three.lab
    for host in (1, 2, 1, 1, 2):
        fail(lab, host)
    lab.db.execute("UPDATE task SET closed_at = (SELECT max(closed_at) FROM task) WHERE closed_at IS NOT NULL")
    (group,) = counted(lab)
    assert group.by_host == ((1, 3), (2, 2))


def test_a_session_tells_of_each_new_group_once_also_what_the_job_has_counted(fleet_of_three):
    lab = fleet_of_three.lab
    for is_counted in (False, True):
        fail(lab, 1, words=SAID.replace("31", f"3{is_counted:d}"))
        lab.later(seconds=1)
        if is_counted:
            counted(lab)
        fleet_of_three.hold()
        (told,) = fleet_of_three.said("failures.group")
        assert f"tiny_sum.py, line 3{is_counted:d}" in told
    lab.later(seconds=1)
    fleet_of_three.hold()
    assert "failures.nothing" in fleet_of_three.kinds()


def test_a_version_that_fails_everywhere_is_stopped_and_nothing_of_it_is_made_again(fleet_of_three):
    lab = fleet_of_three.lab
    out = lab.order(1).task
    for host in (1, 2, 3, 1):
        fail(lab, host)
    lab.later(seconds=1)
    fleet_of_three.hold()
    (told,) = fleet_of_three.said("experiment.stopped")
    assert told.endswith(": 30.")
    stored = experiments.by_id(lab.db, 1)
    assert (stored.status, stored.why) == ("retired", "4 of 4 tasks failed on 3 hosts, and more than 10% may not")
    states = Counter(row["state"] for row in lab.db.select("SELECT state FROM task"))
    assert states == {TaskState.FAILED: 4, TaskState.ABORTED: 29, TaskState.SENT: 1}
    assert not lab.ask(2).orders
    made = len(lab.db.select("SELECT id FROM task"))
    lab.later(hours=49)
    lab.sweep()
    assert workunits.task(lab.db, out).state is TaskState.EXPIRED
    assert len(lab.db.select("SELECT id FROM task")) == made
    assert fleet_of_three.broken() == {}
    fleet_of_three.hold()
    assert fleet_of_three.said("experiment.retired") == []  # which was told when it was stopped


def test_one_broken_host_or_what_volunteers_give_up_stops_no_version(fleet_of_three):
    fleet_of_three.compute(3, host=1)
    fleet_of_three.compute(3, host=2)
    for _ in range(8):
        fail(fleet_of_three.lab, 3)
    for status in (203, 15):  # given up, and no room
        for host in (1, 2, 3):
            fail(fleet_of_three.lab, host, words="", status=status)
    counted(fleet_of_three.lab)
    assert breaking(fleet_of_three.db) == []


def test_a_version_that_was_opened_again_begins_anew(fleet_of_three):
    lab = fleet_of_three.lab
    for host in (1, 2, 3):
        fail(lab, host)
    counted(lab)
    assert [one.version.name for one in breaking(lab.db)] == ["tiny_sum"]
    with lab.db.transaction():
        stop_broken(lab.db, moment(0), lab.now)
        reopen_version(lab.db, experiments.by_id(lab.db, 1), "mended", lab.now)
    assert breaking(lab.db) == []
    assert experiments.by_id(lab.db, 1).why == ""
    assert releases.stages(lab.db, lab.now)[1].let.stage is Stage.PILOT  # it is let out in stages again
    lab.deploy(workunits=5, max_failures=50)
    fail(lab, 1)
    assert releases.stages(lab.db, lab.now)[1].let.stage is Stage.PILOT
    fail(lab, 2)
    assert releases.stages(lab.db, lab.now)[1].let.stage is Stage.PAUSED


@pytest.mark.parametrize("after", [None, Step.HEALTH, Step.WITHDRAW, Step.PUBLISH])
def test_a_retirement_between_sessions_or_in_the_middle_of_one_is_told_once(fleet_of_three, after):
    told = []
    if after:
        fleet_of_three.up_to(after)
    else:
        fleet_of_three.hold()
    fleet_of_three.lab.later(seconds=1)
    with fleet_of_three.db.transaction():
        withdraw(fleet_of_three.db, 1, "nobody wants it", fleet_of_three.lab.now)
    for _ in range(3):
        fleet_of_three.lab.later(seconds=1)
        fleet_of_three.hold()
        told += fleet_of_three.said("experiment.retired")
    assert ["nobody wants it" in sentence for sentence in told] == [True]
