"""A task's page draws what it computed: its points in red among everybody's in grey; and how far its volunteer is."""

import re
from datetime import timedelta

from site_pages import explored_sum

from axiom.reads.accounts.volunteers import volunteer_page
from axiom.reads.base.request import Reading
from axiom.reads.tasks import find_newest_made

_RED = re.compile(r'<path d="M[^"]*A[^"]*" transform="[^"]*" fill="var\(--margin\)"/>')


def test_a_task_s_points_are_red_in_the_picture_of_its_question(small_lab, tmp_path, browse):
    explored_sum(small_lab, tmp_path)
    site = browse(small_lab)
    made = site.get("/tasks/2.json").json["task"]["made"]
    results = site.get("/tasks/2.json").json["task"]["results"]
    assert (made["points"], made["finding"]) == (len(results), None)
    for language in ("en", "de", "fr"):
        page = site.get("/tasks/2", accept_language=language).text
        assert len(_RED.findall(page)) == 2 * made["points"]  # wide and narrow
    assert site.get("/tasks/99").status == 404


def test_a_task_without_a_figure_shows_its_repetitions_of_a_finding(site_of):
    task = site_of.get("/tasks/1.json").json["task"]
    assert (task["made"]["points"], task["made"]["repetitions"], task["made"]["finding"]) == (0, 1, 1)
    page = site_of.get("/tasks/1").text
    assert len(_RED.findall(page)) == 2
    assert 'href="/findings/1"' in page
    for number in (3, 5):  # invalid, and still out
        assert site_of.get(f"/tasks/{number}.json").json["task"]["made"] is None
        assert _RED.findall(site_of.get(f"/tasks/{number}").text) == []


def reading_of(lab, days: int = 0) -> Reading:
    return Reading(db=lab.db, folder=lab.folder, name="Small", live=dict, now=lab.now + timedelta(days=days))


def test_a_volunteer_is_shown_the_newest_paid_task_that_has_a_picture(full):
    assert find_newest_made(reading_of(full), 1)["task"] == 2
    assert find_newest_made(reading_of(full), 3) is None


def test_a_break_ends_no_row_of_days_and_a_week_ends_the_goal(full):
    goals = [volunteer_page(reading_of(full, days), 1)["volunteer"]["goal"] for days in (0, 6, 9, 27, 28)]
    assert [goal["findings"] for goal in goals] == [1, 1, 0, 0, 0]
    assert [goal["days"] for goal in goals] == [1, 1, 1, 1, 0]


def test_pages_lead_to_where_people_talk_if_the_operator_says_where(full, browse, site_of):
    site = browse(full, talk="https://forum.example/lab")
    assert '<a href="https://forum.example/lab" rel="noopener">' in site.get("/tasks/1").text
    assert "noopener" not in site_of.get("/tasks/1").text
