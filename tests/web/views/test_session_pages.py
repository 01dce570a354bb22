"""A whole session's log on its pages: every number leads to its rows, and two sessions are set side by side."""

import json
import xml.etree.ElementTree as ET

import pytest

from axiom.domain.sessions import Step
from axiom.lab.experiments.withdraw import withdraw
from axiom.lab.policy import Policy
from axiom.lab.session import step
from axiom.store.experiments import releases
from axiom.store.sessions import sessions as stored
from axiom.store.upkeep import jobs
from axiom.web.views.log import SECTIONS

POLICY = Policy(per_core=3, task_seconds=8.0, max_failures=3)
ATOM = "{http://www.w3.org/2005/Atom}"


def hold(lab, pi: str = "autopilot") -> str:
    """A round to its end; its name, or that of the session which it ends."""
    while True:
        with lab.db.transaction(), lab.db.savepoint():
            stepped = step(lab.db, POLICY, pi=pi, reason="a test", now=lab.now)
        if stepped.ended:
            return stepped.session.name


def compute(lab, amount: int, output=None, exit_status: int = 0) -> None:
    for _ in range(amount):
        order = lab.order(1)
        made = lab.output(order) if output is None else output
        lab.report(order, made or None, exit_status=exit_status)
    lab.validate()
    lab.later(seconds=1)


@pytest.fixture
def lab(small_lab, prepared):
    """Two sessions were held: in the second something has happened to every step."""
    lab = small_lab
    lab.lets_out = False  # the first session orders a pilot
    made = lab.publish(prepared())
    assert lab.host() == 1
    lab.later(seconds=1)
    hold(lab)
    with lab.db.transaction():
        releases.let_out(lab.db, 1, made.digest, "a test vouches for it", lab.now)
    lab.later(minutes=1)
    jobs.started(lab.db, "start", 0.0, lab.now)
    jobs.started(lab.db, "sweep", 60.0, lab.now)
    jobs.done(lab.db, "sweep", lab.now)
    jobs.failed(lab.db, "draw", 60.0, "no room")
    lab.host("gone", cores=1)
    lab.deploy(workunits=20)
    compute(lab, 8)
    compute(lab, 1, output=b"nonsense")
    compute(lab, 1, output=b"", exit_status=10)
    lab.order(2)
    lab.later(hours=49)
    compute(lab, 1)
    lab.later(seconds=1)
    hold(lab)
    return lab


@pytest.fixture
def site(lab, browse):
    return browse(lab)


def lines_of(answer) -> list:
    return [line for chapter in answer["session"]["log"] for line in chapter["lines"]]


def test_every_number_of_a_log_leads_to_rows_that_are_there(site):
    pages, numbers = set(), 0
    for name in ("2026-03-02-a", "2026-03-04-a"):
        for line in lines_of(site.get(f"/sessions/{name}.json").json):
            assert "".join(piece["text"] for piece in line["pieces"]) == line["text"]
            for piece in line["pieces"]:
                if any(sign.isdigit() for sign in piece["text"]):
                    assert piece["rows"], line["text"]
                    numbers += 1
            pages |= set(line["rows"].values()) | ({line["about"]} - {""})
    assert numbers > 80
    assert len(pages) > 20
    assert {page: site.get(page).status for page in pages} == dict.fromkeys(pages, 200)


def test_no_digit_stands_in_the_text_of_a_note(lab):
    for number in (1, 2):
        for _, note in stored.notes(lab.db, number):
            outside = "".join(part if place % 2 == 0 else "" for place, part in enumerate(_cut(note.text)))
            assert not any(sign.isdigit() for sign in outside)


def _cut(text: str) -> list[str]:
    return text.replace("}", "{").split("{")


def test_every_section_stands_in_every_form(site):
    titles = [one.title for one in SECTIONS if one.steps]
    answer = site.get("/sessions/2026-03-04-a.json").json
    record = [chapter["section"] for chapter in answer["session"]["log"] if not chapter["leads"]]
    assert record == titles
    told = [chapter["section"] for chapter in answer["session"]["log"] if chapter["leads"]]
    titles = [*told, *titles]
    assert set(told) == {one.title for one in SECTIONS if one.leads} - {"What went wrong"}
    page, text, markdown = (site.get(f"/sessions/2026-03-04-a{end}").text for end in ("", ".txt", ".md"))
    for title in titles:
        assert f"<h2>{title}</h2>" in page
        assert f"\n{title.upper()}\n- " in text
        assert f"\n## {title}\n\n- " in markdown
    assert "[8](/sessions/round-2/tasks" not in markdown  # nine are valid
    assert "tasks now valid: [9](/sessions/round-2/tasks?experiment=tiny_sum@1&state=valid)" in markdown


