"""`axiom finding`: beside a verdict stands what it says about the claim."""

import json
import zipfile

import pytest
from click.testing import CliRunner
from evidence_lines import record
from furnished_lab import weigh_three_blocks, weighed

from axiom.cli.finding.findings import finding
from axiom.domain.findings import Grade, Verdict
from axiom.errors import WrongUse


@pytest.fixture
def say(small_lab, prepared):
    """Asks a laboratory whose one finding is an effect against its claim."""
    small_lab.publish(prepared())
    against = weighed(2, estimate=-0.9, low=-1.1, high=-0.7, verdict=Verdict.NEGATIVE)
    with small_lab.db.transaction():
        record(small_lab.db, 1, against, [], session_id=None, now=small_lab.now)

    def say(*words: str) -> str:
        done = CliRunner().invoke(finding, [*words, "--data", str(small_lab.folder.path)], catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.stdout

    return say


@pytest.mark.parametrize("words", [("list",), ("show", "1")], ids=" ".join)
def test_the_verdict_is_read_for_the_claim(say, words):
    text = say(*words)
    assert "effect −" in text
    assert "the opposite of the claim" in text


def test_the_json_has_it_as_the_pages_do(say):
    assert [row["reads"] for row in json.loads(say("list", "--json"))["findings"]] == ["the opposite of the claim"]
    assert json.loads(say("show", "1", "--json"))["finding"]["reads"] == "the opposite of the claim"


def test_the_surest_finding_comes_first_where_that_is_asked_for(say, small_lab, prepared):
    small_lab.publish(prepared(version=2))
    unsure = weighed(2, grade=Grade.AWAITING, verdict=Verdict.UNDECIDED)
    with small_lab.db.transaction():
        record(small_lab.db, 2, unsure, [], session_id=None, now=small_lab.now)
    orders = {(): [2, 1], ("--order", "newest"): [2, 1], ("--order", "surest"): [1, 2]}
    for words, numbers in orders.items():
        assert [row["number"] for row in json.loads(say("list", *words, "--json"))["findings"]] == numbers


@pytest.fixture(scope="module")
def ask(new_lab, prepared, tmp_path_factory):
    """Asks a laboratory whose finding was weighed from three blocks of real results."""
    lab = new_lab(tmp_path_factory.mktemp("weighed") / "lab")
    weigh_three_blocks(lab, prepared)
    yield lambda *words: CliRunner().invoke(finding, [*words, "--data", str(lab.folder.path)])
    lab.db.close()


def test_the_card_says_what_the_page_says(ask):
    said = json.loads(ask("show", "1", "--json").stdout)["finding"]
    text = ask("show", "1").stdout
    assert said["scope"]["words"] in text
    assert f"Cite: {said['cite']}" in text
    for need in said["evidence"]["needs"]:
        assert need in text
    assert "1: " in text
    assert "linux-x86_64-avx512: " in text
    assert "host 4 (linux-x86_64-avx2): 1 failed of 1 tasks" in text
    assert "catalogue, informed: + 0.80, absent 0.10, − 0.10, [0.5, 1.5]" in text


def test_an_export_is_the_same_in_a_file_and_in_a_folder(ask, tmp_path):
    file, folder = tmp_path / "a.zip", tmp_path / "deep" / "crate"
    for target in (file, folder):
        done = ask("export", "1", "--to", str(target))
        assert (done.exit_code, done.stdout, done.stderr) == (0, "", f"Wrote {target}\n")
    with zipfile.ZipFile(file) as archive:
        packed = {name.removeprefix("finding-1/"): archive.read(name) for name in archive.namelist()}
    written = {str(each.relative_to(folder)): each.read_bytes() for each in folder.rglob("*") if each.is_file()}
    assert packed == written
    assert {"recompute.py", "observations.csv", "ro-crate-metadata.json"} <= set(written)


def test_a_folder_with_something_in_it_is_left_alone(ask, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    done = ask("export", "1", "--to", str(tmp_path))
    assert isinstance(done.exception, WrongUse)
    assert "is there and is no empty folder. Nothing was written" in str(done.exception)
    assert [each.name for each in tmp_path.iterdir()] == ["mine.txt"]


def test_what_is_not_there_is_not_exported(ask, tmp_path):
    done = ask("export", "7", "--to", str(tmp_path / "x.zip"))
    assert "There is no finding 7." in str(done.exception)
    assert list(tmp_path.iterdir()) == []
