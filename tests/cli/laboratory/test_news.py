"""`axiom news`, typed: said, listed, taken back; and what is wrong is refused."""

from datetime import UTC, datetime, timedelta

import pytest

LINE = "The server moves on Saturday."


@pytest.fixture
def say(hand_over):
    """Types a command about a laboratory; status, answer and what was said."""
    return hand_over()


def test_news_are_said_listed_and_withdrawn(say):
    assert "Nothing was said." in say("news", "list")[1]
    status, _, err = say("news", "add", LINE, "--dry-run")
    assert (status, "dry run: nothing was said" in err) == (0, True)
    assert say("news", "list", "--json")[1] == {"said": []}
    status, answer, _ = say("news", "add", LINE, "--text", "Clients wait.\n\nNothing is lost.", "--json")
    assert (status, answer["news"]["news"], answer["news"]["hosts_told"]) == (0, 1, 0)
    (one,) = say("news", "list", "--json")[1]["said"]
    assert (one["number"], one["line"], one["paragraphs"]) == (1, LINE, ["Clients wait.", "Nothing is lost."])
    assert LINE in say("news", "list")[1]
    status, _, err = say("news", "withdraw", 1)
    assert (status, err.strip()) == (0, f"News 1 is withdrawn: {LINE}")
    assert say("news", "list", "--json")[1] == {"said": []}


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("add", "Hm"), 2, "at least 3 characters"),
        (("add", "Two\nlines"), 2, "line must match"),
        (("add", "x" * 201), 2, "at most 200 characters"),
        (("add", LINE, "--text", "x" * 4_001), 2, "at most 4000 characters"),
        (("add", LINE, "--until", "soon"), 2, "'soon' is no moment like"),
        (("add", LINE, "--until", "2001-01-01T00:00"), 4, "is over. Nothing was said."),
        (("add", LINE, "--until", "2999-01-01T00:00"), 4, "is later. Nothing was said."),
        (("withdraw", 7), 3, "There is no news 7"),
    ],
)
def test_what_is_wrong_is_refused_and_nothing_is_said(say, words, status, said):
    found, _, err = say("news", *words)
    assert (found, said in err) == (status, True), err
    assert say("news", "list", "--json")[1] == {"said": []}


def test_what_was_withdrawn_is_not_withdrawn_twice(say):
    say("news", "add", LINE)
    assert say("news", "withdraw", 1)[0] == 0
    status, _, err = say("news", "withdraw", 1)
    assert (status, "was withdrawn already" in err) == (4, True)


def test_until_a_moment_of_another_zone_is_kept_in_utc(say):
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).replace(microsecond=0)
    said = tomorrow.isoformat().replace("+00:00", "+02:00")
    answer = say("news", "add", LINE, "--until", said, "--json")[1]["news"]
    assert answer["until"] == (tomorrow - timedelta(hours=2)).isoformat()
