"""`axiom program`, typed: let in with a token that is shown once, listed, limited and ended."""

import hashlib

import pytest


@pytest.fixture
def say(hand_over):
    """Types a command about a laboratory; status, answer and what was said."""
    return hand_over()


def test_a_program_is_let_in_listed_limited_and_ended(say, tmp_path):
    assert "No program" in say("program", "list")[1]
    told = tmp_path / "instructions.md"
    told.write_text("Read the results and say what follows.\n")
    status, token, err = say("program", "add", "ada", "--may", "propose", "--model", "some-1", "--prompt", told)
    assert (status, token.startswith("axiom_"), "shown once" in err) == (0, True, True)
    (one,) = say("program", "list", "--json")[1]["programs"]
    assert (one["name"], one["may"], one["model"], one["is_let_in"]) == ("ada", "propose", "some-1", True)
    assert one["prompt"] == hashlib.sha256(told.read_bytes()).hexdigest()
    assert say("program", "limit", "ada", "--limit", "core_hours_per_day=48")[0] == 0
    assert say("program", "list", "--json")[1]["programs"][0]["limits"]["core_hours_per_day"] == 48
    assert "48" in say("program", "list")[1]
    assert say("program", "end", "ada")[0] == 0
    assert say("program", "list", "--json")[1]["programs"][0]["is_let_in"] is False
    assert token.strip() not in str(say("audit", "show", "--json")[1])


def test_a_dry_run_lets_nobody_in_and_shows_no_token(say):
    status, answer, _ = say("program", "add", "ada", "--may", "read", "--dry-run", "--json")
    assert (status, "token" in answer["program"]) == (0, False)
    assert say("program", "list", "--json")[1] == {"programs": []}


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (("add", "Ada Lovelace", "--may", "read"), 2),
        (("add", "ada", "--may", "govern"), 2),
        (("add", "ada", "--may", "read", "--days", 0), 2),
        (("add", "ada", "--may", "read", "--limit", "many"), 2),
        (("add", "ada", "--may", "read", "--limit", "core_hours=2"), 2),
        (("add", "ada", "--may", "read", "--prompt", "no-such-file"), 2),
        (("limit", "ada", "--limit", "open_proposals=2"), 3),
        (("end", "ada"), 3),
    ],
)
def test_what_is_wrong_is_refused_and_nobody_is_let_in(say, words, status):
    found, _, err = say("program", *words)
    assert found == status, err
    assert say("program", "list", "--json")[1] == {"programs": []}
