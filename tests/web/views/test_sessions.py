"""A session's log on its pages, two sessions side by side, and the news in both feeds."""

import json
import xml.etree.ElementTree as ET
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from furnished_lab import fill
from hypothesis import given, settings
from hypothesis import strategies as st

from axiom.domain.rounds import Note, Round, Step
from axiom.laboratory.experiments.retire import retire_version
from axiom.laboratory.policy import Policy
from axiom.laboratory.rounds.rounds import take_next_step
from axiom.reads.base.request import Reading
from axiom.reads.feeds import rss_feed
from axiom.reads.rounds import session_log
from axiom.reads.rounds.session_log import SECTIONS, title_of
from axiom.store import news
from axiom.store.experiments import releases
from axiom.store.rounds import rounds as stored
from axiom.store.upkeep import jobs

POLICY = Policy(per_core=3, task_seconds=8.0, max_failures=3)
ATOM = "{http://www.w3.org/2005/Atom}"
FIRST, SECOND = "2026-03-02-a", "2026-03-04-a"
NOW = datetime(2026, 3, 2, 14, 5, tzinfo=UTC)
SESSION = Round(id=1, name=FIRST, pi="autopilot", done=tuple(Step), reason="a test", started_at=NOW, ended_at=None)


def hold(lab, pi: str = "autopilot") -> str:
    """A round to its end; its name, or that of the session which it ends."""
    while True:
        with lab.db.transaction(), lab.db.savepoint():
            stepped = take_next_step(lab.db, POLICY, pi=pi, reason="a test", now=lab.now)
        if stepped.ended:
            return stepped.round.name


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
        releases.release_to_everybody(lab.db, 1, made.digest, "a test vouches for it", lab.now)
    lab.later(minutes=1)
    jobs.record_job_start(lab.db, "start", 0.0, lab.now)
    jobs.record_job_start(lab.db, "sweep", 60.0, lab.now)
    jobs.record_job_success(lab.db, "sweep", lab.now)
    jobs.record_job_failure(lab.db, "draw", 60.0, "no room")
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


def lines_of(answer) -> list:
    return [line for chapter in answer["session"]["log"] for line in chapter["lines"]]


def test_every_number_of_a_log_leads_to_rows_that_are_there_in_every_form(lab, browse):
    site, pages, numbers = browse(lab), set(), 0
    for name in (FIRST, SECOND):
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
    for number in (1, 2):
        for _, note in stored.list_round_notes(lab.db, number):  # no digit stands in the text of a note
            outside = "".join(note.text.replace("}", "{").split("{")[::2])
            assert not any(sign.isdigit() for sign in outside)


def test_a_log_has_the_same_chapters_in_every_form(lab, browse):
    site = browse(lab)
    answer = site.get(f"/sessions/{SECOND}.json").json
    record = [chapter["section"] for chapter in answer["session"]["log"] if not chapter["leads"]]
    leads = [chapter["section"] for chapter in answer["session"]["log"] if chapter["leads"]]
    assert set(leads) == {"What changed and why it matters", "What comes next"}
    (nothing,) = answer["session"]["log"][-1]["lines"]
    told = {title for title in record if title != "Without an entry"} | set(nothing["text"][:-1].split("; "))
    assert told == {section.title for section in SECTIONS if section.steps}
    (numbers,) = [line for line in lines_of(answer) if line["kind"] == "review.numbers"]
    assert numbers["facts"]["numbers"] == "1–8, 9*, 10*, 12"
    page, text, markdown = (site.get(f"/sessions/{SECOND}{end}").text for end in ("", ".txt", ".md"))
    for title in [*leads, *record]:
        assert (
            f"<h2>{title}</h2>" in page or title == "What changed and why it matters"
        )  # its headline is that of the page
        assert f"\n{title.upper()}\n- " in text
        assert f"\n## {title}\n\n- " in markdown
    assert "[9](/sessions/round-2/tasks?experiment=tiny_sum@1&state=valid)" in markdown
    next_steps = {line["facts"]["step"] for line in lines_of(answer) if line["kind"] == "log.next"}
    assert {"look at the parts that are not well", "read the failures by group", "ask a new question"} <= next_steps


def test_a_log_of_before_keeps_its_chapters(lab, browse):
    old = ["review", "credit", "clean", "evaluate", "plan", "deploy", "log"]  # of a session before
    lab.db.execute("UPDATE session SET steps = :steps, done = :steps WHERE id = 1", steps=json.dumps(old))
    lab.db.execute("DELETE FROM note WHERE session_id = 1")
    (nothing,) = lines_of(browse(lab).get(f"/sessions/{FIRST}.json").json)
    titles = set(nothing["text"][:-1].split("; "))
    assert "Credit" in titles
    assert {"Queue", "Ranked new results", "Published"} & titles == set()
    assert stored.find_round_by_name(lab.db, FIRST).due is None


