"""`axiom failure` and `axiom watch`, typed: what the pages say, and what becomes of wrong words."""

import json
from contextlib import closing

import pytest
from furnished_lab import fill

from axiom.lab.steps.failures import count
from axiom.lab.steps.watch import look_for
from axiom.store.engine.database import connect_writer


@pytest.fixture
def say(hand_over, small_lab, prepared):
    """Types a command about a laboratory in which something went wrong; status, answer and what was said."""
    fill(small_lab, prepared)
    small_lab.later(days=1)
    with small_lab.db.transaction():
        count(small_lab.db, small_lab.now)
    return hand_over()


def test_failures_are_listed_as_on_their_page(say):
    status, answer, _ = say("failure", "list", "--json")
    assert status == 0
    assert "time-limit" in {row["cause"] for row in answer["failures"]}
    _, text, _ = say("failure", "list", "tiny_sum@1")
    assert "time-limit" in text
    assert "the host: it fails on this host alone" in text
    assert say("failure", "list", "nobody")[0] == 3


def test_a_watch_is_registered_met_listed_and_ended(say, small_lab):
    words = ("watch", "register", "tiny_sum", "total", ">", "1")
    status, answer, _ = say(*words, "--sentence", "Large sums.", "--dry-run", "--json")
    assert (status, answer["watch"]["predicate"]) == (0, "total > 1")
    assert "Nobody waits for anything." in say("watch", "list")[1]
    assert "Watch 1 waits for total > 1 in tiny_sum@1." in say(*words, "--sentence", "Large sums.")[2]
    with closing(connect_writer(small_lab.folder.database)) as db, db.transaction():
        look_for(db, small_lab.now)
    (listed,) = say("watch", "list", "--json")[1]["watches"]
    assert (listed["state"], listed["sentence"], listed["value"]) == ("met", "Large sums.", 1.5)
    _, doctor, _ = say("doctor", "--json")
    assert "watch 1 is met: Large sums." in json.dumps(doctor)
    assert "Watch 1 has ended" in say("watch", "end", 1)[2]
    assert "no open watch is met" in json.dumps(say("doctor", "--json")[1])


def test_a_threshold_below_zero_is_no_option(say):
    status, _, err = say("watch", "register", "tiny_sum", "total", "<", "-1.5e-3", "--sentence", "Below zero.")
    assert (status, "waits for total < -0.0015" in err) == (0, True)
    status, _, err = say("watch", "register", "tiny_sum", "total", "<", "-1", "--sentense", "Misspelt.")
    assert status == 2


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("tiny_sum", "totl", ">", "1"), 2, "total"),
        (("tiny_som", "total", ">", "1"), 2, "tiny_sum"),
        (("tiny_sum@9", "total", ">", "1"), 3, "no version 9"),
        (("tiny_sum", "total", ">", "nan"), 2, "threshold"),
        (("tiny_sum", "total", ">", "inf"), 2, "threshold"),
        (("tiny_sum", "total", "=", "1"), 2, "'='"),
        (("tiny_sum", "total", ">", "many"), 2, "many"),
    ],
)
def test_what_cannot_be_watched_for_is_refused_in_a_sentence(say, words, status, said):
    found, _, err = say("watch", "register", *words, "--sentence", "It says so.")
    assert (found, said in err) == (status, True), err
    assert "Nobody waits for anything." in say("watch", "list")[1]


def test_a_watch_that_is_not_there_or_has_ended_is_said(say):
    assert say("watch", "end", 7)[0] == 3
    say("watch", "register", "tiny_sum", "total", "<", "0", "--sentence", "It says so.")
    assert say("watch", "end", 1)[0] == 0
    status, _, err = say("watch", "end", 1)
    assert (status, "has ended already" in err) == (4, True)
