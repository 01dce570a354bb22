"""`axiom experiment pause, resume, approve, rollback`: what a person types, what is said, and what is audited."""

import json

import pytest

from axiom.__main__ import _main
from axiom.signed.keys import make_keys
from axiom.store.engine.database import connect_reader
from axiom.store.upkeep import audit


@pytest.fixture
def said(working_lab, prepared, capsys):
    """Runs a command in a laboratory with two bundles of tiny_sum; its status, its answer and what it remarked."""
    working_lab.keys = make_keys(working_lab.folder.keys, working_lab.now)
    working_lab.publish(prepared(top="# worse"))
    working_lab.db.settle()
    working_lab.db.close()  # from here on the commands write

    def run(*words: str):
        status = _main(["experiment", *words, "--data", str(working_lab.folder.path)])
        out, err = capsys.readouterr()
        return status, out + err

    run.lab = working_lab
    return run


@pytest.fixture
def audited(said):
    """What the audit has of releases."""

    def found() -> list[str]:
        db = connect_reader(said.lab.folder.database)
        rows = [row["command"] for row in audit.latest(db, 100)]
        db.close()
        return rows[::-1]

    return found


def test_a_version_is_paused_and_goes_on(said, audited):
    status, words = said("pause", "tiny_sum", "--why", "too warm", "--by", "Ada")
    assert (status, words) == (0, "tiny_sum@1 is paused; 0 tasks are out and go on.\n")
    status, words = said("pause", "tiny_sum", "--why", "too warm")
    assert status != 0
    assert "tiny_sum@1 is paused already. Nothing was changed." in words
    status, words = said("resume", "tiny_sum")
    assert (status, words) == (0, "tiny_sum@1 goes on; lifted: all platforms.\n")
    assert audited() == ["experiment.pause", "experiment.pause", "experiment.resume"]


def test_one_platform_is_named_as_hosts_say_it(said):
    status, words = said("pause", "tiny_sum", "--why", "wrong sums", "--platform", "linux-x86_64-none", "--dry-run")
    assert status == 0
    assert "is paused on linux-x86_64-none; 0 tasks are out and go on (dry run: nothing was changed)" in words
    status, words = said("pause", "tiny_sum", "--why", "wrong sums", "--platform", "Windows 11")
    assert status != 0
    assert "platform" in words
    assert said("resume", "tiny_sum")[0] != 0  # the dry run left nothing


def test_a_bundle_is_approved_by_somebody(said):
    status, words = said("approve", "tiny_sum", "--by", "Ada", "--json")
    assert status == 0
    assert json.loads(words)["release"]["serial"] == 2


def test_an_earlier_bundle_is_taken_back(said):
    status, words = said("rollback", "tiny_sum", "--why", "slower by half")
    assert status == 0
    assert words == (
        "tiny_sum@1 is back at bundle 1, as 3, instead of 2; 1 tasks wait and get it, 0 are out and go on.\n"
    )
