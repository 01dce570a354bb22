"""Old tickets and outputs move into files; nothing that anybody reads changes, and a death in the middle loses none."""

import contextlib
import random
import subprocess
import sys

import pyarrow.parquet
import pytest
from old_lab import DAYS, make_old

from axiom.errors import StoreDamaged
from axiom.laboratory.backups.archive import is_archiving_due, read_task_output
from axiom.laboratory.backups.backup import make_backup
from axiom.laboratory.backups.journal_recovery import RecoveryOptions
from axiom.laboratory.backups.restore import restore_backup
from axiom.limits import backups as limits
from axiom.server.returns.transitioner import transit_many
from axiom.server.upkeep.janitor import clean
from axiom.signed.tickets import read_ticket
from axiom.store.connections import Connections
from axiom.store.engine import blobs
from axiom.store.engine.database import connect_writer
from axiom.store.engine.folder import Folder
from axiom.store.journal.journal_follower import JournalFollower
from axiom.store.tasks import tasks, workunits


@pytest.fixture
def old_lab(small_lab, prepared):
    return make_old(small_lab, prepared)


@contextlib.contextmanager
def reopened(old_lab):
    old_lab.lab.db = connect_writer(old_lab.folder.database)
    yield old_lab.lab
    old_lab.lab.db.close()


def moved(old_lab, *task_ids):
    with Connections(folder=old_lab.folder).reader() as db:
        by_id = {row["id"]: row["archive_id"] for row in db.select("SELECT id, archive_id FROM task")}
    return [by_id[task] is not None for task in task_ids]


def test_a_month_moves_into_one_file_and_nothing_else_changes(old_lab):
    tables = ("workunit", "result", "award", "finding", "counter", "observation", "evidence")

    def rows():
        with Connections(folder=old_lab.folder).reader() as db:
            return [db.select(f"SELECT * FROM {table}") for table in tables]  # noqa: S608  our own tables

    before = rows()
    assert old_lab.archived() == 2
    assert [(one.name, one.tasks) for one in old_lab.files()] == [("2026-03", 12), ("2026-04", 4)]
    assert rows() == before
    old_lab.demand_whole()
    with Connections(folder=old_lab.folder).reader() as db:
        states = db.select("SELECT state, archive_id IS NOT NULL AS moved, ticket IS NOT NULL AS has FROM task")
        assert not is_archiving_due(db, old_lab.now, DAYS)
    assert {(row["moved"], row["has"]) for row in states if row["state"] in {"valid", "failed"}} == {(1, 0), (0, 1)}
    assert {(row["moved"], row["has"]) for row in states if row["state"] == "expired"} == {(0, 1)}
    assert old_lab.archived() == 0
    file = blobs.blob_path(old_lab.folder, old_lab.files()[1].digest)  # it says by itself what was ordered and brought
    archived = pyarrow.parquet.read_table(file).to_pylist()
    assert [row["task"] for row in archived] == sorted(row["task"] for row in archived)
    assert {row["experiment"] for row in archived} == {"tiny_sum"}
    for row in archived:
        ticket = read_ticket(row["ticket"], trust=old_lab.lab.keys.trust, now=row["closed_at"])
        assert (ticket.task, ticket.host) == (row["task"], row["host"])
    assert [row["state"] for row in archived if row["output"] is None] == ["failed"]


def test_a_month_that_is_too_large_for_one_file_has_several(old_lab, monkeypatch):
    monkeypatch.setattr(limits, "ARCHIVE_PART_BYTES", 1)
    assert old_lab.archived() == 16
    assert [one.name for one in old_lab.files()[:3]] == ["2026-03", "2026-03-2", "2026-03-3"]
    old_lab.demand_whole()


def bring(lab, host, order=None, **changes):
    order = order or lab.order(host)
    lab.report(order, lab.output(order, **changes))
    lab.validate()
    return order.task


def bring_copy(lab, host, workunit_id):
    while tasks.find_task(lab.db, task_id := bring(lab, host)).workunit_id != workunit_id:
        continue
    return task_id


