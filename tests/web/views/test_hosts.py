"""Pages of hosts, tasks and failures: what everybody may know of a computer, how a task ended, why there is no work."""

import json
from dataclasses import replace

from furnished_lab import HOSTILE, fill, register, said_of

from axiom.domain.failure_causes import Blame, Cause
from axiom.domain.failures import Comparison
from axiom.domain.work import Agreement
from axiom.laboratory.experiments.retire import retire_version
from axiom.laboratory.rounds.steps.failures import count_failures
from axiom.laboratory.rounds.steps.watch import check_watches
from axiom.reads.base.request import Reading
from axiom.reads.hosts import explain_no_work
from axiom.reads.tasks import describe_task_end
from axiom.store.accounts import accounts
from axiom.store.hosts import hosts
from axiom.store.tasks import progress
from axiom.store.tasks.progress import ProgressReport
from axiom.store.upkeep import watches
from axiom.store.views.tasks import TaskEnd
from axiom.web.site.templates import template_environment


def host_of(reader, number: int, query: str = "") -> dict:
    return reader.get(f"/hosts/{number}.json{query}").json["host"]


def test_no_page_tells_a_volunteer_s_computer_s_name_or_whose_a_hidden_one_is(site_of):
    for path in (
        *("/hosts", "/hosts/2", "/hosts/3", "/volunteers", "/volunteers/2", "/volunteers/3", "/teams/1", "/tasks/4"),
    ):
        both = site_of.get(path).text + site_of.get(f"{path}.json").text
        assert [secret for secret in ("grace.example", "shy.example", "@lab.example") if secret in both] == [], path
    assert host_of(site_of, 3)["volunteer"] is None
    assert "Shy" not in site_of.get("/hosts/3").text
    volunteer = site_of.get("/volunteers/3.json").json["volunteer"]
    assert (volunteer["hosts"], volunteer["host_count"]) == (None, None)
    assert "/hosts/3" not in site_of.get("/volunteers/3").text


def test_a_host_that_fails_often_may_have_one_task(browse, small_lab):
    fill_one(small_lab)
    with small_lab.db.transaction():
        small_lab.db.execute("UPDATE host SET quota = 1")
    words = " ".join(host_of(browse(small_lab), 1)["standing"]["in_words"])
    assert "1 task a core and hour" in words


def fill_one(lab, **facts: str) -> None:
    """One host of a volunteer, of which its client says this."""
    with lab.db.transaction():
        hosts.add_host(lab.db, register(lab, "Ada"), replace(said_of("name"), facts=facts), lab.now)


def test_what_a_client_says_of_its_computer_is_taken_as_words_and_nothing_else(site_of, browse, small_lab):
    host = host_of(site_of, 2)
    assert (host["processor"], host["system"]) == (f"Processor {HOSTILE}", "Windows")  # the version was no text
    assert host["gpus"] == [{"kind": "NVIDIA", "model": f"Fast {HOSTILE}", "count": 2, "memory_mb": 8_192}]
    assert set(host) & {"cpid", "domain_name", "timezone", "venue", "facts"} == set()
    fill_one(small_lab, model="Fast Core" + "x" * 500 + "\x1b[31m\u202e", system="\u202eRare OS\n", boinc="8.0.2")
    reader = browse(small_lab)
    host = host_of(reader, 1)
    assert (host["processor"], host["system"]) == (("Fast Core" + "x" * 500)[:120], "Rare OS")
    with small_lab.db.transaction():
        accounts.hide_hosts(small_lab.db, hosts.find_host(small_lab.db, 1).volunteer_id)
    reader.app.forget()
    pages = [reader.get(f"/hosts{ending}").text for ending in ("", ".json", "/1", "/1.json")]
    assert [word for word in ("Fast Core", "Rare OS", "8.0.2") for page in pages if word in page] == []
    assert all("windows" in page.casefold() for page in pages)


def test_a_host_s_tasks_are_listed_by_state_and_its_findings_by_their_share(site_of):
    assert host_of(site_of, 1)["tasks_by_state"] == {"valid": 2, "invalid": 1}
    assert 'href="/hosts/1?state=invalid"' in site_of.get("/hosts/1").text
    assert [task["number"] for task in host_of(site_of, 1, "?state=invalid")["tasks"]] == [3]
    mistyped = site_of.get("/hosts/1.json?state=nonsense")
    assert mistyped.status == 400
    assert mistyped.json["host"]["tasks"] == []
    assert mistyped.json["host"]["next"] is None
    assert host_of(site_of, 1, "?before=1")["tasks"] == []
    host = host_of(site_of, 2)
    assert ([task["state"] for task in host["computing"]], host["in_hand"]) == (["sent"], 1)
    for number, replicates in ((1, 5), (2, 2), (3, 0)):
        rows = host_of(site_of, number)["findings"]
        shares = [(1, replicates, 7)] if replicates else []
        assert [(row["number"], row["replicates"], row["of"]) for row in rows] == shares
    made = '{% import "parts.html" as parts %}{{ parts.supported(rows, "Findings") }}'
    (row,) = host_of(site_of, 1)["findings"]
    for status, is_void in (("recalled", True), ("suspended", True), ("open", False)):
        text = template_environment().from_string(made).render(rows=[row | {"status": status}])
        assert (status in text) == is_void


