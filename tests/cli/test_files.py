"""Files that commands write, what they log, and laboratories that come back from a backup."""

import errno
import logging
import os
import shutil
import sqlite3
import threading
import time
from pathlib import Path

import pytest
from patience import PATIENCE

from axiom.cli.experiment.manifests import catalogue_files
from axiom.errors import StorageFull
from axiom.service.logs import set_up_logging
from axiom.settings import Settings
from axiom.store.engine.folder import Folder
from axiom_weigh.atomic_file import write_whole_file
from axiom_weigh.errors import FolderUnusable


def test_a_pipe_a_device_or_a_link_is_written_to_and_stays(tmp_path):
    pipe, link, read = tmp_path / "pipe", tmp_path / "link", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: read.append(pipe.read_text()), daemon=True)
    reader.start()
    with write_whole_file(pipe) as name:
        name.write_text("all of it")
    reader.join(PATIENCE)
    assert read == ["all of it"]
    assert pipe.is_fifo()
    assert list(tmp_path.iterdir()) == [pipe]
    outer, inner = os.openpty()
    os.set_blocking(outer, False)
    link.symlink_to(os.ttyname(inner))
    with write_whole_file(link) as name:
        name.write_text("all")
    assert os.read(outer, 3) == b"all"
    assert link.is_symlink()
    os.close(inner)
    os.close(outer)
    link.unlink()
    link.symlink_to(tmp_path / "file")
    with write_whole_file(link) as name:
        name.write_text("all")
    assert link.is_symlink()
    assert (tmp_path / "file").read_text() == "all"
    with pytest.raises(FolderUnusable), write_whole_file(Path()) as name:
        name.write_text("all")


@pytest.fixture
def lines(tmp_path):
    root, before, level = logging.getLogger(), logging.getLogger().handlers[:], logging.getLogger().level
    raises = logging.raiseExceptions
    for handler in before:
        root.removeHandler(handler)
    set_up_logging(Folder(path=tmp_path), Settings())
    yield lambda: (tmp_path / "logs" / "axiom.log").read_text().splitlines()
    logging.basicConfig(force=True, handlers=before, level=level)
    logging.raiseExceptions = raises


def test_a_full_disk_is_one_line_a_minute_without_traces(lines, monkeypatch):
    def fails(error: Exception, cause: Exception | None = None) -> None:
        error.__cause__ = cause
        logging.getLogger("axiom.jobs").error("job.failed", exc_info=error)

    now, full = time.monotonic(), sqlite3.OperationalError("database or disk is full")
    full.sqlite_errorcode = sqlite3.SQLITE_FULL
    fails(OSError(errno.ENOSPC, "No space left on device"))
    fails(RuntimeError("a job failed"), full)
    fails(StorageFull("The disk is full."))
    logging.getLogger("axiom.front").warning("front.failed %s", StorageFull("The disk is full."))
    assert len(lines()) == 1
    fails(ValueError("a fault of ours"))
    assert "ValueError: a fault of ours" in lines()
    before = len(lines())
    monkeypatch.setattr(time, "monotonic", lambda: now + 61)
    fails(full)
    assert len(lines()) == before + 1


def test_a_broken_promise_is_refused_unless_it_is_asked_to_restore_all_the_same(say, say_to, published, tmp_path):
    db = sqlite3.connect(published.database)
    with db:
        db.execute("UPDATE audit SET caller = 'somebody else'")
    db.close()
    archive, again = tmp_path / "backup.tar", tmp_path / "again"
    assert say("backup", "-o", archive, "--quiet")[0] == 0
    status, _, err = say_to(again, "restore", archive)
    assert status == 5
    assert "--although-broken" in err
    assert not again.exists()
    status, _, err = say_to(again, "restore", archive, "--although-broken", "--dry-run")
    assert status == 0
    assert "audit 1" in err
    assert not again.exists()
    status, answer, _ = say_to(again, "restore", archive, "--although-broken", "--json")
    assert status == 0
    assert answer["restored"]["broken"][0].startswith("audit 1 ")
    status, out, _ = say_to(again, "doctor", "--invariants")
    assert status == 1
    assert "audit 1" in out


def own(folder: Folder) -> dict[str, bytes]:
    """What the laboratory has besides the experiments that Axiom brings along."""
    return {file.name: file.read_bytes() for file in catalogue_files(folder) if file.parent == folder.catalogue}


def test_an_experiment_of_one_s_own_goes_into_the_backup_and_out_again(say, say_to, published, tmp_path):
    again, body = Folder(path=tmp_path / "again"), own(published)
    say("backup", "-o", tmp_path / "backup.tar")
    say_to(again.path, "restore", tmp_path / "backup.tar")

    def change() -> str:
        return say_to(again.path, "experiment", "publish", "tiny_sum", "--json")[1]["experiment"]["change"]

    assert list(body) == ["tiny_sum.py"]
    assert own(again) == body
    assert change() == "unchanged"
    (again.catalogue / "broken.py").write_text("def (\n")
    (again.catalogue / "gone.py").symlink_to("nowhere")
    status, listed, err = say_to(again.path, "experiment", "list", "--json")
    names = {row["name"] for row in listed["experiments"]}
    assert {"tiny_sum", "test_deploy"} <= names
    assert names & {"broken", "gone"} == set()
    assert (status, len(err.splitlines())) == (0, 2)  # what cannot be read hides no other
    assert "tiny_sum" in say_to(again.path, "experiment", "show", "tiny_som")[2]
    shutil.rmtree(again.catalogue)  # as it was restored before files went along
    assert (change(), own(again)) == ("unchanged", body)
