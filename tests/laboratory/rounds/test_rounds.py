"""A session does its steps in order and each once, wherever it is cut off, and walks no large table."""

import itertools
import re
import shutil
import sqlite3
from collections import Counter

import pytest

from axiom.domain.rounds import Step
from axiom.laboratory.experiments.retire import retire_version
from axiom.laboratory.policy import Policy
from axiom.laboratory.rounds.rounds import take_next_step, why_round_due
from axiom.store.engine.database import Database
from axiom.store.rounds import rounds as sessions

POLICY = Policy(per_core=3, task_seconds=8.0, max_failures=3)


_LAST = 5  # statements of a step, of which one commits


class Cut(BaseException):
    """Whatever stops us in the middle."""


class Cutting(sqlite3.Connection):
    """Stops us at one of its statements: by an exception, or for good, before or after SQLite has done it."""

    left: int | None = None
    how = "raises"
    spoken = 0

    def execute(self, sql, /, *values):
        return self._perhaps_cut(super().execute, sql, *values)

    def executemany(self, sql, values, /):
        return self._perhaps_cut(super().executemany, sql, values)

    def _perhaps_cut(self, do, *what):
        self.spoken += 1
        if self.left is None:
            return do(*what)
        self.left -= 1
        if self.left >= 0:
            return do(*what)
        if self.how == "raises":
            self.left = None  # whoever catches it may roll back
        elif self.left == -1 and self.how == "ends after it":
            do(*what)
        raise Cut


def opened(path) -> tuple[Cutting, Database]:
    connection = sqlite3.connect(path, isolation_level=None, factory=Cutting)
    db = Database(connection)
    db.select("PRAGMA foreign_keys = ON")
    db.select("PRAGMA synchronous = OFF")  # what a power cut does to the disk is tested elsewhere
    connection.spoken = 0
    return connection, db


@pytest.fixture
def copies(due_rounds, tmp_path):
    """Opens copies of one laboratory in which every step is due; all are closed at the end."""
    due_rounds.db.settle()
    due_rounds.db.close()
    numbers, left_open = itertools.count(), []

    def make(source=due_rounds.lab.folder.database):
        path = tmp_path / f"copy-{next(numbers)}.db"
        shutil.copy(source, path)
        connection, db = opened(path)
        left_open.append((path, connection))
        return path, connection, db

    yield make
    for path, connection in left_open:
        connection.close()
        path.unlink()


def one_step(db, now):
    with db.transaction(), db.savepoint():
        return take_next_step(db, POLICY, pi="autopilot", reason="a test", now=now)


def dump(db) -> dict[str, list]:
    return {table: db.select(f"SELECT * FROM {table}") for table in sorted(db.tables())}  # noqa: S608  our own tables


def steps_done(db) -> int:
    last = sessions.find_last_round(db)
    return len(last.done) if last else 0


def stages(copies, now) -> list[tuple]:
    """The laboratory before each step of an undisturbed session, how many statements it takes, and what is then."""
    path, connection, db = copies()
    steps = []
    for number in range(len(Step)):
        db.settle()
        stage = shutil.copy(path, path.with_name(f"stage-{number}.db"))
        before = connection.spoken
        one_step(db, now)
        steps.append((stage, connection.spoken - before, dump(db)))
    assert sessions.find_last_round(db).ended_at is not None
    return steps


# What each step tells where all have something to do, and where none has: a line for each or a few of them.
DUE = """
health.nothing queue.experiment queue.still
task.failed task.valid review.host review.before
inspect.looked failures.group
credit.awarded credit.failed credit.uncapped credit.tier credit.volunteer credit.host
host.silent task.stuck sweep.none
withdraw.nothing release.changed release.changed repair.nothing
evidence.weighed rank.finding design.needs design.nothing
try.passed try.passed try.none_waits
plan.order plan.order plan.skip plan.cores
deploy.ordered deploy.ordered deploy.new deploy.class
publish.counters
told.headline changed.finding told.unchanged
fresh.experiment fresh.design fresh.prediction fresh.cost fresh.tried
fresh.experiment fresh.design fresh.cost fresh.tried
script.new level.members significant.finding
log.summary review.numbers log.grades log.times direction.none log.next log.next log.next log.next session.closed
"""
NOTHING = """
health.nothing queue.nothing queue.still review.nothing review.before inspect.looked failures.nothing credit.nothing
hosts.nothing clean.nothing sweep.none withdraw.nothing repair.nothing evaluate.nothing rank.nothing
design.awaits design.nothing try.nothing try.none_waits plan.skip plan.cores deploy.nothing deploy.no_host
publish.counters round.ended
"""


