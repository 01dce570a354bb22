"""The parts of the scheduler's bench and of the volunteers' campaigns that judge: figures, copies, differences."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime

import millions
import pytest
import volunteers
from loadgen.benches import Figure
from loadgen.laboratory import Laboratory

from axiom.store.engine.database import connect_writer
from axiom.store.engine.folder import Folder
from axiom.store.migrate import migrate_database

NOW = datetime(2026, 3, 2, 14, 5, tzinfo=UTC)
ROWS = """
INSERT INTO volunteer (id, name, created_at) VALUES (1, 'Ada', 0);
INSERT INTO host (id, volunteer_id, name, system, processor, instructions, cores, memory_mb, created_at, seen_at)
    VALUES (1, 1, 'h', 'linux', 'x86_64', 'avx2', 8, 1000, 0, 0);
INSERT INTO experiment (id, name, version, manifest, created_at) VALUES (1, 'e', 1, '{}', 0);
INSERT INTO registration (id, experiment_id, cohort, body, previous_hash, hash, created_at)
    VALUES (1, 1, 'c', '{}', 'p', 'h', 0);
INSERT INTO tariff (id, name, version, per_core_second, valid_from) VALUES (1, 't', 1, 10, 0);
INSERT INTO replicate (experiment_id, number, registration_id, seed) VALUES (1, 0, 1, 5), (1, 1, 1, 6);
INSERT INTO workunit (id, experiment_id, registration_id, replicates, configs, state, quorum, max_failures, created_at)
    VALUES (1, 1, 1, '[0]', '[0]', 'done', 1, 3, 0), (2, 1, 1, '[1]', '[0]', 'open', 1, 3, 0);
INSERT INTO task (id, workunit_id, experiment_id, ordinal, state, host_id, created_at, is_paid)
    VALUES (1, 1, 1, 0, 'valid', 1, 0, 1), (2, 2, 1, 0, 'unsent', NULL, 0, 0);
INSERT INTO result (id, task_id, experiment_id, replicate, config, seed, outcome, early, cpu_seconds, created_at)
    VALUES (1, 1, 1, 0, 0, 5, 'ok', '[]', 1.0, 0);
INSERT INTO award (id, task_id, reason, tariff_id, host_id, volunteer_id, amount, because, created_at)
    VALUES (1, 1, 'computed', 1, 1, 1, 30, 'because', 0);
INSERT INTO entry (award_id, account, amount) VALUES (1, 'a', 30), (1, 'b', -30);
INSERT INTO balance (holder, holder_id, total, recent, recent_at)
    VALUES ('volunteer', 1, 30, 0, 0), ('host', 1, 30, 0, 0);
INSERT INTO counter (noun, experiment_id, state, amount) VALUES ('task', 1, 'valid', 1), ('task', 1, 'unsent', 1);
"""


@pytest.fixture
def lab(tmp_path) -> Laboratory:
    """A stored laboratory in which one task is over and paid, and one waits."""
    folder = Folder(path=tmp_path / "lab")
    folder.create()
    db = connect_writer(folder.database)
    migrate_database(db, folder, NOW)
    db.close()
    with closing(sqlite3.connect(folder.database)) as raw:
        raw.executescript(ROWS)
    return Laboratory(folder=folder.path, port=1)


def change(lab: Laboratory, sql: str) -> None:
    """Change something behind the program's back, also what the database refuses to change."""
    with closing(sqlite3.connect(lab.folder / "axiom.db")) as db, db:
        for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            db.execute(f"DROP TRIGGER {name}")
        db.execute(sql)


@pytest.mark.parametrize(
    ("rounds", "at_least", "met"),
    [([3, 1, 2], False, True), ([3, 1, 2.1], False, False), ([1, 9, 2], True, True), ([1, 9, 1.9], True, False)],
)
def test_a_figure_is_judged_by_its_median_round_and_without_a_limit_only_told(rounds, at_least, met):
    figure = Figure(name="cost", unit="ms", limit=2.0, at_least=at_least, rounds=rounds)
    assert figure.is_met is met
    assert str(figure).startswith("met " if met else "MISSED")
    figure = Figure(name="cost", unit="ms", limit=float("inf"), rounds=rounds)
    assert figure.is_met
    assert "met" not in str(figure)


def test_what_is_over_and_volunteers_are_multiplied_and_what_waits_is_not(lab):
    assert millions.multiply_hosts(lab.folder / "axiom.db", 50) == 50
    volunteers_of_hosts = "SELECT count(DISTINCT volunteer_id), count(DISTINCT v.name) FROM host h, volunteer v"
    assert lab.rows(volunteers_of_hosts) == [(50, 50)]
    assert lab.rows("SELECT count(*) FROM task") == [(2,)]
    assert millions.multiply(lab.folder / "axiom.db", 50) == 51
    assert lab.rows("SELECT state, count(*) FROM task GROUP BY state ORDER BY state") == [("unsent", 1), ("valid", 50)]
    assert lab.rows("SELECT count(*), sum(amount) FROM award") == [(50, 1_500)]
    assert lab.rows("SELECT count(DISTINCT replicate), count(DISTINCT task_id) FROM result") == [(50, 50)]
    assert lab.rows("SELECT amount FROM counter ORDER BY state") == [(1,), (50,)]
    assert volunteers.credit_differences(lab) == []
    assert lab.rows("PRAGMA foreign_key_check") == []


@pytest.mark.parametrize(
    ("fault", "difference"),
    [
        ("UPDATE balance SET total = 31 WHERE holder = 'host'", "credit of host 1: 31 and 30"),
        ("UPDATE entry SET amount = -29 WHERE amount < 0", "credit of entries 0: 0 and 1"),
        ("UPDATE entry SET amount = 29 WHERE amount > 0", "credit of award 1: 30 and 29"),
        ("UPDATE task SET state = 'valid' WHERE id = 2", "credit of task 2: 1 and 0"),
        ("UPDATE task SET state = 'invalid' WHERE id = 1", "credit of task 1: 0 and 1"),
        ("DELETE FROM balance WHERE holder = 'host'", "there are balances of ['volunteer'] alone"),
        ("UPDATE award SET amount = 60", "credit of volunteer 1: 30 and 60"),
    ],
)
def test_every_difference_of_credit_is_found(lab, fault, difference):
    assert volunteers.credit_differences(lab) == []
    change(lab, fault)
    assert difference in volunteers.credit_differences(lab)


def test_two_databases_are_compared_row_by_row(lab, tmp_path):
    other = tmp_path / "other.db"
    with closing(sqlite3.connect(lab.folder / "axiom.db")) as db:
        db.execute("VACUUM INTO ?", (str(other),))
    assert volunteers.differences(lab.folder / "axiom.db", other) == []
    change(lab, "UPDATE task SET reason = 'another' WHERE id = 1")
    change(lab, "DELETE FROM entry WHERE amount < 0")
    assert volunteers.differences(lab.folder / "axiom.db", other) == [
        "1 rows of entry are in the other database alone",
        "1 rows of task are in the main database alone",
        "1 rows of task are in the other database alone",
    ]
