"""`axiom idea` as a person types it."""

import json

import pytest

from axiom.__main__ import _main


@pytest.fixture
def say(capsys, tmp_path):
    """Types a command about the laboratory in a folder of its own; status, and answer or what was said."""

    def typed(*words: object, data: bool = True):
        where = ["--data", str(tmp_path / "lab")] if data else []
        status = _main([*map(str, words), *where])
        out, err = capsys.readouterr()
        return status, json.loads(out) if "--json" in words and out else out + err

    assert typed("init", tmp_path / "lab", "--port", 0, data=False)[0] == 0
    return typed


def test_an_idea_is_added_hidden_shown_answered_and_taken_back(say):
    status, dry = say("idea", "add", "Is it so?", "--why", "I saw it.", "--dry-run", "--json")
    assert (status, dry["idea"]["dry_run"], say("idea", "list", "--json")[1]) == (0, True, {"ideas": []})
    for question in ("Is it so?", "Is it not so?"):
        assert say("idea", "add", question, "--why", "I saw it.")[0] == 0
    assert say("idea", "hide", 1)[0] == 0
    assert [row["number"] for row in say("idea", "list", "--hidden", "--json")[1]["ideas"]] == [1]
    assert say("idea", "show-to-all", 1)[0] == 0
    assert say("idea", "show-to-all", 1)[0] == 4
    assert say("idea", "answer", 1, "known")[0] == 2
    assert say("idea", "answer", 1, "known", "--finding", 9)[0] == 3
    assert say("idea", "answer", 1, "declined", "--why", "it is too dear")[0] == 0
    assert say("idea", "show", 1, "--json")[1]["idea"]["answer"] == "it is too dear"
    assert say("idea", "withdraw", 2, "--by", "Eve")[0] == 4
    assert say("idea", "withdraw", 2)[0] == 0
    states = {row["number"]: row["state"] for row in say("idea", "list", "--json")[1]["ideas"]}
    assert states == {1: "declined", 2: "withdrawn"}


def test_signs_that_a_terminal_would_obey_are_not_taken(say):
    assert say("idea", "add", "Is it \x1b[2J so?", "--why", "I saw it.")[0] == 2
    assert say("idea", "list", "--json")[1] == {"ideas": []}
