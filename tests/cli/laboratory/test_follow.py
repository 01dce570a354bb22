"""`axiom follow`, typed as an operator types it beside a laboratory that works."""

import json
import time
import urllib.error

import pytest
from patience import PATIENCE
from running_lab import axiom, running, typed

from axiom.errors import Refused
from axiom.service.follow import make_copy
from axiom.store.connections import Connections
from axiom.store.engine.folder import Folder
from axiom.store.journal.history import standing


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """A laboratory that serves, and a copy of it that follows."""
    place = tmp_path_factory.mktemp("both")
    with running(place / "lab", "--quiet", command="serve") as lab:
        assert typed("backup", "-o", place / "backup.tar", data=lab.data).returncode == 0
        words = (str(lab.data / "journal"), "--from", str(place / "backup.tar"))
        with running(place / "copy", *words, command="follow") as copy:
            yield lab, copy


def standings(*labs):
    stands = []
    for lab in labs:
        with Connections(folder=Folder(path=lab.data)).reader() as db:
            stands.append(standing(db))
    return stands


def wait_for(is_so):
    until = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.01)


def test_a_copy_shows_what_is_said_in_the_laboratory_and_takes_no_change(both):
    lab, copy = both
    assert typed("news", "add", "The copy has heard of this.", data=lab.data).returncode == 0
    wait_for(lambda: "The copy has heard of this." in copy.page("news"))
    wait_for(lambda: len(set(standings(lab, copy))) == 1)
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


def test_it_goes_on_after_it_was_killed_and_stops_at_another_journal(both, tmp_path):
    lab, _ = both
    data, journal = tmp_path / "again", lab.data / "journal"
    assert typed("backup", "-o", tmp_path / "backup.tar", data=lab.data).returncode == 0
    with running(data, str(journal), "--from", str(tmp_path / "backup.tar"), command="follow") as copy:
        copy.process.kill()
        copy.process.wait()
    with running(data, str(journal), command="follow") as copy:
        wait_for(lambda: len(set(standings(lab, copy))) == 1)
        assert copy.stop() == 130
    elsewhere = tmp_path / "journal"
    elsewhere.mkdir()
    for file in journal.glob("*.log"):
        raw = bytearray(file.read_bytes().rstrip(b"\0"))
        raw[-1] ^= 1  # the digest of the last record
        (elsewhere / file.name).write_bytes(raw)
    assert axiom("follow", elsewhere, "--port", 0, data=data).returncode not in {0, 130}