def test_a_task_and_its_check_lead_to_each_other(site_of):
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


def test_of_hundreds_of_tasks_a_page_names_some_and_the_next_none_twice(browse, working_lab):
    working_lab.deploy(workunits=80)
    large = working_lab.host("large", cores=80, memory_mb=80_000)
    working_lab.ask(large, wanted=70)
    reader = browse(working_lab)
    host = host_of(reader, large)
    assert (host["in_hand"], [task["number"] for task in host["computing"]]) == (70, list(range(1, 51)))
    first = host_of(reader, large, "?state=sent")
    numbers = [task["number"] for task in first["tasks"]]
    with working_lab.db.transaction():
        for number in numbers[:2]:
            working_lab.db.execute("UPDATE task SET state = 'aborted' WHERE id = :id", id=number)
    assert first["next"].startswith(f"/hosts/{large}.json?")
    after = reader.get(first["next"]).json["host"]
    assert after["tasks"][0]["number"] == numbers[-1] - 1
    assert [task["number"] for task in reader.get(after["previous"]).json["host"]["tasks"]] == numbers[2:]


def test_one_sentence_says_why_a_host_gets_no_work_and_how_far_a_task_is(small_lab, prepared, browse):
    fill(small_lab, prepared)
    small_lab.host("new")
    reading = Reading(db=small_lab.db, folder=small_lab.folder, now=small_lab.now, name="Small & Sons", live=dict)
    reasons = [explain_no_work(reading, number)["host"] for number in (1, 3, 4)]
    assert [host["why_no_work"] for host in reasons] == [None, "no waiting task fits into its memory of 7,900 MB", None]
    assert "7,900 MB" in reasons[1]["reason"]
    assert (
        len({host["reason"].partition(" ")[2].replace(str(n), "") for n, host in zip("134", reasons, strict=True)}) == 3
    )
    (out, *_) = small_lab.db.select("SELECT id, host_id FROM task WHERE state = 'sent' ORDER BY id")
    stand = ProgressReport(task_id=out["id"], fraction=0.404, cpu_seconds=7_200.0)
    with small_lab.db.transaction():
        progress.record_progress(small_lab.db, out["host_id"], [stand], small_lab.now)
    reader = browse(small_lab)
    task = reader.get(f"/tasks/{out['id']}.json").json["task"]
    assert (task["progress"], task["progress_cpu_seconds"]) == (0.404, 7_200.0)
    assert task["progress_at"] == small_lab.now.isoformat()
    assert "40 %" in reader.get(f"/tasks/{out['id']}").text.replace("&nbsp;", " ")
    assert reader.get("/tasks/1.json").json["task"]["progress"] is None


def test_config_and_share_of_failures_are_told_and_words_only_of_our_own_computers(browse, small_lab, prepared):
    small_lab.publish(prepared())
    ours, theirs = small_lab.host("ours"), small_lab.host("theirs", volunteer="Ben", instructions="avx512")
    small_lab.deploy(workunits=6, max_failures=50)
    small_lab.db.execute("UPDATE volunteer SET is_ours = (name <> 'Ben')")
    told = (
        "2 of 2 cells raised, first replicate 0 at config 1: KeyError at axiom/catalogue/tiny_sum.py:31, and said "
        f"{json.dumps(HOSTILE)}. The task fails here and is tried again elsewhere."
    )
    for host in (ours, theirs):
        order = small_lab.order(host)
        small_lab.report(order, small_lab.output(order))
        small_lab.validate()
        small_lab.report(small_lab.order(host), exit_status=10, message=told)
    small_lab.later(days=1)
    with small_lab.db.transaction():
        count_failures(small_lab.db, small_lab.now)
    reader = browse(small_lab)
    rows = {row["platform"]: row for row in reader.get("/failures.json").json["failures"]}
    facts = {name: (row["config"], row["said"], row["tasks"], row["ended_there"]) for name, row in rows.items()}
    assert facts == {
        "linux-x86_64-avx2": ({"size": 2}, HOSTILE, 1, 2),
        "linux-x86_64-avx512": ({"size": 2}, None, 1, 2),
    }
    assert {row["mended_by"] for row in rows.values()} == {None}
    assert "script>alert" not in reader.get("/failures").text
    small_lab.publish(prepared(version=2))
    small_lab.later(hours=1)  # a page is kept for a while
    later = browse(small_lab).get("/failures.json").json["failures"]
    assert {row["mended_by"] for row in later} == {"tiny_sum@2"}


