"""Which language somebody gets, and how numbers and days are written in it."""

import pytest

from axiom.locale import languages
from axiom.locale.languages import (
    ENGLISH,
    choose_language,
    current_language,
    gettext,
    ngettext,
    speak_language,
    translate_moment,
    translate_number,
)


@pytest.mark.parametrize(
    ("wanted", "accepted", "given"),
    [
        ("", "", ENGLISH),
        ("", "de", "de"),
        ("", "de-AT,de;q=0.9,en;q=0.8", "de"),
        ("", "en-US,en;q=0.9,de;q=0.7", ENGLISH),
        ("", "ja,fr;q=0.5,de;q=0.6", "de"),
        ("", "fr;q=0,ja", ENGLISH),
        ("", "de_DE", "de"),  # as BOINC's clients say it
        ("", "DE", "de"),
        ("", "*", ENGLISH),
        ("", "de;q=much,fr", "fr"),
        ("", ",;,;;=q", ENGLISH),
        ("", "x" * 300 + ",de", ENGLISH),
        ("fr", "de", "fr"),
        (ENGLISH, "de", ENGLISH),
        ("tlh", "de", "de"),
        ("../de", "", ENGLISH),
    ],
)
def test_a_choice_goes_before_what_a_browser_says(wanted, accepted, given):
    assert choose_language(wanted, accepted) == given


def test_a_language_of_one_country_is_known_as_browsers_and_as_clients_name_it(monkeypatch):
    monkeypatch.setattr(languages, "list_languages", lambda: {ENGLISH: "English", "sr_RS": "Srpski"})
    assert [choose_language("", accepted) for accepted in ("sr-rs", "sr_RS")] == ["sr_RS", "sr_RS"]


def test_numbers_and_days_are_written_as_readers_are_used_to():
    assert dict(languages.list_languages()) == {"en": "English", "de": "Deutsch", "fr": "Français"}
    for language, written, moment in (
        ("en", "−12,345.678", "2 March 2026, 14:12 UTC"),
        ("de", "−12.345,678", "2. März 2026, 14:12 UTC"),
        ("fr", "−12\u202f345,678", "2 mars 2026, 14:12 UTC"),
    ):
        with speak_language(language):
            assert translate_number("−12,345.678") == written
            assert (translate_moment("2 March 2026, 14:12 UTC"), translate_moment("–")) == (moment, "–")


def test_what_has_no_translation_is_said_in_english():
    with speak_language("de"):
        assert gettext("nobody wrote this") == "nobody wrote this"
        assert ngettext("one goose", "%(num)s geese", 2) == "%(num)s geese"
        assert not languages.is_known("nobody wrote this")


def test_a_language_ends_where_it_began():
    def fail() -> None:
        with speak_language("de"):
            raise RuntimeError(gettext("Take part"))

    with pytest.raises(RuntimeError, match="Mitmachen"):
        fail()
    assert (current_language(), gettext("Take part")) == (ENGLISH, "Take part")
