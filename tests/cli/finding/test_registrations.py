"""`axiom registration`, `proposal`, `idea` and `finding` as a person types them."""

import zipfile
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from evidence_lines import record
from furnished_lab import proposed, weigh_three_blocks, weighed

from axiom.domain.proposals import Admission, Template
from axiom.store.engine.database import connect_writer
from axiom.store.registrations import proposals, registrations
from axiom_weigh.values import Grade, Verdict

WORTH = ("--chances", 0.5, 0.25, 0.25, "--interval", -1, 1, "--because", "a test", "--forecaster", "Ada")
DESIGN = ("registration", "design", "tiny_sum", "wide", "size=1,2", "shift=5,9", "--why", "further out")


@contextmanager
def writing(folder):
    """Its records, while no command has them."""
    with closing(connect_writer(folder.database)) as db, db.transaction():
        yield db


def test_a_design_is_registered_shown_and_verified(say, published):
    status, dry, _ = say(*DESIGN, "--dry-run", "--json")
    assert (status, dry["registration"]["dry_run"]) == (0, True)
    assert say(*DESIGN, "--stopping", "fixed", "--replicates", 24)[0] == 0

    def listed() -> dict:
        return {row["number"]: row for row in say("registration", "list", "--json")[1]["registrations"]}

    assert {number: (row["design"], row["cells"]) for number, row in listed().items()} == {
        1: ("declared", 2),
        2: ("wide", 4),
    }
    assert "24" in listed()[2]["stopping"]
    assert say("experiment", "deploy", "tiny_sum", "--workunits", 2, "--registration", 2)[0] == 0
    assert [number for number, row in listed().items() if row["issued"]] == [2]
    shown = say("registration", "show", 2)[1]
    assert [fact for fact in ("4 of 8", "finding 1: grows") if fact not in shown] == []
    assert say("registration", "verify", "--json")[1]["registrations"]["entries"] == 2
    for levels, problem in (("size=11", "1 to 9"), ("depth=2", "depth")):
        status, _, err = say("registration", "design", "tiny_sum", "wide", levels, "--why", "a test")
        assert status == 2
        assert problem in err
    file = published.catalogue / "tiny_sum.py"
    assert say("experiment", "run", file, "--replicates", 2, "--workers", 1)[0] == 4  # numbers are of another design
    with writing(published) as db:
        db.execute("UPDATE registration SET cohort = 'exploratory'")
    status, out, _ = say("registration", "verify")
    assert status == 1
    assert out.startswith("registration 1 ")


@pytest.mark.usefixtures("published")
def test_a_recall_is_shown_and_confirmed_before_it_is_done_and_is_for_good(say):
    recall = ("experiment", "recall", "tiny_sum@1", "--why", "the sum was wrong")
    for verb, why in (("retire", ()), ("reopen", ("--why", "a test"))):
        assert say("experiment", verb, "tiny_sum", *why)[0] == 0
    assert say("experiment", "deploy", "tiny_sum", "--workunits", 3)[0] == 0
    status, out, _ = say(*recall, "--dry-run")
    assert status == 0
    assert "3 open" in out
    assert say(*recall)[0] != 0  # nobody confirmed it
    assert say("finding", "list", "--json")[1]["findings"][0]["status"] == "open"
    status, done, _ = say(*recall, "--yes", "--json")
    assert (status, done["recall"]["cancelled"]) == (0, 3)
    assert say("experiment", "reopen", "tiny_sum", "--why", "a test")[0] == 4
    assert say("finding", "reopen", 1, "--why", "a test")[0] == 4


def test_proposals_are_listed_shown_approved_and_refused(say, published):
    cohort = {"template": Template.CONFIRM, "admission": Admission.COHORT, "configs": (), "is_informed": True}
    with writing(published) as db:
        for made in (proposed(), replace(proposed(), slug="confirm-1", **cohort)):
            proposals.add_proposal(db, made, 1, None, datetime(2026, 3, 2, tzinfo=UTC))

    def states(*words) -> list[tuple]:
        rows = say("proposal", "list", *words, "--json")[1]["proposals"]
        return [(row["number"], row["state"], row["decided_by"]) for row in rows]

    assert [row[:2] for row in states()] == [(2, "open"), (1, "open")]
    assert say("proposal", "show", 2, "--json")[1]["proposal"]["prediction"]["absent"] == 0.15
    status, dry, _ = say("proposal", "approve", 2, "--why", "it matters", "--dry-run", "--json")
    assert status == 0
    assert dry["proposal"]["dry_run"] is True
    assert dry["proposal"]["registration"] == 2
    assert say("proposal", "approve", 2, "--why", "it matters", "--by", "Ada")[0] == 0
    for status in (0, 4):  # it is refused once
        assert say("proposal", "refuse", 1, "--why", "of no interest")[0] == status
    assert states("--state", "open") == []
    assert states("--state", "approved") == [(2, "approved", "Ada")]
    assert [say("proposal", *words)[0] for words in (("show", 9), ("approve", 9, "--why", "a test"))] == [3, 3]


