"""`axiom host`: what the pages say, with the names that the operator may know."""

import json

import pytest
from furnished_lab import HOSTILE, fill

from axiom.__main__ import _main
from axiom.store.tasks import progress
from axiom.store.tasks.progress import SaidProgress


@pytest.fixture
def say(capsys, small_lab, prepared):
    """Types a command about a laboratory with three hosts; status, answer and what was said."""
    fill(small_lab, prepared)

    def typed(*words: object):
        status = _main([*map(str, words), "--data", str(small_lab.folder.path)])
        out, err = capsys.readouterr()
        return status, (json.loads(out) if "--json" in words and out else out), err

    return typed


def test_hosts_are_listed_as_on_their_page_with_their_names(say):
    _, answer, _ = say("host", "list", "--json")
    assert [(row["number"], row["name"]) for row in answer["hosts"]] == [
        (1, HOSTILE),
        (2, "kitchen.grace.example"),
        (3, "secret.shy.example"),
    ]
    assert (answer["of"], answer["next"]) == (3, None)
    _, text, _ = say("host", "list", "--after", 1)
    assert "kitchen.grace.example" in text
    assert "linux" not in text
    assert say("host", "list", "--after", 3)[1] == "There is no host behind 3.\n"


def test_one_host_is_shown_with_how_it_stands(say):
    _, answer, _ = say("host", "show", 2, "--json")
    assert answer["host"]["name"] == "kitchen.grace.example"
    assert answer["host"]["standing"]["tasks_per_core_and_day"] > 0
    _, text, _ = say("host", "show", 3)
    assert "When it last asked, it got no work: no waiting task fits into its memory of 7,900 MB." in text
    assert "\x1b" not in text
    assert "5 of 7" in say("host", "show", 1)[1]


def test_why_is_one_sentence(say):
    status, text, _ = say("host", "why", 3)
    assert (status, text.count("\n")) == (0, 1)
    assert text == "Host 3 got no work when it last asked: no waiting task fits into its memory of 7,900 MB.\n"
    _, answer, _ = say("host", "why", 1, "--json")
    assert answer["host"]["why_no_work"] is None
    assert answer["host"]["reason"] == "Host 1 got work when it last asked for some."


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("host", "why", 9), 3, "There is no host 9. The numbers run from 1 to 3"),
        (("host", "show", 9), 3, "There is no host 9. The numbers run from 1 to 3"),
        (("volunteer", "show", 9), 3, "There is no volunteer 9. The numbers run from 1 to 3"),
        (("team", "show", 9), 3, "There is no team 9. The numbers run from 1 to 1"),
        (("host", "wyh", 1), 2, "Did you mean why?"),
        (("volunteer", "carryover"), 2, "Did you mean carry-over?"),
        (("host", "list", "--after", -1), 2, "is not in the range"),
    ],
)
def test_what_is_not_there_is_said_with_what_is(say, words, status, said):
    found, out, err = say(*words)
    assert (found, out) == (status, "")
    assert said in err


def test_a_task_is_shown_with_how_it_ended_and_the_host_s_own_words(say):
    _, answer, _ = say("task", "show", 4, "--json")
    task = answer["task"]
    assert (task["id"], task["cause"], task["cause_in_words"]) == (4, "time-limit", "it went over its time limit")
    assert (task["message"], task["credit"]) == ("the host's own words", 0.0)
    assert say("task", "show", 1, "--json")[1]["task"]["checks"] == [5]
    text = say("task", "show", 4)[1]
    assert "progress" not in text
    assert "it went over its time limit" in text
    assert "peak_memory_mb" not in text


def test_a_task_that_is_out_is_shown_with_how_far_it_is_said_to_be(say, small_lab):
    (out, *_) = small_lab.db.select("SELECT id, host_id FROM task WHERE state = 'sent' ORDER BY id")
    with small_lab.db.transaction():
        said = SaidProgress(task_id=out["id"], fraction=0.404, cpu_seconds=7_200.0)
        progress.note(small_lab.db, out["host_id"], [said], small_lab.now)
    assert f"at {small_lab.now.isoformat()} said to be 40 % done" in say("task", "show", out["id"])[1]
    assert say("task", "show", out["id"], "--json")[1]["task"]["progress"] == 0.404


def test_the_operator_sees_where_tasks_are_by_name_and_the_rest_as_a_range(say, monkeypatch):
    _, answer, _ = say("experiment", "deployed", "--json")
    (row,) = answer["deployed"]
    assert (row["host_id"], row["name"], row["tasks"], row["experiments"]) == (
        2,
        "kitchen.grace.example",
        1,
        {"tiny_sum": 1},
    )
    assert "1 tiny_sum" in say("experiment", "deployed", "tiny_sum")[1]
    status, _, err = say("experiment", "deployed", "tiny_sun")
    assert (status, "Did you mean tiny_sum?" in err) == (2, True)
    monkeypatch.setattr("axiom.cli.experiment.deployed._MOST", 0)
    assert "and 1 more host with 1 task each" in say("experiment", "deployed")[1]


def test_a_task_is_aborted_and_says_why(small_lab, prepared, hand_over):
    fill(small_lab, prepared)
    typed = hand_over()
    host, said = typed("task", "show", 5, "--json")[1]["task"]["host_id"], "its next contact. Its work is ordered again"
    assert typed("task", "abort", 5, "--why", "it hangs", "--dry-run", "--json")[1]["task"]["again"] is True
    status, out, err = typed("task", "abort", 5, "--why", "it hangs")
    assert (status, out, said in err, f"host {host}" in err) == (0, "", True, True)
    task = typed("task", "show", 5, "--json")[1]["task"]
    assert (task["state"], task["cause"], task["reason"]) == ("aborted", "taken-back", "it hangs")
    for number, refused, why in ((5, 4, "Task 5 is aborted"), (4, 4, "Task 4 is failed"), (99, 3, "no task 99")):
        status, _, err = typed("task", "abort", number)
        assert (status, why in err) == (refused, True)


def test_a_workunit_is_shown_with_its_checks(say):
    _, answer, _ = say("workunit", "show", 1, "--json")
    assert answer["workunit"]["checks"] == [{"workunit": 5, "task": 1, "state": "open"}]
    assert say("workunit", "show", 5, "--json")[1]["workunit"]["checks_task_id"] == 1
    assert "checked by workunit 5, which repeats task 1: open" in say("workunit", "show", 1)[1]


@pytest.mark.parametrize(("state", "found"), [("valid", [2, 1]), ("failed", [4]), ("sent", [5]), ("unsent", [7, 6])])
def test_tasks_are_listed_by_state(say, state, found):
    _, answer, _ = say("task", "list", "--state", state, "--json")
    assert [task["id"] for task in answer["tasks"]] == found
