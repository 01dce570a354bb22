"""What an operator sees of the archive: its files, an output again, and the room that was left."""

import json
import sqlite3
from pathlib import Path

import pytest
from old_lab import make_old
from running_lab import answer, axiom

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
