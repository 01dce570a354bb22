"""`axiom host` and `axiom task`: what the pages say, with the names that the operator may know."""

import pytest
from furnished_lab import HOSTILE, fill

from axiom.store.tasks import progress
from axiom.store.tasks.progress import ProgressReport


@pytest.fixture(scope="module")
def filled(new_lab, prepared, tmp_path_factory):
    lab = new_lab(tmp_path_factory.mktemp("filled") / "lab")
    fill(lab, prepared)
    with lab.db.transaction():
        stand = ProgressReport(task_id=5, fraction=0.404, cpu_seconds=7_200.0)
        progress.record_progress(lab.db, 2, [stand], lab.now)
    yield lab
    lab.db.close()


@pytest.fixture
def say(say_to, filled):
    return lambda *words: say_to(filled.folder.path, *words)


def test_hosts_tasks_and_workunits_are_shown_with_their_names(say):
    _, answer, _ = say("host", "list", "--json")
    names = [(1, HOSTILE), (2, "kitchen.grace.example"), (3, "secret.shy.example")]
    assert [(row["number"], row["name"]) for row in answer["hosts"]] == names
    assert (answer["of"], answer["next"]) == (3, None)
    assert [row["number"] for row in say("host", "list", "--after", 1, "--json")[1]["hosts"]] == [2, 3]
    host = say("host", "show", 2, "--json")[1]["host"]
    assert host["name"] == "kitchen.grace.example"
    assert host["standing"]["tasks_per_core_and_hour"] > 0
    assert say("host", "why", 1, "--json")[1]["host"]["why_no_work"] is None
    assert say("host", "why", 3)[1].count("\n") == 1
    task = say("task", "show", 4, "--json")[1]["task"]
    assert task["cause"] == "time-limit"
    assert task["credit"] == 0.0
    assert task["message"] == "the host's own words"
    assert say("task", "show", 1, "--json")[1]["task"]["checks"] == [5]
    assert ["40 %" in say("task", "show", number)[1] for number in (4, 5)] == [False, True]
    workunit = say("workunit", "show", 1, "--json")[1]["workunit"]
    assert workunit["checks"] == [{"workunit": 5, "task": 1, "state": "open"}]
    for state, numbers in (("valid", [2, 1]), ("failed", [4]), ("unsent", [7, 6])):
        tasks = say("task", "list", "--state", state, "--json")[1]["tasks"]
        assert [task["id"] for task in tasks] == numbers, state


def test_what_is_deployed_is_told_with_its_hosts_and_many_as_a_number(say, monkeypatch):
    (row,) = say("experiment", "deployed", "--json")[1]["deployed"]
    assert (row["host_id"], row["name"], row["tasks"]) == (2, "kitchen.grace.example", 1)
    assert row["experiments"] == {"tiny_sum": 1}
    assert "1 tiny_sum" in say("experiment", "deployed", "tiny_sum")[1]
    status, _, err = say("experiment", "deployed", "tiny_sun")
    assert status == 2
    assert "tiny_sum" in err
    monkeypatch.setattr("axiom.limits.hosts.HOSTS_NAMED", 0)
    text = say("experiment", "deployed")[1]
    assert "kitchen" not in text
    assert "1 more" in text


def test_what_cannot_be_done_is_refused(say_to, lab):
    for words, status in (
        *((("host", "show", 0), 2), (("host", "list", "--after", -1), 2), (("task", "show", 2**63), 2)),
        *((("workunit", "show", 2**63 - 1), 3), (("workunit", "cancel", 2**63 - 1), 3)),
        *((("workunit", "cancel", 1, "--why", "x" * 501), 2), (("experiment", "deploy", "no-such-name"), 2)),
        *((("experiment", "retire", "test_deplo"), 2), (("experiment", "publish", "/none.py"), 3)),
        *((("experiment", "run", "/none.py", "--seed", 1), 3), (("experiment", "run", "smoke_test", "--seed", 1), 2)),
    ):
        code, out, err = say_to(None if words[1] == "run" else lab.path, *words)
        assert code == status
        assert out == ""
        assert "Traceback" not in err


def test_a_task_is_aborted_and_says_why_and_a_workunit_is_cancelled(small_lab, prepared, hand_over):
    fill(small_lab, prepared)
    say = hand_over()
    assert say("task", "abort", 5, "--why", "it hangs", "--dry-run", "--json")[1]["task"]["again"] is True
    assert say("task", "abort", 5, "--why", "it hangs")[0] == 0
    task = say("task", "show", 5, "--json")[1]["task"]
    assert (task["state"], task["cause"], task["reason"]) == ("aborted", "taken-back", "it hangs")
    assert [say("task", "abort", number)[0] for number in (5, 4, 99)] == [4, 4, 3]
    cancelled = say("workunit", "cancel", 3, "--json")[1]
    assert cancelled == {"workunits": {"cancelled": [3], "closed_before": []}}
