"""The page of what the laboratory is doing."""

import re

from axiom.laboratory.experiments import release_stages
from axiom.store.experiments import experiments
from axiom.store.upkeep import jobs


def test_versions_of_which_no_task_was_made_are_counted_and_none_has_a_row(browse, small_lab, prepared):
    small_lab.publish(prepared())
    small_lab.deploy()
    assert "/experiments/tiny_sum@1" in browse(small_lab).get("/status").text
    small_lab.publish(prepared(version=2))  # which takes back what waits of the version before
    page = browse(small_lab).get("/status").text
    assert "/experiments/tiny_sum@" not in page
    assert ">0<" not in page


def test_what_is_wrong_stands_first_and_unfolded(browse, small_lab):
    jobs.record_job_start(small_lab.db, "sweep", 60.0, small_lab.now)
    site = browse(small_lab)
    well = site.get("/status").text
    jobs.record_job_failure(small_lab.db, "sweep", 60.0, "no room on the disk")
    site.app.forget()
    wrong = site.get("/status").text
    assert "no room on the disk" in wrong.partition("<details>")[0]
    heading = re.compile("<h1>(.*?)</h1>")
    assert heading.findall(well) != heading.findall(wrong)


def test_what_was_halted_is_among_what_does_not_work(browse, small_lab, prepared):
    small_lab.publish(prepared())
    version = experiments.find_experiment(small_lab.db, 1)
    release_stages.record_breaker_stop(small_lab.db, version, reason="2 of 2 failed", now=small_lab.now)
    assert "2 of 2 failed" in browse(small_lab).get("/status").text.partition("<details>")[0]


def test_an_autopilot_that_does_not_run_is_named_where_one_watches(browse, small_lab):
    down = {"ended": 3, "again_at": small_lab.now.isoformat()}
    site = browse(small_lab, parts={"writer": True, "autopilot": False}, autopilot=down)
    told = site.get("/live.json").json["live"]
    assert (told["parts"]["autopilot"], told["autopilot"]) == (False, down)
    for address in ("/live", "/status"):
        assert "3 times" in site.get(address).text
