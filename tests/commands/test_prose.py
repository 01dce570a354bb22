"""Parts of a log and prose of papers through the gate: kept as they were written, or refused with the wrong word."""

import pytest
from evidence_lines import record
from furnished_lab import weighed

from axiom.commands.links import DraftPaper, WriteLog
from axiom.domain.findings import Grade
from axiom.errors import NotFound, Refused, WrongUse
from axiom.store.sessions import prose, sessions


@pytest.fixture
def door(door):
    """With a session and a Moderate finding."""

    def begin(db):
        sessions.begin(db, pi="autopilot", reason="a test", now=door.lab.now)
        record(db, 1, weighed(2), [], session_id=None, now=door.lab.now)

    door.gate.writer.run(begin)
    return door


def test_a_part_of_a_log_is_kept_as_it_was_written(door):
    text = "The total grows: {F1.estimate}.\n\nNothing more is known."
    said = door.submit(WriteLog(text=text, by="Ada"))
    name = said["page"].rpartition("/")[2]
    assert said["unresolved"] == []
    (kept,) = door.look(lambda db: prose.of_rounds(db, sessions.told_of(db, sessions.by_name(db, name))))
    assert (kept.author, kept.text) == ("Ada", text)
    with pytest.raises(NotFound):
        door.submit(WriteLog(text=text, by="Ada", session="never"))


def test_a_paper_s_prose_speaks_of_its_findings_alone(door):
    said = door.submit(DraftPaper(findings="1", text="It is {F1.estimate}.", by="Ada"))
    assert said["page"] == "/findings/paper?of=1"
    assert door.submit(DraftPaper(findings="1,1", text="It is {F1.high}.", by="Ada"))["page"] == said["page"]
    with pytest.raises(NotFound):
        door.submit(DraftPaper(findings="1,9", text="It is {F1.estimate}.", by="Ada"))
    with pytest.raises(Refused, match="F2"):
        door.submit(DraftPaper(findings="1", text="It is {F2.estimate}.", by="Ada"))


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("It is 0.9.", "0.9"),
        ("Twenty of {F1}.", "Twenty"),
        ("It is {F1.estimated}.", "estimate"),
        ("It is {F7.estimate}.", "F1"),
        ("{R:tiny_sum} says so of {F1}.", "R:tiny_sum"),
        ("{F1} proves it.", "Moderate"),
    ],
)
def test_what_the_rows_do_not_say_is_refused_and_nothing_kept(door, text, word):
    before = door.stored()
    for command in (WriteLog(text=text, by="Ada"), DraftPaper(findings="1", text=text, by="Ada")):
        with pytest.raises(Refused) as refused:
            door.submit(command)
        assert word in str(refused.value)
        assert "{F1.estimate}" in str(refused.value)
    assert door.stored() == before


def test_a_stronger_grade_lets_stronger_words(door):
    text = "This establishes {F1}."
    with pytest.raises(Refused):
        door.submit(WriteLog(text=text, by="Ada"))
    door.gate.writer.run(
        lambda db: record(db, 1, weighed(3, grade=Grade.STRONG), [], session_id=None, now=door.lab.now)
    )
    assert door.submit(WriteLog(text=text, by="Ada"))["unresolved"] == []


def test_an_empty_text_is_none(door):
    with pytest.raises(WrongUse):
        door.submit(WriteLog(text="   \n\n  ", by="Ada"))
