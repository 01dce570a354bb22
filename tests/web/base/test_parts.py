"""What pages are made of: a memo, people who are cited, and the words of an experiment's file."""

import pytest

from axiom.errors import WrongUse
from axiom.settings import read
from axiom.web.base import memo
from axiom.web.base.cited_authors import CitedAuthor, authors_of, bibtex
from axiom.web.base.file_words import FileWords, file_words, papers
from axiom.web.base.memo import Memo
from axiom.web.base.request import number_of

ADA = "Ada Example (0000-0002-1825-0097)"


def test_a_memo_makes_each_value_once_for_each_version_and_forgets_what_nobody_asks_for(monkeypatch):
    monkeypatch.setattr(memo, "_MOST", 2)
    made, kept = [], Memo()
    for name in ("asked again", "once", "asked again", "new", "asked again", "once"):
        assert kept.get_or_create(name, lambda name=name: made.append(name) or name.upper()) == name.upper()
    assert made == ["asked again", "once", "new", "once"]
    values = [kept.get_or_create("graph", object, version=[stamp]) for stamp in "1122"]
    assert (values[0] is values[1], values[1] is values[2], values[2] is values[3]) == (True, False, True)
    with pytest.raises(ZeroDivisionError):
        kept.get_or_create("broken", lambda: 1 / 0)
    assert kept.get_or_create("broken", lambda: "mended") == "mended"


def test_authors_are_cited_before_the_laboratory_with_what_latex_would_read_escaped(tmp_path):
    ada, bo = authors_of(f"{ADA}; Bo Example")
    assert (ada, bo) == (CitedAuthor(name="Ada Example", orcid="0000-0002-1825-0097"), CitedAuthor(name="Bo Example"))
    assert ada.address == "https://orcid.org/0000-0002-1825-0097"
    assert authors_of("") == []
    for text in (ADA, "", "Bo Example;Cy Example"):
        assert read(tmp_path / "none", {}, {"authors": text})[0].authors == text
    for text in ("Ada (1234)", "Ada (0000-0002-1825-0097", ";"):
        with pytest.raises(WrongUse):
            read(tmp_path / "none", {}, {"authors": text})
    words = {"number": 7, "answer": "ReLU & {tanh} differ by 5 %", "date": "2026-03-02T10:00:00", "line": 3}
    entry = bibtex(**words, laboratory="Small & Sons", authors=ADA, address="https://lab.example/findings/7")
    assert entry.startswith("@misc{axiom-finding-7,\n")
    assert r"author = {{Ada Example} and {Small \& Sons}}," in entry
    assert r"{Finding 7: ReLU \& \{tanh\} differ by 5 \%}" in entry
    assert [
        part for part in ("year = {2026}", "month = {3}", "https://lab.example/findings/7}") if part not in entry
    ] == []
    assert entry.count("{") - entry.count(r"\{") == entry.count("}") - entry.count(r"\}")


def test_a_file_tells_why_it_matters_what_it_is_about_and_which_papers_it_follows():
    assert file_words('"""Only a question?"""\n') == file_words("x = 1\n") == FileWords()
    assert file_words('"""A question?\n\nWhat `it` is\nabout.\n\nHistory: 1.\n"""\n') == FileWords(
        about="What it is about."
    )
    assert file_words('"""Q?\n\nWhy it matters: people\nwait.\n"""').matters == "People wait."
    first, second = papers("Frankle & Carbin 2019, arXiv:1803.03635; Eckart & Young 1936")
    assert first == {"text": "Frankle & Carbin 2019, arXiv:1803.03635", "href": "https://arxiv.org/abs/1803.03635"}
    assert (second, papers("")) == ({"text": "Eckart & Young 1936", "href": None}, [])


def test_a_whole_number_has_at_most_fifteen_digits_of_ours():
    assert [number_of(text) for text in ("0", "07", "9" * 15)] == [0, 7, 10**15 - 1]
    assert [number_of(text) for text in ("", "-1", "1.0", "\N{SUPERSCRIPT TWO}", "9" * 16)] == [None] * 5
