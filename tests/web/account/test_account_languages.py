"""The pages of an account, in the language of whoever signs in."""

import re

import pytest

SIGN_IN = {"en": "Sign in", "de": "Anmelden", "fr": "Se connecter"}


@pytest.mark.parametrize("code", SIGN_IN)
def test_signing_in_speaks_the_visitor_s_language(visitor, code):
    for headers in ({"accept_language": code}, {"cookie": f"lang={code}", "accept_language": "fr"}):
        page = visitor.ask("/account/sign-in", **headers)
        assert f'<html lang="{code}">' in page.text
        assert f"<h1>{SIGN_IN[code]}</h1>" in page.text
        assert page.headers["content-language"] == code


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/account", "Ihre Rechner"),
        ("/account/profile", "Ihr Profil"),
        ("/account/preferences", "Ressourcenanteil"),
        ("/account/team", "Sie gehören zu keinem Team"),
        ("/account/ideas", "Ihre Ideen"),
        ("/account/security", "Anmeldung und Schlüssel"),
    ],
)
def test_every_page_of_an_account_is_translated(ada, path, words):
    ada.cookies["lang"] = "de"
    page = ada.ask(path)
    assert (page.status, words in page.text, '<html lang="de">' in page.text) == (200, True, True)
    assert "Überblick" in page.text


def test_what_is_wrong_and_what_was_done_are_told_in_the_language(visitor):
    visitor.cookies["lang"] = "de"
    wrong = visitor.register(email="nobody")
    assert "Das ist keine E-Mail-Adresse" in wrong.text
    assert "Ein Feld muss geändert werden" in wrong.text
    opened = visitor.register()
    assert opened.status == 303
    assert "Ihr Konto ist eröffnet." in visitor.ask(opened.headers["location"]).text


def test_a_sentence_without_a_translation_is_said_to_be_english(ada):
    ada.cookies["lang"] = "de"
    page = ada.post("/account/preferences", resource_share="many", on_cores="1", venue="")
    assert re.search(r'<span lang="en">A number from 0 to 10,000; 100 is usual\.</span>', page.text)
    assert "<span lang" not in ada.ask("/account/preferences", cookie="").text


def test_the_account_for_programs_is_english_in_every_language(ada):
    english = ada.ask("/account.json").json
    assert ada.ask("/account.json", accept_language="de").json == english


def test_the_language_is_remembered_without_touching_who_is_signed_in(ada):
    chosen = ada.ask("/language/fr?back=/account")
    assert (chosen.status, chosen.headers["location"]) == (303, "/account")
    assert "Vos ordinateurs" in ada.ask("/account").text
