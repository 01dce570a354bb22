"""`axiom finding`: beside a verdict stands what it says about the claim."""

import json

import pytest
from click.testing import CliRunner
from furnished import weighed

from axiom.cli.findings import finding
from axiom.domain.findings import Verdict
from axiom.store import evidence


@pytest.fixture
def say(small_lab, prepared):
    """Asks a laboratory whose one finding is an effect against its claim."""
    small_lab.publish(prepared())
    against = weighed(2, estimate=-0.9, low=-1.1, high=-0.7, verdict=Verdict.NEGATIVE)
    with small_lab.db.transaction():
        evidence.record(small_lab.db, 1, against, [], session_id=None, now=small_lab.now)

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