@pytest.mark.usefixtures("lab")
def test_an_idea_is_added_hidden_shown_answered_and_taken_back(say):
    status, dry, _ = say("idea", "add", "Is it so?", "--why", "I saw it.", "--dry-run", "--json")
    assert (status, dry["idea"]["dry_run"]) == (0, True)
    assert say("idea", "add", "Is it \x1b[2J so?", "--why", "I saw it.")[0] == 2
    assert say("idea", "list", "--json")[1] == {"ideas": []}
    for question in ("Is it so?", "Is it not so?"):
        assert say("idea", "add", question, "--why", "I saw it.")[0] == 0
    assert say("idea", "hide", 1)[0] == 0
    assert [row["number"] for row in say("idea", "list", "--hidden", "--json")[1]["ideas"]] == [1]
    for words, status in (
        *((("show-to-all", 1), 0), (("show-to-all", 1), 4), (("answer", 1, "known"), 2)),
        *((("answer", 1, "known", "--finding", 9), 3), (("answer", 1, "declined", "--why", "it is too dear"), 0)),
        *((("withdraw", 2, "--by", "Eve"), 4), (("withdraw", 2), 0)),
    ):
        assert say("idea", *words)[0] == status, words
    quotes = say("idea", "show", 1, "--json")[1]["idea"]["said"]
    assert [(entry["by"], entry["text"]) for entry in quotes] == [
        ("operator", "I saw it."),
        ("operator", "it is too dear"),
    ]
    states = {row["number"]: row["state"] for row in say("idea", "list", "--json")[1]["ideas"]}
    assert states == {1: "declined", 2: "withdrawn"}


def test_links_that_are_said_stand_in_the_graph_and_on_what_a_finding_rests_is_told(say, published, monkeypatch):
    def link(*words, why: str = "it asks this", more: tuple = ()) -> int:
        return say("finding", "link", *words, "--why", why, *more)[0]

    def graph() -> list[tuple]:
        links = say("finding", "graph", "--json")[1]["graph"]["links"]
        ends = [(link["source"]["name"], link["kind"], link["target"]["name"], link["by"]) for link in links]
        return [row for row in ends if row[-1] != "the old laboratory"]

    file = published.path.parent / "tiny_sum.py"
    file.write_text((published.catalogue / "tiny_sum.py").read_text().replace("version=1", "version=2"))
    assert say("experiment", "publish", file)[0] == 0
    supersedes = ("2", "supersedes", "1", "catalogue")
    assert link(1, "tests", "old:31", more=("-n",)) == 0
    statuses = [link(1, "supersedes", 2), link(7, "tests", "old:31"), link(1, "supports", "old:31")]
    assert (statuses, graph()) == ([4, 3, 2], [supersedes])  # the first would close a circle
    assert link(1, "tests", "old:31") == 0
    for _ in range(2):  # once more changes nothing
        assert link(2, "depends-on", 1, more=("--by", "Grace")) == 0
    assert graph() == [supersedes, ("1", "tests", "#31", "operator"), ("2", "depends on", "1", "Grace")]
    for alias, amount in (("31", 1), ("#31", 1), ("compgen", 1), ("comp", 0), ("", 2)):
        assert len(say("finding", "list", "--alias", alias, "--json")[1]["findings"]) == amount, alias
    assert link(2, "tests", "old:28", more=("--upheld-by", "-", "--upheld-by", "too-small")) == 0
    with writing(published) as db:
        registrations.set_finding_status(db, 1, "suspended", "a test")
    finding = say("finding", "show", 2, "--json")[1]["finding"]
    assert finding["depends_on_void"] == [{"number": 1, "status": "suspended"}]
    upheld = [link["upheld_by"] for link in finding["links"] if link["target"]["name"] == "#28"]
    assert upheld == [["effect −", "absent"]]
    assert "suspended" in say("finding", "show", 2)[1]
    monkeypatch.setattr("axiom.reads.base.paging.LENGTH", 1)
    finding = say("finding", "list", "--json")[1]  # a terminal has no pages
    assert ([row["number"] for row in finding["findings"]], finding["next"]) == ([2, 1], None)


