"""The archive and a copy that follows, as an operator sees them beside a laboratory that works."""

import json
import sqlite3
import sys
import time
import urllib.error
from pathlib import Path

import pytest
from old_lab import make_old
from patience import PATIENCE
from running_lab import answer, axiom, running, typed

from axiom.errors import CannotStart, Refused
from axiom.laboratory.backups.archive import is_possible, read_task_output
from axiom.service import doctor_checks
from axiom.service.follow_journal import make_copy
from axiom.signed.keys import make_secrets
from axiom.store.connections import Connections
from axiom.store.engine.folder import Folder, lock_folder
from axiom.store.journal.history import read_journal_point


@pytest.fixture
def archived(small_lab, prepared):
    old = make_old(small_lab, prepared)
    assert old.archived() == 2
    return old


@pytest.fixture
def moved(archived):
    return next((task, output) for task, (_, output, _) in archived.before.items() if output)


def test_what_moved_is_listed_shown_and_read_again_and_the_doctor_misses_a_file(archived, moved, tmp_path):
    def typed_there(*words: object):
        return typed(*words, data=archived.folder.path)

    def doctor_says() -> tuple[bool, str]:
        looked = json.loads(typed_there("doctor", "--json").stdout)["doctor"]["findings"]
        archive = next(row for row in looked if row["name"] == "archive")
        return archive["well"], archive["says"]

    listed = answer("archive", data=archived.folder.path)["archive"]
    rows = [(row["name"], row["tasks"], row["is_finished"]) for row in listed]
    assert rows == [("2026-03", 12, True), ("2026-04", 4, True)]
    assert Path(listed[0]["file"]).read_bytes()[:4] == b"PAR1"
    task, output = moved
    assert typed_there("task", "output", task, "-o", tmp_path / "output").returncode == 0
    assert (tmp_path / "output").read_bytes() == typed_there("task", "output", task).stdout.encode() == output
    assert typed_there("task", "output", 10_000).returncode == 3
    shown = answer("task", "show", task, data=archived.folder.path)["task"]
    assert (shown["message"], len(shown["results"])) == ("the host's own words", 2)
    with lock_folder(archived.folder, "a test"):
        assert typed_there("archive", "--compact").returncode == 5
    assert typed_there("archive", "--compact").returncode == 0
    with sqlite3.connect(archived.folder.database) as db:
        assert db.execute("PRAGMA freelist_count").fetchone() == (0,)  # the room that was left is given back
    archived.demand_whole()
    assert doctor_says()[0]
    (archived.folder.blobs / archived.files()[0].digest[:2] / archived.files()[0].digest[2:]).unlink()
    well, says = doctor_says()
    assert not well
    assert "2026-03" in says


def test_a_laboratory_that_works_moves_what_is_due_by_itself(small_lab, prepared):
    old = make_old(small_lab, prepared)
    make_secrets(old.folder.keys)
    with running(old.folder.path, "--quiet", command="serve") as lab:
        lab.wait(lambda status: any(job["name"] == "archive" and job["last_ok"] for job in status["jobs"]))
        task = max(old.before)
        assert f"task {task}" in lab.page(f"tasks/{task}").lower()
        assert lab.stop() == 130
    assert [file.name for file in old.files()] == ["2026-03", "2026-04", "2026-06"]
    old.demand_whole()


def test_without_the_extra_nothing_moves_and_what_moved_stays_where_it_is(small_lab, prepared, monkeypatch):
    old = make_old(small_lab, prepared)
    monkeypatch.setattr(doctor_checks, "wall_clock", lambda: old.now)

    def examined():
        (archive,) = [row for row in doctor_checks.examine_laboratory(old.folder) if row.name == "archive"]
        return archive

    with monkeypatch.context() as without:
        for package in ("pyarrow", "pyarrow.parquet"):
            without.setitem(sys.modules, package, None)  # as if it were not installed
        assert not is_possible()
        assert not examined().well
        assert "extra `data`" in examined().cure
        with pytest.raises(CannotStart):
            old.archived()
        assert old.files() == []
    assert old.archived() == 2
    moved = next(task for task, (_, output, _) in old.before.items() if output)
    for package in ("pyarrow", "pyarrow.parquet"):
        monkeypatch.setitem(sys.modules, package, None)
    with Connections(folder=old.folder).reader() as db, pytest.raises(CannotStart):
        read_task_output(db, old.folder, moved)
    assert "16 tasks" in examined().says


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    place = tmp_path_factory.mktemp("both")
    with running(place / "lab", "--quiet", command="serve") as lab:
        assert typed("backup", "-o", place / "backup.tar", data=lab.data).returncode == 0
        words = (str(lab.data / "journal"), "--from", str(place / "backup.tar"))
        with running(place / "copy", *words, command="follow") as copy:
            yield lab, copy


def newest_points(*labs):
    stands = []
    for lab in labs:
        with Connections(folder=Folder(path=lab.data)).reader() as db:
            stands.append(read_journal_point(db))
    return stands


def wait_for(is_so):
    until = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.01)


def test_a_copy_shows_what_is_said_takes_no_change_and_goes_on_after_it_was_killed(both, tmp_path):
    lab, copy = both
    assert typed("news", "add", "The copy has heard of this.", data=lab.data).returncode == 0
    wait_for(lambda: "The copy has heard of this." in copy.page("news"))
    wait_for(lambda: len(set(newest_points(lab, copy))) == 1)
    assert json.loads(copy.page("status.json"))["status"]["state"] == "follows"
    assert json.loads(copy.page("readyz"))["ready"]
    for path in ("", "findings", "sessions", "results", "join", "status"):
        assert copy.page(path).count("<h1") == lab.page(path).count("<h1")
    assert [path.name for path in (copy.data / "keys").iterdir()] == ["trust.json"]
    for path in ("scheduler", "account", "file_upload_handler"):
        with pytest.raises(urllib.error.HTTPError, match="404"):
            copy.page(path)
    assert typed("news", "add", "Nobody may say this here.", data=copy.data).returncode != 0
    with pytest.raises(Refused):  # a laboratory's own folder is none for a copy
        make_copy(Folder(path=lab.data), lab.data / "journal", None)
    lab, _ = both
    data, journal = tmp_path / "again", lab.data / "journal"
    assert typed("backup", "-o", tmp_path / "backup.tar", data=lab.data).returncode == 0
    with running(data, str(journal), "--from", str(tmp_path / "backup.tar"), command="follow") as copy:
        copy.process.kill()
        copy.process.wait()
    with running(data, str(journal), command="follow") as copy:
        wait_for(lambda: len(set(newest_points(lab, copy))) == 1)
        assert copy.stop() == 130
    elsewhere = tmp_path / "journal"
    elsewhere.mkdir()
    for file in journal.glob("*.log"):
        raw = bytearray(file.read_bytes().rstrip(b"\0"))
        raw[-1] ^= 1  # the digest of the last record
        (elsewhere / file.name).write_bytes(raw)
    assert axiom("follow", elsewhere, "--port", 0, data=data).returncode not in {0, 130}
