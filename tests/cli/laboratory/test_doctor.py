"""What the doctor and the status say of a laboratory: new, older, damaged, without a backup."""

import shutil
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from real_parts import missing

from axiom import __version__
from axiom.domain.fleet import Capacity, Platform
from axiom.laboratory.backups.daily_copies import make_daily_copy
from axiom.store.accounts import accounts
from axiom.store.engine.database import connect_writer
from axiom.store.engine.folder import SERVER, Folder, lock_folder
from axiom.store.hosts import hosts
from axiom.store.migrate import migrate_database
from axiom.store.upkeep import jobs, last_backup


def test_an_older_database_is_not_read_but_upgraded_after_a_copy(say, tmp_path, newer_program):
    folder = Folder(path=tmp_path / "lab")
    folder.create()
    db = connect_writer(folder.database)
    migrate_database(db, None, datetime(2026, 3, 2, tzinfo=UTC))
    db.close()
    newer_program()
    for command in (("task", "list"), ("data", "export")):
        status, _, err = say(*command)
        assert status == 5
        assert "axiom upgrade" in err
    examined = findings(say)
    assert "axiom upgrade" in examined["database"]["says"]
    assert {"sandbox", "clock", "jobs", "preflight"}.isdisjoint(examined)
    copy = folder.backups / "before-0098.db"
    would = {"version": __version__, "done": ["0098_more"], "copy": str(copy), "dry_run": True}
    assert say("upgrade", "--dry-run", "--json")[:2] == (0, {"upgrade": would})
    assert not copy.exists()
    assert say("task", "list")[0] == 5
    status, out, err = say("upgrade")
    assert status == 0
    assert out == "0098_more\n"
    assert str(copy) in err
    assert copy.exists()
    assert say("task", "list")[0] == 0
    assert say("upgrade", "--json")[1]["upgrade"]["done"] == []
    with lock_folder(folder, "somebody else"):
        assert say("upgrade")[0] == 5
    db = connect_writer(folder.database)
    db.execute("INSERT INTO migration VALUES (99, '0099_future', '', 0)")
    db.close()
    status, _, err = say("upgrade")
    assert status == 5
    assert "0099_future" in err


def findings(say) -> dict[str, dict]:
    _, answer, _ = say("doctor", "--json")
    return {row["name"]: row for row in answer["doctor"]["findings"]}


def test_the_doctor_misses_a_server_that_nobody_stopped(say, lab):
    def server() -> bool:
        return findings(say)["server"]["well"]

    lock_folder(lab, SERVER).release()
    assert server()
    with pytest.raises(ZeroDivisionError), lock_folder(lab, SERVER):
        _ = 1 / 0
    assert not server()
    lock_folder(lab, SERVER).release()
    lab.lock_file.write_text('{"pid": 7, "purpose": "axiom lab"}')  # as one leaves it that is killed
    assert not server()
    lock_folder(lab, "axiom keys").release()
    assert say("doctor")[0] == 1
    assert not server()
    lock_folder(lab, SERVER).release()
    assert server()


def test_the_status_and_the_doctor_tell_of_the_last_backup(say, lab, tmp_path):
    """Where others compute, one that is missing or older than a week is an ailment."""

    def told() -> tuple[bool, bool]:
        at = say("status", "--json")[1]["status"]["backed_up_at"]
        return findings(say)["backup"]["well"], at is not None

    assert told() == (True, False)
    db, now = connect_writer(lab.database), datetime.now(UTC)
    rea = accounts.create_account(db, name="Rea", email="rea@example.org", password="", cross_id="hers", now=now)
    platform = Platform(system="linux", processor="x86_64", instructions="avx2")
    capacity = Capacity(cores=2, memory_mb=4_000)
    host = hosts.upsert_host(db, volunteer_id=rea, name="hers", platform=platform, capacity=capacity, now=now)
    assert told() == (True, False)  # nothing is computed there yet
    db.execute("PRAGMA foreign_keys = OFF")
    db.execute(
        "INSERT INTO task (workunit_id, experiment_id, ordinal, state, host_id, sent_at, created_at) "
        "VALUES (1, 1, 0, 'valid', :host, 1, 1)",
        host=host,
    )
    db.close()
    assert told() == (False, False)
    assert say("backup", "-o", tmp_path / "kept.tar")[0] == 0
    assert told() == (True, True)
    assert "0 hours ago" in say("status")[1]
    for age, well in (({"days": 6}, True), ({"days": 8, "hours": 1}, False)):
        last_backup.record_backup(lab, datetime.now(UTC) - timedelta(**age), tmp_path)
        assert told() == (well, True)
    lab.backed_up.write_text("no note")
    assert told() == (False, False)
    lab.backed_up.unlink()
    lab.backed_up.mkdir()  # a backup counts where the folder takes no note of it
    status, out, _ = say("backup", "-o", tmp_path / "again.tar")
    assert status == 0
    assert out.strip() == str(tmp_path / "again.tar")
    assert (tmp_path / "again.tar").is_file()