def test_the_tasks_behind_a_number_are_just_those(lab, browse):
    site = browse(lab)

    def tasks(query: str):
        return site.get(f"/sessions/{SECOND}/tasks.json?{query}").json["tasks"]

    assert [task["state"] for task in tasks("experiment=tiny_sum@1&state=valid")] == ["valid"] * 9
    assert [task["state"] for task in tasks("contradicted=yes")] == ["invalid"]
    assert tasks("host=2") == []  # given up on after the review
    for mistyped in ("state=gone", "host=all"):
        reply = site.get(f"/sessions/{SECOND}/tasks.json?{mistyped}")
        assert reply.status == 400
        assert reply.json["tasks"] == []
        assert len(reply.json["misread"]) == 1
    assert site.get("/sessions/1999-01-01-a/tasks").status == 404


def test_two_sessions_are_compared_whichever_comes_first(lab, browse):
    site = browse(lab)

    def difference(later: str, earlier: str):
        return site.get(f"/sessions/{later}/since/{earlier}.json").json["difference"]

    change = difference(SECOND, FIRST)
    assert change["from"] == FIRST
    assert change["to"] == SECOND
    assert change["sessions"] == 1
    assert change["experiments"] == []
    assert change["tasks"] == {"failed": 1, "invalid": 1, "valid": 9}
    assert change["awards"] == 9 + 1  # what the experiment's own code broke is paid, nonsense is not
    (moved,) = change["findings"]
    assert moved["number"] == 1
    assert moved["before"] is None
    assert moved["now"]["grade"] == "Awaiting"
    assert moved["now"]["seeds"] == 8
    assert change == difference(FIRST, SECOND)
    lab.later(seconds=1)
    with lab.db.transaction():
        retire_version(lab.db, 1, "a <test>", lab.now)
    lab.later(seconds=1)
    third = hold(lab)
    tasks = site.get(f"/sessions/{third}/tasks.json").json["tasks"]
    assert [task["state"] for task in tasks if task["host"] == 2] == ["expired"]
    since = difference(third, SECOND)
    assert since["findings"] == []  # what was taken back before anybody had it is not missing
    assert since["experiments"] == [{"experiment": "tiny_sum@1", "status": "retired", "why": "a <test>"}]
    assert "a &lt;test&gt;" in site.get(f"/sessions/{third}/since/{SECOND}").text
    same = difference(third, third)
    assert (same["sessions"], same["tasks"], same["awards"]) == (0, {}, 0)


WORDS = st.text().filter(lambda text: not any(sign.isdigit() for sign in text))


@settings(max_examples=30)
@given(WORDS, st.dictionaries(st.from_regex(r"\w{1,5}", fullmatch=True), st.integers() | st.text()))
def test_the_pieces_are_the_sentence(text, facts):
    note = Note(kind="test", text=text, facts=facts)
    assert "".join(piece["text"] for piece in session_log.note_pieces(note)) == session_log.note_sentence(note)


def test_a_log_leads_to_rows_of_ours_alone_and_each_note_has_its_section_in_order():
    note = Note(kind="review.x", text="*{n}* of <b>", facts={"n": 2}, about="/results")
    assert "## New results\n\n- \\*[2](/results)\\* of \\<b\\>\n" in session_log.log_markdown(
        SESSION, [(Step.REVIEW, note)]
    )
    note = Note(kind="test", text="{a} and {b}", facts={"a": 1, "b": 2}, about="/x", rows={"b": "/y"})
    assert "- [1](/x) and [2](/y)\n" in session_log.log_markdown(SESSION, [(Step.LOG, note)])
    for away in ("javascript:alert(1)", "//example.org/x", "https://example.org"):
        (line,) = session_log.log_data([(Step.LOG, Note(kind="test", text="{n}", facts={"n": 1}, about=away))])
        assert line["about"] == ""
        assert line["rows"] == {}
        assert line["pieces"][0]["rows"] == ""
    notes = [
        (next(iter(section.steps), Step.LOG), Note(kind=f"{section.kinds[0]}x", text="words"))
        for section in SECTIONS[:-1]
    ]
    lines = session_log.log_text(SESSION, list(reversed(notes))).splitlines()
    assert [line for line in lines if line.isupper()] == [section.title.upper() for section in SECTIONS[:-1]]
    (empty,) = session_log.log_chapters(SESSION, [])
    assert empty["lines"][0]["text"] == "; ".join(section.title for section in SECTIONS if section.steps) + "."
    (empty,) = session_log.log_chapters(replace(SESSION, done=(Step.HEALTH,)), [])
    assert empty["lines"][0]["text"] == "Parts of the laboratory."
    assert session_log.log_chapters(replace(SESSION, done=()), []) == []
    for made_in, kind, title in (
        (Step.REVIEW, "task.valid", "New results"),
        (Step.CLEAN, "task.stuck.more", "Cleaning up"),
        (Step.WITHDRAW, "experiment.stopped", "Cleaning up"),
        (Step.DEPLOY, "deploy.class", "Hosts and their work"),
        (Step.LOG, "unheard-of", "Besides"),
    ):
        assert title_of(made_in, kind) == title
    for text, facts, sentence in (
        ("{results} results", {"results": 1234}, "1,234 results"),
        ("{low} and {missing}", {"low": -0.5}, "−0.5 and {missing}"),
        ("no fact", {}, "no fact"),
        ("{a}{b}", {"a": 1, "b": "x"}, "1x"),
    ):
        assert session_log.note_sentence(Note(kind="test", text=text, facts=facts)) == sentence


