"""A laboratory is made in a folder that was taken, and what is wrong with it is told."""

import logging
import time
from datetime import datetime, timedelta

import pytest

from axiom.errors import StoreDamaged
from axiom.service.access import demand, make
from axiom.service.terminal import wall_clock
from axiom.settings import Settings
from axiom.signed.keys import load_keys
from axiom.store.engine.folder import Folder


@pytest.fixture
def folder(tmp_path) -> Folder:
    found = Folder(path=tmp_path / "lab")
    found.create()
    return found


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


def test_a_new_laboratory_has_its_database_and_its_keys(folder):
    clock, keys = make(folder, Settings())
    demand(folder)
    assert load_keys(folder.keys, clock.now()).trust == keys.trust


def test_a_file_that_is_no_database_is_told(folder):
    folder.database.write_bytes(b"no database" * 1_000)
    with pytest.raises(StoreDamaged):
        make(folder, Settings())


def test_the_log_says_when_in_utc_and_in_the_form_of_iso_8601(folder, monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Kolkata")
    time.tzset()
    try:
        make(folder, Settings())
        logging.getLogger("axiom.test").info("something.happened")
    finally:
        monkeypatch.undo()
        time.tzset()
    *_, line = (folder.path / "logs" / "axiom.log").read_text().splitlines()
    when, words = line.split(" ", 1)
    assert words == "INFO axiom.test something.happened"
    assert when.endswith("Z")
    assert abs(datetime.fromisoformat(when) - wall_clock()) < timedelta(minutes=10)