def test_doctor_says_that_a_backup_lies_on_the_disk_that_it_should_outlive(say, lab):
    with tempfile.TemporaryDirectory(dir="/dev/shm") as elsewhere:
        says = []
        for place in (lab.path.parent, Path(elsewhere)):
            assert say("backup", "-o", place / "kept.tar")[0] == 0
            says.append(findings(say)["backup"]["says"])
            (place / "kept.tar").unlink()
    assert says[0] != says[1]


def test_copies_of_its_own_count_where_they_lie_on_another_disk(say, lab, monkeypatch):
    """A folder in memory is one; beside the database they tell nobody that there is a backup."""
    make_daily_copy(lab, lab.journal, datetime.now(UTC))
    assert len(list(lab.journal.glob("copy-*.tar"))) == 1
    assert findings(say)["backup"]["says"] == "none was made"
    with tempfile.TemporaryDirectory(dir="/dev/shm") as place:
        monkeypatch.setenv("AXIOM_JOURNAL", place)
        assert findings(say)["backup"]["says"] == "none was made"
        shutil.copy(next(lab.journal.glob("copy-*.tar")), place)
        assert findings(say)["backup"]["says"] == "the last was made 0 days ago"


def test_a_file_is_published_and_every_promise_is_asked_about(say, lab, tiny_file):
    isolation = findings(say)["isolation"]
    assert isolation["well"] is True
    assert "seccomp" in isolation["says"]
    status, answer, _ = say("experiment", "publish", tiny_file, "--json")
    assert (status, answer["experiment"]["change"]) == (0, "new experiment")
    assert (lab.catalogue / "tiny_sum.py").read_bytes() == tiny_file.read_bytes()
    rows = say("experiment", "list", "--json")[1]["experiments"]
    assert [row["status"] for row in rows if row["name"] == "tiny_sum"] == ["open"]
    status, answer, _ = say("doctor", "--invariants", "--json")
    numbers = [int(row["name"][1:]) for row in answer["doctor"]["findings"]]
    assert status == 0
    assert numbers == sorted(numbers)
    assert {1, 3, 10, 12, 13} <= set(numbers)


def test_the_status_names_what_was_ordered_and_a_job_that_fails(say, lab):
    assert say("experiment", "publish", "test_deploy", "--quiet")[0] == 0
    assert ["test_deploy" in say("status", *words)[1] for words in ((), ("--all",))] == [False, True]
    assert say("experiment", "deploy", "test_deploy", "--workunits", 2, "--quiet")[0] == 0
    status, out, _ = say("status")
    rows = {line.split("  ")[0]: line.split("  ", 1)[1].strip() for line in out.splitlines() if "  " in line}
    assert status == 0
    assert rows["tasks"] == "0 out, 2 waiting"
    assert "failing" not in rows
    assert findings(say)["jobs"]["well"]
    db = connect_writer(lab.database)
    jobs.record_job_failure(db, "janitor", 60.0, "no room\nTraceback")
    db.close()
    assert "janitor: no room\n" in say("status")[1]
    failing = findings(say)["jobs"]
    assert failing["well"] is False
    assert failing["says"].startswith("janitor: no room")


def test_a_damaged_database_is_called_unwell_with_all_that_reads_it(say, lab):
    lab.database.write_bytes(b"not a database, not at all" * 1_000)
    for left in ("-wal", "-shm"):
        (lab.path / f"axiom.db{left}").unlink(missing_ok=True)
    examined = findings(say)
    unwell = {"archive", "backup", "clock", "database", "halts", "jobs", "journal", "preflight", "watches"}
    unwell |= {"sandbox"} if missing("bwrap") else set()
    assert {name for name, row in examined.items() if not row["well"]} == unwell
    assert examined["keys"]["well"]