def test_the_steps_come_in_order_and_each_leaves_its_notes(due_rounds):
    steps = due_rounds.hold()
    assert [stepped.step for stepped in steps] == list(Step)
    assert [stepped.ended for stepped in steps] == [False] * 16 + [True]
    assert due_rounds.kinds() == DUE.split()
    (session,) = sessions.list_rounds(due_rounds.db, 10)
    assert session.name == "2026-03-04-a"
    assert session.done == tuple(Step)
    assert session.ended_at == due_rounds.lab.now
    facts = {note.kind: note.facts for note in steps[-1].notes}
    closed, ordered = facts["session.closed"], facts["log.summary"]["ordered"]
    assert (closed["session"], closed["weighed"], closed["ordered"]) == (session.name, 1, ordered)
    assert due_rounds.broken() == {}
    tables = ("award", "entry", "evidence", "workunit", "task", "tariff")
    before = due_rounds.stored(*tables)
    due_rounds.lab.later(seconds=1)
    due_rounds.hold()  # repeats nothing of the first; what its cleaning closed is reviewed
    assert Counter(due_rounds.kinds()) - Counter(NOTHING.split()) == {
        **dict.fromkeys(["queue.experiment", "task.expired", "review.host", "failures.group", "design.needs"], 1),
        **dict.fromkeys(["plan.skip", "deploy.class"], 1),
    }
    assert due_rounds.stored(*tables) == before
    assert [session.name for session in sessions.list_rounds(due_rounds.db, 10)] == ["round-2", "2026-03-04-a"]


@pytest.mark.parametrize("how", ["raises", "ends before it", "ends after it"])
def test_a_session_that_is_cut_off_at_any_statement_goes_on_as_if_it_had_not_been(copies, due_rounds, how):
    """After the step in which it is cut off all is as it would have been, so what comes after it is, too.

    Each statement is cut in one of two ways. Whoever ends after it ends before the next, but for the one that commits.
    """
    now = due_rounds.lab.now
    steps = stages(copies, now)
    assert sum(statements for _, statements, _ in steps) > 150
    for place, (stage, statements, undisturbed) in enumerate(steps):
        first = {"raises": 1 - place % 2, "ends before it": place % 2, "ends after it": max(0, statements - _LAST)}[how]
        for number in range(first, statements, 1 if how == "ends after it" else 2):
            path, connection, db = copies(stage)
            connection.left, connection.how = number, how
            with pytest.raises(Cut):
                one_step(db, now)
            connection.left = None
            if how != "raises":
                connection.close()
                connection, db = opened(path)
            if steps_done(db) == place:
                one_step(db, now)
            else:
                assert how == "ends after it"
            assert steps_done(db) == place + 1
            assert dump(db) == undisturbed, f"cut off at statement {number} of step {place}"
            connection.close()


def test_a_session_that_finds_nothing_to_do_says_so_at_every_step(rounds):
    rounds.lab.later(hours=2)  # host 1 was not heard from for so long that it is not counted on
    rounds.hold()
    rounds.lab.later(seconds=1)
    rounds.hold()
    assert rounds.kinds() == NOTHING.split()


def test_each_closed_task_is_reviewed_once_even_if_closed_while_the_clock_stood(rounds):
    """A clock that was set back stands still until the time has come again, and work goes on meanwhile."""
    lab = rounds.lab
    lab.deploy(workunits=2)
    amounts = []
    for seconds in (0, 1):
        order = lab.order(1)
        lab.report(order, lab.output(order))
        lab.validate()
        lab.later(seconds=seconds)
        amounts += [note.facts.get("amount", 0) for note in rounds.up_to(Step.REVIEW).notes]
        rounds.hold()
    assert sum(amounts) == 2
    rounds.lab.deploy(workunits=20)
    reviewed: Counter[str] = Counter()
    for failures in (0, 2, 1):
        rounds.compute(3)
        rounds.compute(failures, by=lambda _order: None)
        for note in rounds.up_to(Step.REVIEW).notes:
            reviewed[note.kind] += int(str(note.facts.get("amount", 0)))
        rounds.compute(1)  # comes back while the session is open: it is the next one's
        rounds.hold()
    assert +reviewed == {"task.valid": 3 * 3 + 2, "task.failed": 3}


@pytest.mark.parametrize("is_withdrawn", [False, True])
def test_what_was_planned_is_ordered_unless_it_was_withdrawn(due_rounds, is_withdrawn):
    first = due_rounds.step()
    due_rounds.lab.later(minutes=1)
    second = due_rounds.step()
    assert (second.round.name, second.step) == (first.round.name, Step.QUEUE)  # the open one goes on
    assert len(sessions.list_rounds(due_rounds.db, 10)) == 1
    assert why_round_due(due_rounds.db, POLICY, due_rounds.lab.now)
    due_rounds.up_to(Step.PLAN)
    planned = sessions.read_round_plan(due_rounds.db, 1)["allotments"]
    due_rounds.lab.host("first", cores=16)  # another plan would be made by now
    if is_withdrawn:
        retire_version(due_rounds.db, 1, "a test", due_rounds.lab.now)
    ordered = [note.facts["workunits"] for note in due_rounds.step().notes if note.kind == "deploy.ordered"]
    assert ordered == ([] if is_withdrawn else [allotment["workunits"] for allotment in planned])