def test_a_paper_is_printed_and_predictions_cohorts_and_amendments_follow_each_other(say, published, tmp_path):
    assert say("finding", "paper", 1)[1].startswith("#")
    for ending, begins in (("tex", "\\"), ("html", "<!")):
        target = tmp_path / f"paper.{ending}"
        assert say("finding", "paper", 1, "--to", target)[0] == 0
        assert target.read_text().lstrip().startswith((begins, "%"))
    assert say("finding", "paper", 1, "--to", tmp_path / "paper.pdf")[0] != 0
    words = tmp_path / "mine.txt"
    words.write_text("{F1} is open.\n")
    status, _, err = say("finding", "paper", 1, "--words", words)
    assert status == 4
    assert "no evidence" in err
    with writing(published) as db:
        record(db, 1, weighed(2), [], session_id=None, now=datetime.now(UTC))
    words.write_text("{F1} is open, on 3 seeds.\n")
    assert "> finding 1 is open, on 3 seeds." in say("finding", "paper", 1, "--words", words, "--by", "Ada")[1]
    for status in (0, 4):  # a second prediction of the same finding is refused
        assert say("registration", "predict", 1, *WORTH)[0] == status
    assert say("registration", "cohort", 1, "--why", "to confirm")[0] == 0
    asked = say("registration", "goal", "tiny_sum", 100, "--why", "a hundred seeds of this", "--json")[1][
        "registration"
    ]
    assert (asked["design"], asked["stopping"]) == ("declared", "ends after 100 replicates")
    assert [(goal["replicates"], goal["ordered"]) for goal in say("session", "plan", "--json")[1]["goals"]] == [
        (32, 0),  # of the cohort as many as settle most questions
        (100, 0),
    ]
    words = ("registration", "amend", 1, "--null", 0.5, "--expects", "+", "--why", "it looked so", *WORTH)
    made = say(*words, "--json")[1]["registration"]
    assert made["findings"] == [{"number": 2, "estimand": "grows_2", "is_new": True}]
    rows = [line.split("  ")[0] for line in say("registration", "forecasters")[1].splitlines()]
    assert rows == ["forecaster", "Ada", "Ada, informed", "autopilot", "operator"]


def test_findings_are_read_for_their_claim_and_the_surest_comes_first(say_to, small_lab, prepared):
    lines = (
        weighed(2, estimate=-0.9, low=-1.1, high=-0.7, verdict=Verdict.NEGATIVE),
        weighed(2, grade=Grade.AWAITING, verdict=Verdict.UNDECIDED),
    )
    for number, line in enumerate(lines, start=1):
        small_lab.publish(prepared(version=number))
        with small_lab.db.transaction():
            record(small_lab.db, number, line, [], session_id=None, now=small_lab.now)
    folder = small_lab.folder.path
    for words, numbers in (((), [1, 2]), (("--order", "newest"), [1, 2]), (("--order", "surest"), [1, 2])):
        rows = say_to(folder, "finding", "list", *words, "--json")[1]["findings"]
        assert [row["number"] for row in rows] == numbers
    reads = say_to(folder, "finding", "show", "1", "--json")[1]["finding"]["reads"]
    assert reads == rows[0]["reads"] == "the opposite of the claim"
    assert all(reads in say_to(folder, "finding", *words)[1] for words in (("list",), ("show", "1")))


@pytest.fixture(scope="module")
def folder(new_lab, prepared, tmp_path_factory):
    """Of a laboratory whose finding was weighed from three blocks of real results."""
    lab = new_lab(tmp_path_factory.mktemp("weighed") / "lab")
    weigh_three_blocks(lab, prepared)
    yield lab.folder.path
    lab.db.close()


def test_an_export_is_the_same_in_a_file_and_in_a_folder(say_to, folder, tmp_path):
    file, crate = tmp_path / "a.zip", tmp_path / "deep" / "crate"
    for target in (file, crate):
        status, out, err = say_to(folder, "finding", "export", "1", "--to", target)
        assert status == 0
        assert out == ""
        assert str(target) in err
    with zipfile.ZipFile(file) as archive:
        packed = {name.removeprefix("finding-1/"): archive.read(name) for name in archive.namelist()}
    written = {str(path.relative_to(crate)): path.read_bytes() for path in crate.rglob("*") if path.is_file()}
    assert packed == written
    assert {"recompute.py", "observations.csv", "ro-crate-metadata.json"} <= set(written)
    assert not any(name.startswith(".") for name in written), "what is hidden in a folder may be there before"
    before = sorted(tmp_path.iterdir())
    assert say_to(folder, "finding", "export", "1", "--to", tmp_path)[0] == 2  # there is something in it
    assert say_to(folder, "finding", "export", "7", "--to", tmp_path / "x.zip")[0] == 3
    assert sorted(tmp_path.iterdir()) == before


def test_an_export_goes_into_a_folder_with_hidden_files_alone(say_to, folder, tmp_path):
    theirs = {tmp_path / ".DS_Store": b"how the window looks", tmp_path / ".git" / "README.md": b"mine"}
    for file, body in theirs.items():
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(body)
    assert say_to(folder, "finding", "export", "1", "--to", tmp_path)[0] == 0
    assert (tmp_path / "recompute.py").exists()
    assert {file: file.read_bytes() for file in theirs} == theirs
