"""What an operator sees of the archive: its files, an output again, and the room that was left."""

import json
import sqlite3
import sys
from pathlib import Path

import pytest
from old_lab import make_old
from running_lab import answer, axiom, running

from axiom.errors import CannotStart
from axiom.lab.upkeep.archive import fetch, is_possible
from axiom.service import doctor
from axiom.signed.keys import make_secrets
from axiom.store.connections import Connections
from axiom.store.engine.folder import lock


@pytest.fixture
def archived(small_lab, prepared):
    """Two months have moved."""
    old = make_old(small_lab, prepared)
    assert old.archived() == 2
    return old


@pytest.fixture
def moved(archived):
    """A task that moved, with the output that it brought."""
    return next((task, output) for task, (_, output, _) in archived.before.items() if output)


def test_the_files_are_listed_with_where_they_lie(archived):
    found = answer("archive", data=archived.folder.path)["archive"]
    assert [(one["name"], one["tasks"], one["is_finished"]) for one in found] == [
        ("2026-03", 13, True),
        ("2026-04", 3, True),
    ]
    assert Path(found[0]["file"]).read_bytes()[:4] == b"PAR1"


def test_an_output_is_read_again(archived, moved, tmp_path):
    task, output = moved
    done = axiom("task", "output", task, "-o", tmp_path / "output", data=archived.folder.path)
    assert done.returncode == 0, done.stderr
    assert "2026-03" in done.stderr
    assert (tmp_path / "output").read_bytes() == output
    assert axiom("task", "output", task, data=archived.folder.path).stdout.encode() == output
    assert axiom("task", "output", 10_000, data=archived.folder.path).returncode == 3


def test_a_task_is_shown_with_its_hosts_words(archived, moved):
    shown = answer("task", "show", moved[0], data=archived.folder.path)["task"]
    assert shown["message"] == "the host's own words"
    assert len(shown["results"]) == 2


def test_the_room_that_was_left_is_given_back(archived):
    def free():
        with sqlite3.connect(archived.folder.database) as db:
            return db.execute("PRAGMA freelist_count").fetchone()[0]

    with lock(archived.folder, "a test"):
        assert axiom("archive", "--compact", data=archived.folder.path).returncode == 5
    done = axiom("archive", "--compact", data=archived.folder.path)
    assert done.returncode == 0, done.stderr
    assert free() == 0
    archived.demand_whole()


def test_the_doctor_misses_a_file(archived):
    def says():
        looked = json.loads(axiom("doctor", "--json", data=archived.folder.path).stdout)["doctor"]["findings"]
        found = next(one for one in looked if one["name"] == "archive")
        return found["well"], found["says"]

    assert says() == (True, "16 tasks in 2 files of 0 MB")
    (archived.folder.blobs / archived.files()[0].digest[:2] / archived.files()[0].digest[2:]).unlink()
    assert says() == (False, "1 file gone: 2026-03")


def test_a_laboratory_that_works_moves_what_is_due_by_itself(small_lab, prepared):
    old = make_old(small_lab, prepared)
    make_secrets(old.folder.keys)
    with running(old.folder.path, "--quiet", command="serve") as lab:
        lab.wait(lambda status: any(job["name"] == "archive" and job["last_ok"] for job in status["jobs"]))
        task = max(old.before)
        assert f"task {task}" in lab.page(f"tasks/{task}").lower()
        assert lab.stop() == 130
    assert [one.name for one in old.files()] == ["2026-03", "2026-04", "2026-06"]
    old.demand_whole()


def test_without_the_extra_nothing_moves_and_the_doctor_says_so(small_lab, prepared, monkeypatch):
    old = make_old(small_lab, prepared)
    monkeypatch.setattr(doctor, "wall_clock", lambda: old.now)
    for package in ("pyarrow", "pyarrow.parquet"):
        monkeypatch.setitem(sys.modules, package, None)  # as if it were not installed
    assert not is_possible()
    (said,) = [one for one in doctor.examine(old.folder) if one.name == "archive"]
    assert (said.well, "extra `data`" in said.cure) == (False, True)
    with pytest.raises(CannotStart, match="extra `data`"):
        old.archived()
    assert old.files() == []


def test_without_the_extra_what_moved_stays_where_it_is(archived, moved, monkeypatch):
    for package in ("pyarrow", "pyarrow.parquet"):
        monkeypatch.setitem(sys.modules, package, None)
    with Connections(folder=archived.folder).reader() as db, pytest.raises(CannotStart, match="extra `data`"):
        fetch(db, archived.folder, moved[0])
    (said,) = [one for one in doctor.examine(archived.folder) if one.name == "archive"]
    assert "16 tasks in 2 files" in said.says
