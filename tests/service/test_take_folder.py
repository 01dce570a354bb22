"""A folder is taken by one process at a time, a laboratory is made in it, and how far that is, is told."""

import logging
import time
from datetime import datetime, timedelta

import pytest

from axiom.errors import FolderInUse, StoreDamaged, WrongUse
from axiom.service.open_laboratory import demand_laboratory, make_laboratory
from axiom.service.take_folder import open_taken_folder
from axiom.settings import Settings
from axiom.signed.keys import load_keys
from axiom.store.engine.folder import Folder, lock_folder
from axiom_weigh import terminal


@pytest.fixture(autouse=True)
def as_it_was():
    """The log and the line of this process are nobody's business but pytest's."""
    before, level = logging.root.handlers[:], logging.root.level
    terminal.print_progress("")
    yield
    terminal.print_progress("")
    for handler in logging.root.handlers:
        if handler not in before:
            handler.close()
    logging.root.handlers[:] = before
    logging.root.setLevel(level)


def test_the_folder_of_a_working_laboratory_is_theirs_and_no_other_command_gets_it(folder, tmp_path):
    with lock_folder(folder, "axiom lab") as holder:
        holder.note(url="http://127.0.0.1:1")
        with open_taken_folder(folder, 1, quiet=True) as taken:
            assert not taken.is_ours
    with lock_folder(folder, "axiom experiment run"), pytest.raises(FolderInUse, match="axiom experiment run"):
        open_taken_folder(folder, 1, quiet=True).__enter__()
    nowhere = Folder(path=tmp_path / "other")
    with pytest.raises(WrongUse):
        open_taken_folder(nowhere, 0, quiet=True).__enter__()
    assert not nowhere.path.exists()


def test_a_new_laboratory_has_its_keys_and_a_log_in_utc_and_in_the_form_of_iso_8601(folder, monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Kolkata")
    time.tzset()
    try:
        clock, keys = make_laboratory(folder, Settings())
        logging.getLogger("axiom.test").info("something.happened")
    finally:
        monkeypatch.undo()
        time.tzset()
    demand_laboratory(folder)
    assert load_keys(folder.keys, clock.now()).trust == keys.trust
    *_, line = (folder.path / "logs" / "axiom.log").read_text().splitlines()
    moment, words = line.split(" ", 1)
    assert words == "INFO axiom.test something.happened"
    assert moment.endswith("Z")
    assert abs(datetime.fromisoformat(moment) - terminal.wall_clock()) < timedelta(minutes=10)


def test_a_file_that_is_no_database_is_told(folder):
    folder.database.write_bytes(b"no database" * 1_000)
    with pytest.raises(StoreDamaged):
        make_laboratory(folder, Settings())


def test_a_plain_line_comes_now_and_then_and_what_comes_next_begins_anew(monkeypatch, capsys):
    """Where nobody draws: in a file or a pipe."""
    seconds = [100.0]
    monkeypatch.setattr(terminal.time, "monotonic", lambda: seconds[0])

    def printed(line: str, after: float) -> str:
        seconds[0] += after
        terminal.print_progress(line)
        return "".join(capsys.readouterr())

    assert [printed("1 of 9", 0), printed("2 of 9", 29), printed("3 of 9", 2), printed("4 of 9", 29)] == [
        *("", "", "3 of 9\n", "")
    ]
    assert [printed("", 0), printed("1 of 4", 2), printed("2 of 4", 29), printed("3 of 4", 2)] == [
        *("", "", "", "3 of 4\n")
    ]