def test_a_copy_that_ends_after_the_files_moves_with_the_others(old_lab):
    with reopened(old_lab) as lab:
        lab.host("Grace", volunteer="Grace")
        (made,) = lab.deploy(copies=2)
        early = bring_copy(lab, 1, made)
        lab.deploy()
        alone = bring(lab, 1)
        lab.later(days=150)
    old_lab.archived()
    assert moved(old_lab, early, alone) == [False, True]
    with reopened(old_lab) as lab:
        late = bring_copy(lab, 2, made)
        lab.later(days=150)
    old_lab.remember()
    old_lab.archived()
    assert moved(old_lab, early, late) == [True, True]
    old_lab.demand_whole()


def test_a_workunit_whose_copies_fill_several_files_loses_none(small_lab, prepared, monkeypatch):
    monkeypatch.setattr(limits, "ARCHIVE_PART_BYTES", 1)
    copies = []

    def copied(lab):
        lab.deploy(copies=2)
        copies.extend(bring(lab, lab.host(name, volunteer=name)) for name in ("Grace", "Mary"))

    old = make_old(small_lab, prepared, copied)
    old.archived()
    assert moved(old, *copies) == [True, True]
    old.demand_whole()


@pytest.mark.parametrize(
    ("early", "agreements"),
    [pytest.param((1.0, 0.5), "agrees", id="it agrees"), pytest.param((7.0, 7.0), "differs", id="it differs")],
)
def test_a_late_copy_is_compared_with_those_that_moved(small_lab, prepared, early, agreements):
    late, copies = [], []

    def copied(lab):
        first, second, third = (lab.host(name, volunteer=name) for name in ("Grace", "Mary", "Emmy"))
        lab.deploy(copies=2)
        late.append(lab.order(second))
        lab.later(hours=49)
        lab.sweep()
        copies.extend(bring(lab, host) for host in (first, third))

    old = make_old(small_lab, prepared, copied)
    old.archived()
    assert moved(old, *copies) == [True, True]
    with reopened(old) as lab:
        bring(lab, 2, late[0], early=early)
        rows = lab.db.select("SELECT id, state, agreement FROM task WHERE workunit_id = 1")
        assert {row["state"] for row in rows} == {"valid"}
        assert {row["id"]: row["agreement"] for row in rows} == {
            **dict.fromkeys(copies, "agrees"),
            late[0].task: agreements,
        }
    old.remember()
    old.demand_whole()


def test_a_late_copy_of_what_was_given_up_says_nothing_of_those_that_moved(small_lab, prepared):
    late, copies = [], []

    def copied(lab):
        first, second = (lab.host(name, volunteer=name) for name in ("Grace", "Mary"))
        (made,) = lab.deploy(copies=2)
        late.append(lab.order(second))
        copies.append(bring(lab, first))
        with lab.db.transaction():
            workunits.request_abort(lab.db, made, "a test")
            transit_many(lab.db, [made], lab.now)
        lab.later(hours=49)
        lab.sweep()

    old = make_old(small_lab, prepared, copied)
    old.archived()
    assert moved(old, *copies) == [True]
    with reopened(old) as lab:
        before = tasks.find_task(lab.db, copies[0]).agreement
        bring(lab, 2, late[0])
        assert tasks.find_task(lab.db, copies[0]).agreement == before
        assert tasks.find_task(lab.db, late[0].task).state == "valid"


