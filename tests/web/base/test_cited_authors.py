import pytest

from axiom.errors import WrongUse
from axiom.settings import read
from axiom.web.base.cited_authors import CitedAuthor, authors_of, bibtex

ADA = "Ada Example (0000-0002-1825-0097)"


def test_authors_are_read_with_and_without_an_orcid():
    assert authors_of(f"{ADA}; Bo Example") == [
        CitedAuthor(name="Ada Example", orcid="0000-0002-1825-0097"),
        CitedAuthor(name="Bo Example"),
    ]
    assert authors_of(ADA)[0].address == "https://orcid.org/0000-0002-1825-0097"
    assert authors_of("") == []


@pytest.mark.parametrize("text", [ADA, f"{ADA}; Bo Example", "", "Bo Example;Cy Example"])
def test_the_setting_takes_them(tmp_path, text):
    assert read(tmp_path / "none", {}, {"authors": text})[0].authors == text


@pytest.mark.parametrize("text", ["Ada (1234)", "Ada (0000-0002-1825-0097", ";"])
def test_the_setting_refuses_what_would_be_cited_wrongly(tmp_path, text):
    with pytest.raises(WrongUse):
        read(tmp_path / "none", {}, {"authors": text})


def test_an_entry_names_people_before_the_laboratory_and_escapes_what_latex_would_read():
    words = {"number": 7, "answer": "ReLU & {tanh} differ by 5 %", "date": "2026-03-02T10:00:00", "line": 3}
    entry = bibtex(**words, laboratory="Small & Sons", authors=ADA, address="https://lab.example/findings/7")
    assert entry.startswith("@misc{axiom-finding-7,\n")
    assert r"author = {{Ada Example} and {Small \& Sons}}," in entry
    assert r"{Finding 7: ReLU \& \{tanh\} differ by 5 \%}" in entry
    assert "year = {2026}" in entry
    assert "month = {3}" in entry
    assert "url = {https://lab.example/findings/7}" in entry
    assert entry.count("{") - entry.count(r"\{") == entry.count("}") - entry.count(r"\}")
