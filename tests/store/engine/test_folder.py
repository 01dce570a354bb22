"""The data folder is made once, closed to others, and belongs to one process at a time."""

import errno
import os
import stat
import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from real_parts import need

from axiom.errors import FolderInUse, FolderUnusable, StoreError
from axiom.store.engine.database import connect_writer
from axiom.store.engine.folder import Folder, lock_folder, read_lock_holder, write_file_atomically
from axiom.store.migrate import migrate_database

HOLD = """
import signal, sys
from pathlib import Path
from axiom.store.engine.folder import Folder, lock_folder
held = lock_folder(Folder(path=Path(sys.argv[1])), "the laboratory")
held.note(url="http://127.0.0.1:8042/")
print("held", flush=True)
signal.pause()
"""


@need("root")
def test_root_takes_no_folder_in_which_another_account_works(folder):
    connect_writer(folder.database).close()
    lock_folder(folder, "a command").release()
    os.chown(folder.database, 65_534, -1)
    with pytest.raises(FolderUnusable, match="nobody"):
        lock_folder(folder, "a command")
    assert read_lock_holder(folder) is None


def test_a_second_lock_names_the_process_of_the_first_which_ends_with_it(folder):
    with subprocess.Popen([sys.executable, "-c", HOLD, str(folder.path)], stdout=subprocess.PIPE, text=True) as other:
        try:
            assert other.stdout.readline() == "held\n"
            with pytest.raises(FolderInUse, match=rf"{other.pid} .*laboratory .*8042"):
                lock_folder(folder, "a test")
            assert read_lock_holder(folder)["pid"] == other.pid
        finally:
            other.kill()
    assert read_lock_holder(folder) is None
    lock_folder(folder, "a test").release()


def test_a_new_or_empty_folder_is_closed_to_others_and_explains_itself(tmp_path):
    folder = Folder(path=tmp_path / "deep" / "lab")
    for _ in range(2):
        folder.create()
        assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700
        assert sorted(path.name for path in folder.path.iterdir()) == [".gitignore", "README"]
        assert not folder.exists()
        folder.path.joinpath(".gitignore").write_text("mine\n")
    assert folder.path.joinpath(".gitignore").read_text() == "mine\n"
    for name, mode in (("empty", 0o700), ("full", 0o755)):
        (tmp_path / name).mkdir(mode=0o755)
        if name == "full":
            (tmp_path / name / "thesis.txt").touch()
        Folder(path=tmp_path / name).create()
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == mode
    (tmp_path / "file").write_text("")
    for use in (Folder.create, Folder.demand_open):
        with pytest.raises(FolderUnusable, match="file"):
            use(Folder(path=tmp_path / "file"))


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


def test_a_folder_that_cannot_be_written_is_refused(read_only):
    for use in (Folder(path=read_only).create, Folder(path=read_only / "lab").create):
        with pytest.raises(FolderUnusable, match=r"Permission denied|not permitted"):
            use()
    with pytest.raises(FolderUnusable, match="Permission denied"):
        lock_folder(Folder(path=read_only), "a test")


def test_the_holder_says_who_it_is(folder, monkeypatch):
    def fail(*_):
        raise OSError(errno.ENOSPC, "no room")

    assert read_lock_holder(folder) is None
    with monkeypatch.context() as patched:
        patched.setattr(os, "pwrite", fail)
        with pytest.raises(FolderUnusable, match="no room"):
            lock_folder(folder, "a test")
    with lock_folder(folder, "a test") as held:
        held.note(port=1, url="http://127.0.0.1:1")
        held.note(port=2)
        facts = read_lock_holder(folder)
        since = datetime.fromisoformat(facts.pop("since"))
        assert facts == {"pid": os.getpid(), "purpose": "a test", "port": 2, "url": "http://127.0.0.1:1"}
        assert abs(datetime.now(UTC) - since) < timedelta(minutes=5)
        folder.lock_file.write_text("{half")
        assert read_lock_holder(folder) == {}
        with pytest.raises(FolderInUse, match="another process"):
            lock_folder(folder, "another")
    held.release()  # which is harmless
    assert read_lock_holder(folder) is None
    assert folder.lock_file.exists()


def test_a_laboratory_is_there_when_its_database_has_its_tables(folder):
    folder.database.touch()
    assert not folder.exists()
    db = connect_writer(folder.database)
    assert not folder.exists()
    migrate_database(db, None, datetime(2026, 3, 2, tzinfo=UTC))
    assert folder.exists()
    db.close()
    for name in ("keys", "blobs", "logs", "catalogue"):
        (folder.path / name).mkdir()
    with lock_folder(folder, "a test"):
        assert folder.strangers() == []
    (folder.path / "thesis.txt").touch()
    assert folder.strangers() == ["thesis.txt"]
    assert Folder(path=folder.path / "nowhere").strangers() == []
    folder.database.write_bytes(b"not a database at all" * 100)
    assert folder.exists()  # somebody's, and to be mended
    for body in (b"one", b"two"):
        write_file_atomically(folder.catalogue / "tiny.py", body)
    assert [file.read_bytes() for file in folder.catalogue.iterdir()] == [b"two"]
    (folder.catalogue / "other.py").mkdir()
    with pytest.raises(StoreError, match="other"):
        write_file_atomically(folder.catalogue / "other.py", b"one")