def test_a_session_is_held_when_there_is_a_reason_and_not_when_there_is_none(rounds):
    lab = rounds.lab
    rounds.in_stages()

    def is_due() -> bool:
        return why_round_due(rounds.db, POLICY, lab.now) != ""

    assert is_due()  # none was held yet
    rounds.hold()
    assert not is_due()
    rounds.compute(3)
    assert is_due()  # an experiment has moved on
    rounds.hold()
    assert not is_due()
    rounds.compute(3)  # the rest of block 0, in three workunits
    lab.later(minutes=1)
    assert why_round_due(rounds.db, POLICY, lab.now).startswith("1 closed block")
    rounds.hold()
    assert not is_due()


def test_idle_cores_alone_are_a_reason_only_now_and_then(rounds, variant):
    rounds.db.execute("UPDATE experiment SET retired_at = 0")
    rounds.lab.publish(variant("deploy_sum", asks=False))
    rounds.hold()
    rounds.lab.later(seconds=299)
    assert why_round_due(rounds.db, POLICY, rounds.lab.now) == ""
    rounds.lab.later(seconds=1)
    assert why_round_due(rounds.db, POLICY, rounds.lab.now).startswith("0 tasks in the queue for 2 cores")


def test_the_stuck_are_given_up_on_and_the_slow_are_waited_for(rounds):
    lab = rounds.lab
    lab.deploy(workunits=3)
    lab.host("slow", cores=1)
    lab.host("silent", cores=1)
    slow, silent = lab.order(2), lab.order(3)
    lab.later(hours=13)
    lab.ask(2, holding=(slow.task,), wanted=0)  # it lives
    host, note, *_ = rounds.up_to(Step.CLEAN).notes
    assert (note.kind, note.about) == ("task.stuck", f"/tasks/{silent.task}")
    assert (host.kind, host.facts["host"]) == ("host.silent", 3)
    states = {row["id"]: row["state"] for row in rounds.stored("task")["task"]}
    assert (states[slow.task], states[silent.task]) == ("sent", "expired")
    assert len(states) == 4  # another copy waits for another host
    assert rounds.broken() == {}


LARGE = ("task", "result", "award", "entry", "workunit", "replicate", "observation")
_NAMED = re.compile(rf"(?:FROM|JOIN|UPDATE)\s+({'|'.join(LARGE)})\b(?:\s+(?:AS\s+)?([a-z]))?\b")
_WALKED = re.compile(
    r"(?:SCAN (\w+)|SEARCH (\w+) USING INTEGER PRIMARY KEY \(rowid[<>]\?\))(?: USING (?:COVERING )?INDEX (\w+))?"
)
_FROM_THE_FIRST = re.compile(r"\bid > 0\b")  # what goes on from where the last session left off reads new rows alone
# Indexes of few rows: what is out, what waits, what checks another, what several compute.
FEW = re.compile(r"task_(sent|unsent|returned|unpaid|unthanked|said)\w*|workunit_(checking|open|copied)\w*")


def walks(connection, sql: str) -> list[str]:
    """The large tables that a statement reads from one end to the other."""
    aliases = {alias or table: table for table, alias in _NAMED.findall(sql)}
    plan = [
        row["detail"] if isinstance(row, dict) else row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}")
    ]
    found = [one for one in map(_WALKED.match, plan) if one and (one[1] or _FROM_THE_FIRST.search(sql))]
    return [
        f"{aliases[name]}: {' '.join(sql.split())[:200]}"
        for one in found
        if (name := one[1] or one[2]) in aliases and not (one[3] and FEW.fullmatch(one[3]))
    ]


def test_no_statement_of_a_session_walks_a_large_table(due_rounds):
    due_rounds.hold()
    due_rounds.compute(2)
    due_rounds.lab.later(seconds=60)
    connection, statements = due_rounds.db._connection, []
    connection.set_trace_callback(statements.append)
    due_rounds.hold()
    connection.set_trace_callback(None)
    asked = [sql for sql in set(statements) if re.match(r"\s*(SELECT|WITH|UPDATE|DELETE|INSERT)\b", sql)]
    assert len(asked) > 50
    assert [walk for sql in asked for walk in walks(connection, sql)] == []
    for sql, table in (  # which would be seen
        ("SELECT count(*) FROM result", "result"),
        ("SELECT id FROM task WHERE state = 'sent' AND id > 0 ORDER BY id LIMIT 5", "task"),
        ("DELETE FROM progress WHERE task_id IN (SELECT t.id FROM task t WHERE t.state <> 'sent')", "task"),
        ("SELECT sum(a.amount) FROM award a", "award"),
    ):
        assert [walk.split(":")[0] for walk in walks(connection, sql)] == [table]
