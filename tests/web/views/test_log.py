"""A session's log in its three forms, whatever its notes say."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axiom.domain.sessions import Note, Session, Step
from axiom.web.views import log
from axiom.web.views.log import SECTIONS, title_of

NOW = datetime(2026, 3, 2, 14, 5, tzinfo=UTC)
SESSION = Session(
    id=1, name="2026-03-02-a", pi="autopilot", done=tuple(Step), reason="a test", started_at=NOW, ended_at=None
)


@pytest.mark.parametrize(
    ("text", "facts", "said"),
    [
        ("{results} results", {"results": 1234}, "1,234 results"),
        ("{low} and {missing}", {"low": -0.5}, "−0.5 and {missing}"),
        ("no fact", {}, "no fact"),
        ("{a}{b}", {"a": 1, "b": "x"}, "1x"),
    ],
)
def test_facts_stand_in_their_places(text, facts, said):
    assert log.sentence(Note(kind="test", text=text, facts=facts)) == said


def test_markdown_leads_to_the_rows_and_keeps_marks_as_marks():
    note = Note(kind="review.x", text="*{n}* of <b>", facts={"n": 2}, about="/results")
    made = log.as_markdown(SESSION, [(Step.REVIEW, note)])
    assert "## New results\n\n- \\*[2](/results)\\* of \\<b\\>\n" in made


def test_plain_text_has_its_sections_in_order():
    notes = [(next(iter(one.steps), Step.LOG), Note(kind=f"{one.kinds[0]}x", text="words")) for one in SECTIONS[:-1]]
    lines = log.as_text(SESSION, list(reversed(notes))).splitlines()
    assert [line for line in lines if line.isupper()] == [one.title.upper() for one in SECTIONS[:-1]]


def test_an_address_that_leads_away_is_no_link():
    for away in ("javascript:alert(1)", "//example.org/x", "https://example.org"):
        (line,) = log.as_data([(Step.LOG, Note(kind="test", text="{n}", facts={"n": 1}, about=away))])
        assert (line["about"], line["rows"], line["pieces"][0]["rows"]) == ("", {}, "")


def test_a_section_whose_steps_are_done_and_that_has_nothing_says_so():
    titles = {chapter["section"]: chapter["lines"] for chapter in log.chapters(SESSION, [])}
    assert list(titles) == [one.title for one in SECTIONS if one.steps]
    assert titles["Watched for"][0]["text"] == "Nobody watches for anything."
    assert log.chapters(replace(SESSION, done=(Step.HEALTH,)), [])[0]["section"] == "Parts of the laboratory"
    assert log.chapters(replace(SESSION, done=()), []) == []


@pytest.mark.parametrize(
    ("step", "kind", "title"),
    [
        (Step.REVIEW, "task.valid", "New results"),
        (Step.CLEAN, "task.stuck", "Cleaning up"),
        (Step.CLEAN, "task.stuck.more", "Cleaning up"),
        (Step.REVIEW, "experiment.recalled", "New results"),
        (Step.WITHDRAW, "experiment.stopped", "Cleaning up"),
        (Step.DEPLOY, "deploy.class", "Hosts and their work"),
        (Step.DEPLOY, "deploy.ordered", "Deployment"),
        (Step.DESIGN, "design.needs", "What the open findings need"),
        (Step.LOG, "log.grades", "Findings by grade"),
        (Step.LOG, "log.next", "What comes next"),
        (Step.LOG, "unheard-of", "Besides"),
    ],
)
def test_each_kind_of_note_has_its_section(step, kind, title):
    assert title_of(step, kind) == title


def test_a_fact_leads_to_rows_of_its_own():
    note = Note(kind="test", text="{a} and {b}", facts={"a": 1, "b": 2}, about="/x", rows={"b": "/y"})
    assert log.as_markdown(SESSION, [(Step.LOG, note)]).endswith("- [1](/x) and [2](/y)\n")


WORDS = st.text().filter(lambda text: not any(sign.isdigit() for sign in text))


@given(WORDS, st.dictionaries(st.from_regex(r"\w{1,5}", fullmatch=True), st.integers() | st.text()))
def test_the_pieces_are_the_sentence(text, facts):
    note = Note(kind="test", text=text, facts=facts)
    assert "".join(piece["text"] for piece in log.pieces(note)) == log.sentence(note)
