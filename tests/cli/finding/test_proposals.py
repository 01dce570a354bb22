"""`axiom proposal` as a person types it."""

import json
from datetime import UTC, datetime

import pytest
from furnished_lab import proposed

from axiom.__main__ import _main
from axiom.domain.proposals import Admission, Template
from axiom.signed.bundles import contents
from axiom.store.engine.database import connect_writer
from axiom.store.registrations import proposals


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
    """A laboratory in which tiny_sum is published and two things are proposed."""
    file = tmp_path / "tiny_sum.py"
    file.write_bytes(contents(prepared(has_shift=True).archive)["axiom/catalogue/tiny_sum.py"])
    assert say("init", tmp_path / "lab", "--port", 0, data=False)[0] == 0
    assert say("experiment", "publish", file)[0] == 0
    asked = {"template": Template.CONFIRM, "admission": Admission.COHORT, "configs": (), "is_informed": True}
    one = proposed()
    cohort = type(one)(**{name: getattr(one, name) for name in one.__slots__} | asked | {"slug": "confirm-1"})
    db = connect_writer(tmp_path / "lab" / "axiom.db")
    with db.transaction():
        for each in (one, cohort):
            proposals.add(db, each, 1, None, datetime(2026, 3, 2, tzinfo=UTC))
    db.close()
    return tmp_path / "lab"


@pytest.mark.usefixtures("lab")
def test_proposals_are_listed_shown_approved_and_refused(say):
    listed = say("proposal", "list", "--json")[1]["proposals"]
    assert [(one["number"], one["state"], one["template"]) for one in listed] == [
        (2, "open", "confirm"),
        (1, "open", "extremes"),
    ]
    shown = say("proposal", "show", 2)[1]
    for words in ("It reaches to the ends.", "effect + 0.75", "Something else takes over.", "0.0267"):
        assert words in shown
    assert say("proposal", "show", 2, "--json")[1]["proposal"]["prediction"]["absent"] == 0.15
    status, dry, _ = say("proposal", "approve", 2, "--why", "it matters", "--dry-run", "--json")
    assert (status, dry["proposal"]["dry_run"], dry["proposal"]["registration"]) == (0, True, 2)
    status, _, err = say("proposal", "approve", 2, "--why", "it matters", "--by", "Ada")
    assert (status, "Proposal 2 is approved: registration 2." in err) == (0, True)
    status, _, err = say("proposal", "refuse", 1, "--why", "of no interest")
    assert (status, "Proposal 1 is refused." in err) == (0, True)
    status, _, err = say("proposal", "refuse", 1, "--why", "again")
    assert (status, "Proposal 1 is refused: of no interest" in err) == (4, True)
    assert say("proposal", "list", "--state", "open")[1] == "No proposal is open.\n"
    rows = say("proposal", "list", "--state", "approved", "--json")[1]["proposals"]
    assert [(one["number"], one["decided_by"]) for one in rows] == [(2, "Ada")]


@pytest.mark.usefixtures("lab")
def test_a_number_that_nothing_has_is_said(say):
    status, _, err = say("proposal", "show", 9)
    assert (status, "There is no proposal 9. The numbers run from 1 to 2" in err) == (3, True)
    assert say("proposal", "approve", 9, "--why", "a test")[0] == 3
