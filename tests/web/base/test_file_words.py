from pathlib import Path

import pytest

import axiom.catalogue
from axiom.web.base.file_words import FileWords, file_words, papers

FILES = [file for file in sorted(Path(axiom.catalogue.__path__[0]).glob("*.py")) if file.stem != "__init__"]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_shipped_experiment_says_why_it_matters_and_what_it_is_about(file):
    told = file_words(file.read_text(encoding="utf-8"))
    assert 8 <= len(told.matters.split()) <= 45
    assert told.matters.endswith((".", "?"))
    assert told.about
    assert not told.about.startswith("We expect")


def test_a_file_that_says_less_tells_less():
    assert file_words('"""Only a question?"""\n') == FileWords()
    assert file_words("x = 1\n") == FileWords()
    told = file_words('"""A question?\n\nWhat `it` is\nabout.\n\nHistory: 1.\n"""\n')
    assert told == FileWords(about="What it is about.")
    assert file_words('"""Q?\n\nWhy it matters: people\nwait.\n"""').matters == "People wait."


def test_a_paper_leads_where_its_name_says():
    first, second = papers("Frankle & Carbin 2019, arXiv:1803.03635; Eckart & Young 1936")
    assert first == {"text": "Frankle & Carbin 2019, arXiv:1803.03635", "href": "https://arxiv.org/abs/1803.03635"}
    assert second == {"text": "Eckart & Young 1936", "href": None}
    assert papers("") == []
