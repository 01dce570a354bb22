"""`axiom finding link` and `graph` as a person types them, in a laboratory that knows what the old one claimed."""

import json

import pytest

from axiom.__main__ import _main
from axiom.signed.bundles import contents
from axiom.store.engine.database import connect_writer
from axiom.store.registrations import registrations


@pytest.fixture
def say(capsys, tmp_path, prepared):
    """Types a command about a laboratory with two versions of tiny_sum: its status, and all that it said."""
    lab = tmp_path / "lab"

    def say(*words: object):
        status = _main([*map(str, words), "--data", str(lab)])
        out, err = capsys.readouterr()
        return json.loads(out) if "--json" in words else (status, out + err)

    assert _main(["init", str(lab), "--port", "0"]) == 0
    for version in (1, 2):
        file = tmp_path / "tiny_sum.py"
        file.write_bytes(contents(prepared(version=version).archive)["axiom/catalogue/tiny_sum.py"])
        assert say("experiment", "publish", file)[0] == 0
    return say


def said(say) -> list[tuple]:
    """The links that were not said by the old laboratory."""
    links = say("finding", "graph", "--json")["graph"]["links"]
    ends = [(one["source"]["name"], one["kind"], one["target"]["name"], one["by"]) for one in links]
    return [each for each in ends if each[-1] != "the old laboratory"]


SUPERSEDES = ("2", "supersedes", "1", "catalogue")


def test_a_link_that_is_said_stands_in_the_graph(say):
    assert said(say) == [SUPERSEDES]
    status, text = say("finding", "link", 1, "tests", "old:31", "--why", "it asks this")
    assert status == 0
    assert "1 tests old:31." in text
    assert "2 depends on 1." in say("finding", "link", 2, "depends-on", 1, "--why", "its data", "--by", "Grace")[1]
    assert "as was said before" in say("finding", "link", 2, "depends-on", 1, "--why", "again")[1]
    assert said(say) == [SUPERSEDES, ("1", "tests", "#31", "operator"), ("2", "depends on", "1", "Grace")]
    text = say("finding", "graph")[1]
    assert "says nothing yet" in text
    assert "nothing tests yet" in text
    assert "critical_sparsity" in text
    assert "open questions" in text


def test_a_dry_link_changes_nothing(say):
    assert "dry run" in say("finding", "link", 1, "tests", "old:31", "--why", "it asks this", "-n")[1]
    assert said(say) == [SUPERSEDES]


def test_what_may_not_be_said_is_refused_with_a_sentence(say):
    status, text = say("finding", "link", 1, "supersedes", 2, "--why", "an older one")
    assert status == 4
    assert "finding 1 supersedes finding 2: that would close a circle: 1 → 2 → 1. Nothing was linked." in text
    assert say("finding", "link", 7, "tests", "old:31", "--why", "it asks this")[0] == 3
    assert say("finding", "link", 1, "supports", "old:31", "--why", "it asks this")[0] == 2
    assert said(say) == [SUPERSEDES]


def test_a_finding_is_found_by_what_the_old_laboratory_called_it(say):
    say("finding", "link", 1, "tests", "old:31", "--why", "it asks this")
    for alias, amount in (("31", 1), ("#31", 1), ("compgen", 1), ("comp", 0), ("", 2)):
        assert len(say("finding", "list", "--alias", alias, "--json")["findings"]) == amount, alias


def test_a_terminal_has_no_pages(say, monkeypatch):
    monkeypatch.setattr("axiom.web.base.paging.LENGTH", 1)
    found = say("finding", "list", "--json")
    assert ([row["number"] for row in found["findings"]], found["next"]) == ([2, 1], None)


def test_a_finding_tells_what_it_asks_and_on_what_it_rests(say, tmp_path):
    upheld = ("--upheld-by", "opposite", "--upheld-by", "too-small")
    say("finding", "link", 2, "tests", "old:28", "--why", "it asks this", *upheld)
    say("finding", "link", 2, "depends-on", 1, "--why", "its data")
    assert "rests on what is void" not in say("finding", "show", 2)[1]
    db = connect_writer(tmp_path / "lab" / "axiom.db")
    with db.transaction():
        registrations.set_status(db, 1, "suspended", "a test")
    db.close()
    assert "suspended" in say("finding", "list")[1]
    found = say("finding", "show", 2, "--json")["finding"]
    assert found["depends_on_void"] == [{"number": 1, "status": "suspended"}]
    assert found["links"][1]["upheld_by"] == ["the opposite of the claim", "too small to matter"]
    text = say("finding", "show", 2)[1]
    assert "#28, which it tests: the wider two networks are, the more alike are their representations; one seed" in text
    assert "finding 1, suspended" in text
    assert "finding 2 tests old claim #28: says nothing yet" in text


def test_a_paper_is_printed_or_written_and_takes_words_that_type_no_number(say, tmp_path):
    status, told = say("finding", "paper", 2, 1)
    assert status == 0
    assert "## Limitations" in told
    for ending in ("tex", "html"):
        target = tmp_path / f"paper.{ending}"
        assert say("finding", "paper", 1, "--to", target)[0] == 0
        assert "Limitations" in target.read_text()
    assert say("finding", "paper", 1, "--to", tmp_path / "paper.pdf")[0] != 0
    words = tmp_path / "mine.txt"
    words.write_text("{F1} rests on 3 seeds.")
    status, told = say("finding", "paper", 1, "--words", words)
    assert status != 0
    assert "'3' types a number" in told
    words.write_text("{F1} is open.\n")
    assert "> finding 1 is open." in say("finding", "paper", 1, "--words", words, "--by", "Ada")[1]
