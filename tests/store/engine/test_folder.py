"""The data folder is made once, closed to others, and belongs to one process at a time."""

import errno
import os
import signal
import stat
import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from axiom.errors import FolderInUse, FolderUnusable, StoreError
from axiom.store.engine.database import connect_writer
from axiom.store.engine.folder import Folder, holder, keep, lock
from axiom.store.migrate import migrate

HOLD = """
import sys, time
from pathlib import Path
from axiom.store.engine.folder import Folder, lock
held = lock(Folder(path=Path(sys.argv[1])), "the laboratory")
held.note(port=8042)
print("held", flush=True)
time.sleep(60)
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="nobody but root can work in the folder of another account")
def test_root_takes_no_folder_in_which_another_account_works(folder):
    connect_writer(folder.database).close()
    lock(folder, "a command").release()
    os.chown(folder.database, 65_534, -1)
    with pytest.raises(FolderUnusable, match="type it in its name, `runuser -u nobody -- axiom"):
        lock(folder, "a command")
    assert holder(folder) is None


@pytest.fixture
def other(folder):
    """Another process that holds the folder."""
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(folder.path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait(20)
    process.stdout.close()


def test_a_new_folder_is_closed_to_others_and_explains_itself(tmp_path):
    folder = Folder(path=tmp_path / "deep" / "lab")
    folder.create()
    assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700
    assert (folder.path / ".gitignore").read_text() == "*\n"
    assert len((folder.path / "README").read_text().splitlines()) == 5
    assert not folder.exists()


def test_creating_again_changes_nothing(folder):
    (folder.path / ".gitignore").write_text("mine\n")
    folder.create()
    assert (folder.path / ".gitignore").read_text() == "mine\n"


def test_an_empty_folder_is_closed_to_others(tmp_path):
    tmp_path.chmod(0o755)
    Folder(path=tmp_path).create()
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o700


def test_a_folder_with_a_strangers_files_keeps_its_mode(tmp_path):
    tmp_path.chmod(0o755)
    (tmp_path / "thesis.txt").touch()
    Folder(path=tmp_path).create()
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755


def test_names_are_inside(folder):
    names = ["database", "blobs", "keys", "socket", "lock_file", "engine", "settings", "bundles", "backups"]
    inside = [getattr(folder, name) for name in names]
    assert {path.parent for path in inside} == {folder.path}
    assert len(set(inside)) == len(names)


def test_a_file_is_not_a_folder(tmp_path):
    (tmp_path / "lab").write_text("")
    with pytest.raises(FolderUnusable, match="lab cannot be used"):
        Folder(path=tmp_path / "lab").create()


@pytest.fixture
def read_only():
    """A folder in which we may not write, also when the tests belong to root."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name)
        path.chmod(0o555)
        was = os.geteuid()
        if was == 0:
            os.seteuid(65_534)
        yield path
        os.seteuid(was)
        path.chmod(0o755)


@pytest.mark.parametrize("inside", ["", "lab"])
def test_a_folder_that_cannot_be_written_is_refused_in_a_sentence(read_only, inside):
    with pytest.raises(
        FolderUnusable, match=r"(Permission denied|not permitted)\. Nothing was started; choose a folder"
    ):
        Folder(path=read_only / inside).create()


def test_a_made_folder_that_became_read_only_is_refused(read_only):
    folder = Folder(path=read_only)
    with pytest.raises(FolderUnusable, match="Permission denied"):
        lock(folder, "a test")


def test_nobody_holds_a_folder_that_nobody_took(folder):
    assert holder(folder) is None
    lock(folder, "a test").release()
    assert holder(folder) is None
    assert folder.lock_file.exists()


def test_the_holder_says_who_it_is(folder):
    with lock(folder, "a test") as held:
        held.note(port=1, url="http://127.0.0.1:1")
        held.note(port=2)
        facts = holder(folder)
    assert facts is not None
    since = datetime.fromisoformat(facts.pop("since"))
    assert facts == {"pid": os.getpid(), "purpose": "a test", "port": 2, "url": "http://127.0.0.1:1"}
    assert abs(datetime.now(UTC) - since) < timedelta(minutes=5)
    assert holder(folder) is None


def test_a_second_lock_says_which_process_has_the_first(folder, other):
    sentence = rf"held by process {other.pid} for the laboratory since 20\S+ on port 8042.* use that one, stop it"
    with pytest.raises(FolderInUse, match=sentence):
        lock(folder, "a test")
    facts = holder(folder)
    assert facts is not None
    assert facts["pid"] == other.pid


@pytest.mark.parametrize(
    ("number", "cure"), [(errno.ENOSPC, "free some space on its disk"), (errno.EIO, "choose a folder on a local disk")]
)
def test_a_lock_that_cannot_be_written_down_is_none_and_says_what_to_do(folder, monkeypatch, number, cure):
    def fail(*_):
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patched:
        patched.setattr(os, "pwrite", fail)
        with pytest.raises(FolderUnusable, match=f"{os.strerror(number)}. Nothing was started; {cure}"):
            lock(folder, "a test")
    lock(folder, "a test").release()


def test_a_lock_ends_with_its_process_however_that_ends(folder, other):
    other.send_signal(signal.SIGKILL)
    other.wait(20)
    assert holder(folder) is None
    lock(folder, "a test").release()


def test_a_holder_that_said_nothing_still_holds(folder):
    with lock(folder, "a test"):
        folder.lock_file.write_text("{half")
        assert holder(folder) == {}
        with pytest.raises(FolderInUse, match="held by another process, and"):
            lock(folder, "another")


def test_releasing_twice_is_harmless(folder):
    held = lock(folder, "a test")
    held.release()
    held.release()


def test_a_laboratory_is_there_when_its_database_has_its_tables(folder):
    folder.database.touch()
    assert not folder.exists()
    db = connect_writer(folder.database)
    assert not folder.exists()
    migrate(db, None, datetime(2026, 3, 2, tzinfo=UTC))
    assert folder.exists()
    db.close()
    folder.database.write_bytes(b"not a database at all" * 100)
    assert folder.exists()  # somebody's, and to be mended


def test_a_folder_knows_what_no_laboratory_put_there(folder):
    connect_writer(folder.database).close()
    for name in ("keys", "blobs", "logs", "catalogue"):
        (folder.path / name).mkdir()
    with lock(folder, "a test"):
        assert folder.strangers() == []
    (folder.path / "thesis.txt").touch()
    assert folder.strangers() == ["thesis.txt"]
    assert Folder(path=folder.path / "nowhere").strangers() == []


def test_a_file_is_kept_whole_and_again(folder):
    keep(folder.catalogue / "tiny.py", b"one")
    keep(folder.catalogue / "tiny.py", b"two")
    assert [file.read_bytes() for file in folder.catalogue.iterdir()] == [b"two"]
    (folder.catalogue / "other.py").mkdir()
    with pytest.raises(StoreError, match="could not be written"):
        keep(folder.catalogue / "other.py", b"one")
