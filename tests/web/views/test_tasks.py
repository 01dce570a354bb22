"""Pages of tasks and workunits: how a task ended, in words, what was paid and whether another host agrees."""

from dataclasses import replace

from furnished_lab import fill

from axiom.domain.endings import Blame, Cause
from axiom.domain.work import Agreement
from axiom.store.tasks import progress
from axiom.store.tasks.progress import SaidProgress
from axiom.store.views.tasks import TaskEnd
from axiom.web.views.tasks import how

NOTHING = TaskEnd(
    closed_at=None, cause="", boinc_state=None, peak_memory_mb=None, peak_disk_mb=None, agreement="", message=""
)


def test_a_task_and_its_check_lead_to_each_other_and_no_host_s_own_words_are_shown(site_of):
    task = site_of.get("/tasks/1.json").json["task"]
    assert (task["credit"], [award["credit"] for award in task["awards"]]) == (0.02, [0.02])
    assert (task["agreement"], task["checks"]) == ("waiting", [{"workunit": 5, "task": 1, "state": "open"}])
    check = site_of.get("/workunits/5.json").json["workunit"]
    assert check["checks_task"] == 1
    assert 'href="/tasks/1"' in site_of.get("/workunits/5").text
    assert site_of.get("/workunits/1.json").json["workunit"]["checks"] == task["checks"]
    assert 'href="/workunits/5"' in site_of.get("/workunits/1").text
    assert site_of.get(f"/tasks/{check['tasks'][0]['number']}.json").json["task"]["checks_task"] == 1
    for path in ("/tasks/1", "/tasks/4", "/workunits/4", "/hosts/2"):
        both = site_of.get(path).text + site_of.get(f"{path}.json").text
        assert "the host's own words" not in both.replace("&#39;", "'")


def test_a_part_and_what_it_was_split_from_lead_to_each_other(working_lab, browse):
    (made,) = working_lab.deploy(replicates_each=30)
    *_, part = working_lab.ask(1, wanted=2).orders
    reader = browse(working_lab)
    whole = reader.get(f"/workunits/{made}.json").json["workunit"]
    (number,) = whole["parts"]
    split = reader.get(f"/workunits/{number}.json").json["workunit"]
    assert (split["split_from"], split["tasks"][0]["number"]) == (made, part.task)
    assert len(split["replicates"]) + len(whole["replicates"]) == 30
    assert f'href="/workunits/{number}"' in reader.get(f"/workunits/{made}").text
    assert f'href="/workunits/{made}"' in reader.get(f"/workunits/{number}").text


def test_how_far_a_task_is_is_said_while_it_is_out(browse, small_lab, prepared):
    fill(small_lab, prepared)
    (out, *_) = small_lab.db.select("SELECT id, host_id FROM task WHERE state = 'sent' ORDER BY id")
    stand = SaidProgress(task_id=out["id"], fraction=0.404, cpu_seconds=7_200.0)
    with small_lab.db.transaction():
        progress.note(small_lab.db, out["host_id"], [stand], small_lab.now)
    reader = browse(small_lab)
    task = reader.get(f"/tasks/{out['id']}.json").json["task"]
    assert (task["progress"], task["progress_cpu_seconds"]) == (0.404, 7_200.0)
    assert task["progress_at"] == small_lab.now.isoformat()
    assert "40 %" in reader.get(f"/tasks/{out['id']}").text.replace("&nbsp;", " ")
    assert reader.get("/tasks/1.json").json["task"]["progress"] is None


def test_every_ending_has_words_and_of_a_task_that_is_out_nothing_is_said():
    for cause in Cause:
        ending = how(replace(NOTHING, cause=cause))
        assert ending["cause_in_words"] == cause.words
        assert ending["blame_in_words"]
    assert how(replace(NOTHING, cause=Cause.SUCCESS))["blame"] is Blame.NOBODY
    for state, has_words in ((None, False), (3, True), (5, True), (77, False), (-1, False)):
        ending = how(replace(NOTHING, boinc_state=state))
        assert (ending["boinc_state"], ending["boinc_state_in_words"] is not None) == (state, has_words)
    assert len({how(replace(NOTHING, agreement=agreement))["agreement_in_words"] for agreement in Agreement}) == len(
        Agreement
    )
    assert set(how(NOTHING).values()) == {None}