def test_a_watch_that_is_met_is_on_the_front_page_until_it_is_ended(browse, small_lab, prepared):
    fill(small_lab, prepared)
    with small_lab.db.transaction():
        for threshold, sentence in ((0.0, f"It is there. {HOSTILE}"), (1e9, "It never is.")):
            words = {"experiment_id": 1, "measure": "total", "comparison": Comparison.ABOVE, "now": small_lab.now}
            watches.add_watch(small_lab.db, sentence=sentence, threshold=threshold, **words)
        check_watches(small_lab.db, small_lab.now)
    reader = browse(small_lab)
    met, waiting = sorted(reader.get("/watches.json").json["watches"], key=lambda row: row["number"])
    assert met["state"] == "met"
    assert met["predicate"] == "total > 0"
    assert met["value"] == 0.5
    assert met["hits"] > 0
    assert (waiting["state"], waiting["hits"], waiting["value"]) == ("waiting", 0, None)
    page = reader.get("/").text
    assert "It is there. " in page
    assert "It never is." not in page
    assert "<script>" not in page
    with small_lab.db.transaction():
        watches.end_watch(small_lab.db, met["number"], small_lab.now)
    reader.app.forget()
    assert reader.get("/index.json").json["home"]["watches"] == []
    assert {row["state"] for row in reader.get("/watches.json").json["watches"]} == {"ended", "waiting"}


def test_failures_are_grouped_by_their_cause(browse, small_lab, prepared):
    fill(small_lab, prepared)
    small_lab.later(days=1)
    with small_lab.db.transaction():
        count_failures(small_lab.db, small_lab.now)
    reader = browse(small_lab)
    answer = reader.get("/failures.json").json
    assert answer["of"] == len(answer["failures"]) > 1
    by_cause = {row["cause"]: row for row in answer["failures"]}
    limit = by_cause["time-limit"]
    assert (limit["experiment"], limit["blame"], limit["tasks"]) == ("tiny_sum@1", "unclear", 1)
    assert limit["hosts"] == [{"host": 2, "tasks": 1, "works": False}]
    assert limit["works_on_count"] >= 1
    assert limit["look_at"] == "the host"
    assert "not-as-ordered" in by_cause
    assert 'href="/hosts/2"' in reader.get("/failures").text
    assert small_lab.db.select("SELECT reason FROM task WHERE reason LIKE '%<script>%'")
    assert not [path for path in ("/failures", "/failures.json") if "script>" in reader.get(path).text]
    assert reader.get("/failures.json?experiment=tiny_sum@1").json["experiment"] == "tiny_sum@1"
    assert reader.get("/failures.json?experiment=tiny_sum").json["of"] > 1
    missing = reader.get("/failures.json?experiment=nobody")
    assert (missing.status, missing.json["error"]["kind"]) == (404, "NotFound")
    with small_lab.db.transaction():
        retire_version(small_lab.db, 1, "nine of ten failed", small_lab.now)
    reader.app.forget()
    (stopped,) = reader.get("/failures.json").json["stopped"]
    assert (stopped["experiment"], stopped["why"]) == ("tiny_sum@1", "nine of ten failed")
    assert reader.get("/failures.json?experiment=tiny_sum@1").json["stopped"] == [stopped]


NOTHING = TaskEnd(
    closed_at=None, cause="", boinc_state=None, peak_memory_mb=None, peak_disk_mb=None, agreement="", message=""
)


def test_a_part_and_what_it_was_split_from_lead_to_each_other(working_lab, browse):
    (made,) = working_lab.deploy(replicates_each=30)
    *_, part = working_lab.ask(1, wanted=2)
    reader = browse(working_lab)
    whole = reader.get(f"/workunits/{made}.json").json["workunit"]
    (number,) = whole["parts"]
    split = reader.get(f"/workunits/{number}.json").json["workunit"]
    assert (split["split_from"], split["tasks"][0]["number"]) == (made, part.task)
    assert len(split["replicates"]) + len(whole["replicates"]) == 30
    assert f'href="/workunits/{number}"' in reader.get(f"/workunits/{made}").text
    assert f'href="/workunits/{made}"' in reader.get(f"/workunits/{number}").text


def test_every_ending_has_words_and_of_a_task_that_is_out_nothing_is_said():
    for cause in Cause:
        ending = describe_task_end(replace(NOTHING, cause=cause))
        assert ending["cause_in_words"] == cause.words
        assert ending["blame_in_words"]
    assert describe_task_end(replace(NOTHING, cause=Cause.SUCCESS))["blame"] is Blame.NOBODY
    for state, has_words in ((None, False), (3, True), (5, True), (77, False), (-1, False)):
        ending = describe_task_end(replace(NOTHING, boinc_state=state))
        assert (ending["boinc_state"], ending["boinc_state_in_words"] is not None) == (state, has_words)
    assert len(
        {describe_task_end(replace(NOTHING, agreement=agreement))["agreement_in_words"] for agreement in Agreement}
    ) == len(Agreement)
    assert set(describe_task_end(NOTHING).values()) == {None}
