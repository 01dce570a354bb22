"""The catalogues: complete, current, and with the fields of the English sentences."""

import importlib.util
import sys
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "translating.py"
COMPLETE = ("de", "fr")


@pytest.fixture(scope="module")
def translating():
    spec = importlib.util.spec_from_file_location("translating", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def sentences(translating):
    return translating.template()


def test_sentences_of_pages_programs_and_terms_are_found(sentences):
    texts = {message.id for message in sentences}
    assert {"Join in three steps", "no work is waiting at the moment", "First light", "Take part"} <= texts
    assert len(texts) > 350


def test_every_catalogue_is_as_the_script_writes_it_and_complete_ones_lack_nothing(translating, sentences):
    codes = translating.codes()
    assert set(COMPLETE) <= set(codes)
    for code in codes:
        catalogue, file = translating.updated(code, sentences), translating.po_of(code)
        cure = f"type scripts/translate, and translate what is new in {file}"
        assert file.read_bytes() == translating.written(catalogue), cure
        assert code not in COMPLETE or list(translating.faults(catalogue)) == []


def test_what_is_missing_fuzzy_or_different_is_told(translating):
    catalogue = Catalog(locale="de")
    catalogue.add("missing", "")
    catalogue.add("unsure", "unsicher", flags=["fuzzy"])
    catalogue.add("about %(credit)s", "etwa %(punkte)s")
    catalogue.add('see <a href="/join">there</a>', 'siehe <a href="/elsewhere">dort</a>')
    catalogue.add(("%(num)s job", "%(num)s jobs"), ("eine Aufgabe", "%(num)s Aufgaben"))
    catalogue.add("good", "gut")
    faults = [fault.partition(":")[0] for fault in translating.faults(catalogue)]
    assert faults == ["missing", "fuzzy", "fields differ", "tags differ", "fields differ"]


def test_another_language_is_one_new_folder_and_one_that_does_not_exist_is_refused(
    translating, sentences, monkeypatch, tmp_path
):
    monkeypatch.setattr(translating, "template", lambda: sentences)  # the same, which takes seconds to find
    monkeypatch.setattr(translating, "LOCALE", tmp_path)
    monkeypatch.setattr(sys, "argv", ["translate", "xx_YY_zz"])
    assert translating.main() == 2
    monkeypatch.setattr(sys, "argv", ["translate", "es"])
    assert translating.main() == 0
    assert {path.name for path in (tmp_path / "es" / "LC_MESSAGES").iterdir()} == {"axiom.po"}
    assert [path.name for path in tmp_path.iterdir()] == ["es"]
