"""A laboratory that was taken is made beside what else its owner does, and what is wrong with it is told."""

import logging
import time
from datetime import datetime, timedelta

import pytest

from axiom.cli.making import making
from axiom.cli.opening import demand
from axiom.cli.options import wall_clock
from axiom.cli.taking import taking
from axiom.errors import StoreDamaged
from axiom.signed.keys import load_keys
from axiom.store.folder import Folder, lock


@pytest.fixture
def folder(tmp_path) -> Folder:
    return Folder(path=tmp_path / "lab")


@pytest.fixture(autouse=True)
def as_it_was():
    """The log of this process is nobody's business but pytest's."""
    before, level = logging.root.handlers[:], logging.root.level
    yield
    for handler in logging.root.handlers:
        if handler not in before:
            handler.close()
    logging.root.handlers[:] = before
    logging.root.setLevel(level)


def test_a_new_laboratory_has_its_database_and_its_keys_when_it_is_asked_for(folder):
    with taking(folder, 1, quiet=True) as taken, making(taken) as made:
        assert made is not None
        clock, keys = made.result()
        demand(folder)
        assert load_keys(folder.keys, clock.now()).trust == keys.trust


def test_what_is_wrong_with_it_is_raised_where_it_is_asked_for(folder):
    folder.create()
    folder.database.write_bytes(b"no database" * 1_000)
    with taking(folder, 1, quiet=True) as taken, making(taken) as made:
        assert made is not None
        with pytest.raises(StoreDamaged):
            made.result()


def test_the_log_says_when_in_utc_and_in_the_form_of_iso_8601(folder, monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Kolkata")
    time.tzset()
    try:
        with taking(folder, 1, quiet=True) as taken, making(taken) as made:
            assert made is not None
            made.result()
            logging.getLogger("axiom.test").info("something.happened")
    finally:
        monkeypatch.undo()
        time.tzset()
    *_, line = (folder.path / "logs" / "axiom.log").read_text().splitlines()
    when, words = line.split(" ", 1)
    assert words == "INFO axiom.test something.happened"
    assert when.endswith("Z")
    assert abs(datetime.fromisoformat(when) - wall_clock()) < timedelta(minutes=10)


def test_nothing_is_made_in_the_folder_of_a_working_laboratory(folder):
    folder.create()
    with lock(folder, "axiom lab") as held:
        held.note(url="http://127.0.0.1:1")
        with taking(folder, None, quiet=True) as taken, making(taken) as made:
            assert made is None
    assert not folder.database.exists()