def test_a_session_of_before_shows_the_steps_that_it_had(site, lab):
    old = ["review", "credit", "clean", "evaluate", "plan", "deploy", "log"]
    lab.db.execute("UPDATE session SET steps = :steps, done = :steps WHERE id = 1", steps=json.dumps(old))
    lab.db.execute("DELETE FROM note WHERE session_id = 1")
    titles = [chapter["section"] for chapter in site.get("/sessions/2026-03-02-a.json").json["session"]["log"]]
    assert "Credit" in titles
    assert not {"Queue", "Ranked new results", "Published"} & set(titles)
    assert stored.by_name(lab.db, "2026-03-02-a").due is None


def test_the_tasks_behind_a_number_are_just_those(site, lab):
    valid = site.get("/sessions/2026-03-04-a/tasks.json?experiment=tiny_sum@1&state=valid").json
    assert len(valid["tasks"]) == 9
    assert {task["state"] for task in valid["tasks"]} == {"valid"}
    (refused,) = site.get("/sessions/2026-03-04-a/tasks.json?contradicted=yes").json["tasks"]
    for mistyped in ("state=gone", "host=all"):
        reply = site.get(f"/sessions/2026-03-04-a/tasks.json?{mistyped}")
        assert (reply.status, reply.json["tasks"], len(reply.json["misread"])) == (400, [], 1)
        assert "means nothing here" in site.get(f"/sessions/2026-03-04-a/tasks?{mistyped}").text
    assert refused["state"] == "invalid"
    assert site.get("/sessions/2026-03-04-a/tasks.json?host=2").json["tasks"] == []  # given up on after the review
    lab.later(seconds=1)
    third = hold(lab)
    (stuck,) = site.get(f"/sessions/{third}/tasks.json").json["tasks"]
    assert (stuck["host"], stuck["state"]) == (2, "expired")
    assert "out for 49 h" in site.get("/sessions/2026-03-04-a").text
    assert site.get("/sessions/1999-01-01-a/tasks").status == 404


def test_two_sessions_are_set_side_by_side(site, lab):
    found = site.get("/sessions/2026-03-04-a/since/2026-03-02-a.json").json["difference"]
    assert (found["from"], found["to"], found["sessions"]) == ("2026-03-02-a", "2026-03-04-a", 1)
    assert found["tasks"] == {"failed": 1, "invalid": 1, "valid": 9}
    assert found["awards"] == 9 + 1  # what the experiment's own code broke is paid, nonsense is not
    (moved,) = found["findings"]
    assert moved["before"] is None
    assert (moved["number"], moved["now"]["grade"], moved["now"]["seeds"]) == (1, "Moderate", 8)
    assert found["experiments"] == []
    assert found == site.get("/sessions/2026-03-02-a/since/2026-03-04-a.json").json["difference"]
    assert "never weighed" in site.get("/sessions/2026-03-04-a/since/2026-03-02-a").text

    lab.later(seconds=1)
    with lab.db.transaction():
        withdraw(lab.db, 1, "a <test>", lab.now)
    lab.later(seconds=1)
    third = hold(lab)
    since = site.get(f"/sessions/{third}/since/2026-03-04-a.json").json["difference"]
    assert since["findings"] == []  # what was taken back before anybody had it is not missing
    assert since["experiments"] == [{"experiment": "tiny_sum@1", "status": "retired", "why": "a <test>"}]
    assert "a &lt;test&gt;" in site.get(f"/sessions/{third}/since/2026-03-04-a").text
    same = site.get(f"/sessions/{third}/since/{third}.json").json["difference"]
    assert (same["sessions"], same["tasks"], same["awards"]) == (0, {}, 0)


def test_the_news_are_an_atom_feed(site):
    reply = site.get("/news.atom")
    assert reply.headers["content-type"].startswith("application/atom+xml")
    feed = ET.fromstring(reply.body)
    titles = [entry.findtext(f"{ATOM}title") for entry in feed.iter(f"{ATOM}entry")]
    assert titles == [row["line"] for row in site.get("/news.json").json["news"]]
    assert titles
    assert feed.findtext(f"{ATOM}id").endswith("/news.atom")
    links = [entry.find(f"{ATOM}link").get("href") for entry in feed.iter(f"{ATOM}entry")]
    assert links[0].endswith("/findings/1")


def test_a_laboratory_without_sessions_has_a_feed_without_entries(browse, small_lab):
    feed = ET.fromstring(browse(small_lab).get("/news.atom").body)
    assert feed.findall(f"{ATOM}entry") == []
    assert feed.findtext(f"{ATOM}updated")


def test_what_a_session_says_next_follows_from_what_it_wrote(site):
    said = {
        line["facts"]["step"]
        for line in lines_of(site.get("/sessions/2026-03-04-a.json").json)
        if line["kind"] == "log.next"
    }
    assert {"look at the parts that are not well", "read the failures by group", "ask a new question"} <= said
    assert len(list(Step)) == 17
