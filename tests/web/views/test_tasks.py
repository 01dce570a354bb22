"""Pages of tasks and workunits: how a task ended, in words, what was paid and whether another host agrees."""

from dataclasses import replace

import pytest
from furnished_lab import HOSTILE

from axiom.domain.endings import Blame, Cause
from axiom.domain.work import Agreement
from axiom.store.tasks import progress
from axiom.store.tasks.progress import SaidProgress
from axiom.store.views.tasks import TaskEnd
from axiom.web.views.tasks import how

NOTHING = TaskEnd(
    closed_at=None, cause="", boinc_state=None, peak_memory_mb=None, peak_disk_mb=None, agreement="", message=""
)


def changed(**changes) -> TaskEnd:
    return replace(NOTHING, **changes)


def test_a_task_that_failed_says_why_and_whose_doing_it_is(site_of):
    task, page = site_of.get("/tasks/4.json").json["task"], site_of.get("/tasks/4").text
    assert (task["cause"], task["exit_status"], task["blame"]) == ("time-limit", 197, "unclear")
    assert "It went over its time limit" in page
    assert "one report cannot tell which" in page
    assert page.count("went over its time limit") == 1


def test_a_paid_task_says_how_its_credit_came_about(site_of):
    task = site_of.get("/tasks/1.json").json["task"]
    assert (task["credit"], [award["credit"] for award in task["awards"]]) == (0.02, [0.02])
    assert task["awards"][0]["because"] in site_of.get("/tasks/1").text


def test_a_checked_task_and_its_check_lead_to_each_other(site_of):
    task = site_of.get("/tasks/1.json").json["task"]
    assert (task["agreement"], task["checks"]) == ("waiting", [{"workunit": 5, "task": 1, "state": "open"}])
    check = site_of.get("/workunits/5.json").json["workunit"]
    assert check["checks_task"] == 1
    assert 'href="/tasks/1"' in site_of.get("/workunits/5").text
    assert site_of.get("/workunits/1.json").json["workunit"]["checks"] == task["checks"]
    assert 'href="/workunits/5"' in site_of.get("/workunits/1").text
    assert site_of.get(f"/tasks/{check['tasks'][0]['number']}.json").json["task"]["checks_task"] == 1


def test_a_part_and_what_it_was_split_from_lead_to_each_other(working_lab, browse):
    (made,) = working_lab.deploy(replicates_each=30)
    *_, part = working_lab.ask(1, wanted=2).orders
    site = browse(working_lab)
    whole = site.get(f"/workunits/{made}.json").json["workunit"]
    (number,) = whole["parts"]
    split = site.get(f"/workunits/{number}.json").json["workunit"]
    assert (split["split_from"], split["tasks"][0]["number"]) == (made, part.task)
    assert len(split["replicates"]) + len(whole["replicates"]) == 30
    assert f'href="/workunits/{number}"' in site.get(f"/workunits/{made}").text
    assert f'was split from <a href="/workunits/{made}"' in site.get(f"/workunits/{number}").text


def test_what_a_host_said_itself_is_on_no_page(site_of):
    for path in ("/tasks/1", "/tasks/4", "/workunits/4", "/hosts/2"):
        assert "the host's own words" not in site_of.get(path).text.replace("&#39;", "'")
        assert "the host's own words" not in site_of.get(f"{path}.json").text


def test_a_hostile_reason_stays_words(site_of):
    assert site_of.get("/tasks/3.json").json["task"]["reason"] == HOSTILE


@pytest.mark.parametrize("cause", Cause)
def test_every_cause_has_words_and_somebody_s_doing(cause):
    said = how(changed(cause=cause))
    assert said["cause_in_words"] == cause.words
    assert said["blame_in_words"]


def test_nobody_is_blamed_for_what_is_nobody_s_fault():
    assert how(changed(cause=Cause.SUCCESS))["blame"] is Blame.NOBODY


@pytest.mark.parametrize(
    ("state", "words"), [(None, None), (3, "computing failed"), (5, "its output was sent"), (77, None), (-1, None)]
)
def test_a_state_of_boinc_is_said_in_words_where_it_is_one(state, words):
    said = how(changed(boinc_state=state))
    assert (said["boinc_state"], said["boinc_state_in_words"]) == (state, words)


@pytest.mark.parametrize("agreement", Agreement)
def test_what_a_check_has_shown_is_a_sentence(agreement):
    assert how(changed(agreement=agreement))["agreement_in_words"].endswith(".")


def test_of_a_task_that_is_out_nothing_is_said():
    assert set(how(NOTHING).values()) == {None}


def test_the_status_counts_how_tasks_ended(site_of):
    status = site_of.get("/status.json").json["status"]
    assert [(row["cause"], row["tasks"]) for row in status["endings"]] == [("success", 3), ("time-limit", 1)]
    assert (status["hosts"], status["cores"], status["new_hosts"]) == (1, 2, 2)
    assert "2 new hosts without a valid task yet" in site_of.get("/status").text.replace("&nbsp;", " ")
    assert "with 2 cores, 2 new" in site_of.get("/live").text.replace("&nbsp;", " ")
    assert "It went over its time limit" in site_of.get("/status").text


def test_how_far_a_task_is_is_said_while_it_is_out(site_of, full):
    (out, *_) = full.db.select("SELECT id, host_id FROM task WHERE state = 'sent' ORDER BY id")
    path = f"/tasks/{out['id']}"
    said = SaidProgress(task_id=out["id"], fraction=0.404, cpu_seconds=7_200.0)
    with full.db.transaction():
        progress.note(full.db, out["host_id"], [said], full.now)
    task = site_of.get(f"{path}.json").json["task"]
    assert (task["progress"], task["progress_cpu_seconds"]) == (0.404, 7_200.0)
    assert task["progress_at"] == full.now.isoformat()
    assert "it was said to be 40 % done, after 7,200 CPU seconds." in site_of.get(path).text
    assert "was said to be" not in site_of.get("/tasks/1").text
    assert site_of.get("/tasks/1.json").json["task"]["progress"] is None
