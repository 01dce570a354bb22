"""`axiom cluster`, typed: a key is written once, renewed in its place, and never over another file."""

import pytest


@pytest.fixture
def say(hand_over, tmp_path, monkeypatch):
    """Types a command about a laboratory, in a folder of one's own; status, answer and what was said."""
    monkeypatch.chdir(tmp_path)
    return hand_over()


@pytest.fixture
def file(tmp_path):
    return tmp_path / "alpha.key"


def test_a_renewed_key_takes_the_place_of_the_one_before(say, file):
    assert say("cluster", "add", "alpha")[0] == 0
    first = file.read_text()
    status, answer, _ = say("cluster", "renew", "alpha", "--json")
    assert (status, answer["cluster"]["key_file"]) == (0, file.name)
    assert file.read_text() != first
    assert file.stat().st_mode & 0o777 == 0o600
    assert [one.name for one in file.parent.glob("alpha*")] == [file.name]


def test_a_first_key_is_written_over_nothing(say, file):
    file.write_text("the key of something else")
    assert say("cluster", "add", "alpha")[0] == 2
    assert file.read_text() == "the key of something else"
    assert say("cluster", "list", "--json")[1]["clusters"] == []


def test_a_key_that_the_laboratory_does_not_renew_leaves_the_file_as_it_was(say, file):
    file.write_text("the key of something else")
    assert say("cluster", "renew", "alpha")[0] == 3
    assert file.read_text() == "the key of something else"
    assert [one.name for one in file.parent.glob("alpha*")] == [file.name]