LINE = "The server <moves> on Saturday & is back on Sunday."


def atom(reader) -> list[str]:
    reader.app.forget()
    reply = reader.get("/news.atom")
    assert reply.headers["content-type"].startswith("application/atom+xml")
    feed = ET.fromstring(reply.raw)
    assert feed.findtext(f"{ATOM}id").endswith("/news.atom")
    assert feed.findtext(f"{ATOM}updated")
    return [entry.findtext(f"{ATOM}title") for entry in feed.iter(f"{ATOM}entry")]


def rss(lab, now=None) -> list:
    reading = Reading(db=lab.db, folder=lab.folder, now=now or lab.now, name="Small", live=dict)
    return list(ET.fromstring(rss_feed(reading, "https://lab.example/")).iter("item"))


def test_what_the_operator_says_is_news_for_a_while_and_in_the_feeds(browse, small_lab):
    lab, reader = small_lab, browse(small_lab)

    def on_front_page() -> list[str]:
        reader.app.forget()
        return [item["line"] for item in reader.get("/index.json").json["home"]["said"]]

    assert atom(reader) == []
    with lab.db.transaction():
        news.add_news(lab.db, line="We begin.", text="", until=lab.now + timedelta(hours=1), now=lab.now)
    lab.later(days=1)
    text = "Clients wait & go on.\n\nNothing <is> lost."
    with lab.db.transaction():
        news.add_news(lab.db, line=LINE, text=text, until=lab.now + timedelta(days=2), now=lab.now)
    assert on_front_page() == [LINE]
    page = reader.get("/").text
    assert "The server &lt;moves&gt; on Saturday &amp; is back on Sunday." in page
    assert "Clients wait &amp; go on." in page
    assert "Nothing &lt;is&gt; lost." not in page
    assert [said["line"] for said in reader.get("/news.json").json["said"]] == atom(reader) == [LINE, "We begin."]
    page = reader.get("/news").text
    assert 'id="news-2"' in page
    assert "<p>Nothing &lt;is&gt; lost.</p>" in page
    items = rss(lab)
    assert [item.findtext("title") for item in items] == [LINE, "We begin."]
    assert items[0].findtext("link") == "https://lab.example/news#news-2"
    assert items[1].findtext("description") == "We begin."
    lab.later(days=3)
    assert on_front_page() == []
    lab.later(days=-3)
    with lab.db.transaction():
        assert [news.withdraw_news(lab.db, 2, lab.now) for _ in range(2)] == [True, False]
    assert (on_front_page(), atom(reader)) == ([], ["We begin."])


def test_what_is_decided_is_news_and_in_the_feeds_until_it_is_recalled(browse, small_lab, prepared):
    fill(small_lab, prepared)
    reader = browse(small_lab)
    (row,) = [row for row in reader.get("/findings.json").json["findings"] if row["evidence"]]
    (told,) = reader.get("/news.json").json["news"]
    assert told["number"] == row["number"]
    assert told["line"].endswith(row["answer"])
    assert atom(reader).count(told["line"]) == 1
    for days, amount in ((0, 0), (1, 1)):
        items = rss(small_lab, small_lab.now + timedelta(days=days))
        assert [item.findtext("title") for item in items].count(told["line"]) == amount
    with small_lab.db.transaction():
        small_lab.db.execute("UPDATE finding SET status = 'recalled'")
    reader.app.forget()
    assert reader.get("/news.json").json["news"] == []
