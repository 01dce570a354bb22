"""`axiom registration` and `axiom experiment recall` as a person types them."""

import json

import pytest

from axiom.__main__ import _main
from axiom.signed.bundles import contents
from axiom.store.engine.database import connect_writer


@pytest.fixture
def say(capsys, tmp_path):
    """Types a command about the laboratory in a folder of its own; status, answer and what was said."""

    def typed(*words: object, data: bool = True):
        where = ["--data", str(tmp_path / "lab")] if data else []
        status = _main([*map(str, words), *where])
        out, err = capsys.readouterr()
        return status, (json.loads(out) if "--json" in words and out else out), err

    return typed


@pytest.fixture
def lab(say, tmp_path, prepared):
    """A laboratory in which tiny_sum is published."""
    file = tmp_path / "tiny_sum.py"
    file.write_bytes(contents(prepared(has_shift=True).archive)["axiom/catalogue/tiny_sum.py"])
    assert say("init", tmp_path / "lab", "--port", 0, data=False)[0] == 0
    assert say("experiment", "publish", file)[0] == 0
    return tmp_path / "lab"


SAID = ("--chances", 0.5, 0.25, 0.25, "--interval", -1, 1, "--because", "a test")


@pytest.mark.usefixtures("lab")
def test_a_design_is_registered_shown_and_verified(say):
    words = ("registration", "design", "tiny_sum", "wide", "size=1,2", "shift=5,9", "--why", "further out")
    status, dry, _ = say(*words, "--dry-run", "--json")
    assert (status, dry["registration"]["dry_run"]) == (0, True)
    status, _, err = say(*words, "--stopping", "fixed", "--replicates", 24)
    assert status == 0
    assert "Registration 2 of tiny_sum@1, design wide, for findings 1." in err
    listed = say("registration", "list", "--json")[1]["registrations"]
    assert [(one["number"], one["design"], one["cells"]) for one in listed] == [(2, "wide", 4), (1, "declared", 2)]
    assert listed[0]["stopping"] == "ends after 24 replicates"
    assert say("experiment", "deploy", "tiny_sum", "--workunits", 2, "--registration", 2)[0] == 0
    assert [one["issued"] > 0 for one in say("registration", "list", "--json")[1]["registrations"]] == [True, False]
    shown = say("registration", "show", 2)[1]
    assert "further out" in shown
    assert "open: 4 of 8 replicates are ordered" in shown
    assert "as in registration 1, the first of this version" in shown
    assert "finding 1: grows" in shown
    assert say("registration", "verify", "--json")[1]["registrations"]["entries"] == 2
    assert say("registration", "verify")[1].startswith("2 registrations follow each other")


def test_a_chain_that_was_touched_does_not_verify(say, lab):
    db = connect_writer(lab / "axiom.db")
    db.execute("UPDATE registration SET cohort = 'exploratory'")
    db.close()
    status, out, _ = say("registration", "verify")
    assert status == 1
    assert out == "registration 1 was altered after it was written\n"


@pytest.mark.usefixtures("lab")
@pytest.mark.parametrize(("levels", "problem"), [("size=11", "outside 1 to 9"), ("depth=2", "depth")])
def test_levels_beyond_what_the_file_declares_are_refused(say, levels, problem):
    status, _, err = say("registration", "design", "tiny_sum", "wide", levels, "--why", "a test")
    assert (status, problem in err) == (2, True)


@pytest.mark.usefixtures("lab")
def test_predictions_cohorts_and_amendments_follow_each_other(say):
    assert say("registration", "predict", 1, "--forecaster", "Ada", *SAID)[0] == 0
    status, _, err = say("registration", "predict", 1, "--forecaster", "Ada", *SAID)
    assert (status, "predicted finding 1 already" in err) == (4, True)
    assert say("registration", "cohort", 1, "--why", "to confirm")[0] == 0
    words = ("registration", "amend", 1, "--null", 0.5, "--why", "it looked so", "--forecaster", "Ada", *SAID)
    _, made, _ = say(*words, "--json")
    assert made["registration"]["findings"] == [{"number": 2, "estimand": "grows_2", "is_new": True}]
    told = say("registration", "forecasters")[1].splitlines()
    assert [line.split("  ")[0] for line in told] == [
        "forecaster",
        "Ada",
        "Ada, informed",
        "autopilot",
        "operator",
    ]


@pytest.mark.usefixtures("lab")
def test_a_recall_is_shown_before_it_is_done(say):
    assert say("experiment", "deploy", "tiny_sum", "--workunits", 3)[0] == 0
    status, out, err = say("experiment", "recall", "tiny_sum@1", "--why", "the sum was wrong", "--dry-run")
    assert status == 0
    assert "workunits      3 open" in out
    assert "nothing was changed" in err
    assert say("experiment", "list", "--json")[0] == 0
    status, done, _ = say("experiment", "recall", "tiny_sum@1", "--why", "the sum was wrong", "--yes", "--json")
    assert (status, done["recall"]["cancelled"]) == (0, 3)
    status, _, err = say("experiment", "reopen", "tiny_sum", "--why", "a test")
    assert (status, "never opened again" in err) == (4, True)
    status, _, err = say("finding", "reopen", 1, "--why", "a test")
    assert (status, "never opened again" in err) == (4, True)


@pytest.mark.usefixtures("lab")
def test_a_recall_that_nobody_confirms_is_not_done(say):
    status, _, _ = say("experiment", "recall", "tiny_sum@1", "--why", "the sum was wrong")
    assert status != 0
    assert say("finding", "list", "--json")[1]["findings"][0]["status"] == "open"


@pytest.mark.usefixtures("lab")
def test_what_was_retired_is_opened_again(say):
    assert say("experiment", "retire", "tiny_sum")[0] == 0
    assert say("experiment", "reopen", "tiny_sum", "--why", "a test")[2] == "tiny_sum@1 is open again.\n"


def test_replicates_in_one_command_are_refused_where_numbers_belong_to_another_design(say, lab):
    words = ("registration", "design", "tiny_sum", "wide", "size=1,2", "shift=5,9", "--why", "further out")
    assert say(*words)[0] == 0
    assert say("experiment", "deploy", "tiny_sum", "--registration", 2)[0] == 0
    file = lab.parent / "tiny_sum.py"
    status, _, err = say("experiment", "run", file, "--replicates", 2, "--workers", 1)
    assert (status, "belong to several registrations" in err) == (4, True)