def test_a_backup_holds_the_files_and_an_older_one_gets_them_from_the_journal(old_lab, tmp_path):
    old, new, copy = tmp_path / "old.tar", tmp_path / "new.tar", Folder(path=tmp_path / "copy")
    make_backup(old_lab.folder, old, with_keys=True, now=old_lab.now)
    restore_backup(old, copy, now=old_lab.now, options=RecoveryOptions(to_follow=True))
    assert [path.name for path in copy.keys.iterdir()] == ["trust.json"]
    old_lab.archived()
    make_backup(old_lab.folder, new, with_keys=True, now=old_lab.now)
    for backup in (old, new):
        again = Folder(path=tmp_path / f"from-{backup.stem}")
        restored = restore_backup(
            backup, again, now=old_lab.now, options=RecoveryOptions(journal=old_lab.folder.journal)
        )
        assert restored.recovered.complete
        assert old_lab.files(again) == old_lab.files()
        old_lab.demand_whole(again)
    db = connect_writer(copy.database)
    follower = JournalFollower(db, copy, old_lab.folder.journal)
    assert sum(follower.advance().groups for _ in range(3)) > 2
    db.close()
    assert old_lab.files(copy) == old_lab.files()
    old_lab.demand_whole(copy)
    old_lab.lab.later(days=100)
    db = connect_writer(old_lab.folder.database)
    clean(db, old_lab.folder, old_lab.now)
    clean(db, old_lab.folder, old_lab.now)
    db.close()
    old_lab.demand_whole()


def test_no_task_lets_go_where_the_file_is_not_what_was_written(old_lab):
    rounds = iter([False, True, True])  # the first file is written, and a stop comes before it is read back
    old_lab.archived(stop=lambda: next(rounds, True))
    (made,) = old_lab.files()
    file = blobs.blob_path(old_lab.folder, made.digest)
    whole = file.read_bytes()
    assert made.emptied_at is None
    file.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(StoreDamaged):
        old_lab.archived()
    file.write_bytes(whole)
    old_lab.demand_whole()
    old_lab.archived()
    assert all(archived.emptied_at for archived in old_lab.files())
    old_lab.demand_whole()
    raw = bytearray(whole)
    raw[len(raw) // 3] ^= 1
    file.write_bytes(raw)  # damaged, it is never shown as what a host brought
    with Connections(folder=old_lab.folder).reader() as db:
        assert blobs.list_blob_problems(db, old_lab.folder) != []
        for task, before in old_lab.before.items():
            with contextlib.suppress(StoreDamaged):
                assert read_task_output(db, old_lab.folder, task).output == before[1]


# For each line, after how many statements the next process dies: what they import is imported once for all.
KILLED = """
import os, signal, sys
from datetime import datetime
from pathlib import Path
from axiom.laboratory.backups import archive
from axiom.limits import backups as limits
from axiom.service.open_laboratory import writer_of
from axiom.settings import Settings
from axiom.store.engine.folder import Folder
limits.ARCHIVE_PART_BYTES, archive._AT_ONCE = 5_000, 1
folder, now = Folder(path=Path(sys.argv[1])), datetime.fromisoformat(sys.argv[2])
archive._package("pyarrow.parquet")

def dying(after):
    left = [after]
    def count(_):
        left[0] -= 1
        if left[0] < 0:
            os.kill(os.getpid(), signal.SIGKILL)
    return count

for line in sys.stdin:
    process = os.fork()
    if not process:
        writer = writer_of(folder, Settings(), lambda: now)
        writer.start()
        writer.run(lambda db: db._connection.set_trace_callback(dying(int(line))))
        archive.archive_old_outputs(writer, folder, lambda: now, 90)
        writer.stop()
        os._exit(0)
    _, ended = os.waitpid(process, 0)
    print("killed" if os.WIFSIGNALED(ended) else f"ended with {os.WEXITSTATUS(ended)}", flush=True)
"""


def test_a_process_that_is_killed_in_the_middle_loses_nothing(old_lab):
    dice, moved, ended = random.Random(), [], "killed"
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, old_lab.folder.path, old_lab.now.isoformat()],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as killer:
        while ended == "killed":  # each lives a little longer
            print(int(4 * 1.2 ** len(moved) * dice.uniform(0.8, 1.2)), file=killer.stdin, flush=True)
            ended = killer.stdout.readline().strip()
            old_lab.demand_whole()
            with Connections(folder=old_lab.folder).reader() as db:
                row = db.row("SELECT count(*) AS amount FROM task WHERE archive_id IS NOT NULL")
            moved.append(row["amount"])
    assert ended == "ended with 0"
    old_lab.archived()
    old_lab.demand_whole()
    assert len(set(moved)) >= 3, f"no kill came in the middle: {moved}"
    assert not any(one.emptied_at is None for one in old_lab.files())
