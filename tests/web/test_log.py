"""A session's log in its three forms, whatever its notes say."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axiom.domain.sessions import Note, Session, Step
from axiom.web import log

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
    note = Note(kind="test", text="*{n}* of <b>", facts={"n": 2}, about="/results")
    made = log.as_markdown(SESSION, [(Step.REVIEW, note)])
    assert "## Review\n\n- \\*2\\* of \\<b\\> ([rows](/results))\n" in made


def test_plain_text_has_its_steps_in_order():
    notes = [(step, Note(kind="test", text=f"in {step}")) for step in reversed(Step)]
    lines = log.as_text(SESSION, notes).splitlines()
    assert [line for line in lines if line.isupper()] == [step.upper() for step in Step]


def test_an_address_that_leads_away_is_no_link():
    (chapter,) = log.chapters([(Step.LOG, Note(kind="test", text="x", about="javascript:alert(1)"))])
    assert chapter["lines"][0]["about"] == ""


WORDS = st.text().filter(lambda text: not any(sign.isdigit() for sign in text))


@given(WORDS, st.dictionaries(st.from_regex(r"\w{1,5}", fullmatch=True), st.integers() | st.text()))
def test_the_pieces_are_the_sentence(text, facts):
    note = Note(kind="test", text=text, facts=facts)
    assert "".join(piece["text"] for piece in log.pieces(note)) == log.sentence(note)
