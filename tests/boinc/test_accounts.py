"""Accounts through a client: what is asked, what is wrong with it, and the answers."""

import sys
import unicodedata
import xml.etree.ElementTree as ET
from urllib.parse import unquote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from axiom.boinc.accounts import (
    AccountChange,
    AccountError,
    CreateAccount,
    LookupAccount,
    Problem,
    account_out,
    change_reply,
    error_reply,
    info_reply,
    percent_encode,
    read_change,
    read_create,
    read_lookup,
    tidy_email,
    tidy_name,
)

HASH = "0123456789abcdef" * 2
GOOD = {"email_addr": "Ann@Example.org", "passwd_hash": HASH, "user_name": "Ann"}


def leaves(reply: bytes) -> dict[str, str | None]:
    return {element.tag: element.text for element in ET.fromstring(reply)}


def test_a_request_for_an_account_is_read():
    fields = GOOD | {"team_name": "The  Team", "source": "boinc", "unknown": "x"}
    expected = CreateAccount(
        email="ann@example.org", passwd_hash=HASH, name="Ann", team_name="The Team", source="boinc"
    )
    assert read_create(fields | {"passwd_hash": f" {HASH.upper()}\n"}) == expected
    assert read_create(GOOD) == CreateAccount(email="ann@example.org", passwd_hash=HASH, name="Ann")
    assert read_lookup(GOOD) == LookupAccount(email="ann@example.org", passwd_hash=HASH)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"email_addr": "ann"}, AccountError.BAD_EMAIL),
        ({"email_addr": "", "passwd_hash": "", "user_name": ""}, AccountError.BAD_EMAIL),
        ({"passwd_hash": "secret"}, AccountError.BAD_PASSWORD),
        ({"passwd_hash": HASH + "0"}, AccountError.BAD_PASSWORD),
        ({"user_name": " "}, AccountError.BAD_NAME),
    ],
)
def test_what_is_wrong_with_a_request_is_a_problem_with_boinc_s_number(changes, error):
    problem = read_create(GOOD | changes)
    assert isinstance(problem, Problem)
    assert problem.error is error
    assert leaves(error_reply(problem))["error_num"] == str(error.value)


def test_every_number_of_an_account_s_errors_is_boinc_s():
    names = "NO_SUCH_ACCOUNT NOT_UNIQUE PROJECT_DOWN BAD_NAME BAD_EMAIL BAD_PASSWORD CREATION_DISABLED CONSENT_NEEDED"
    numbers = (-136, -137, -183, -188, -205, -206, -208, -242)
    assert {error.name: error.value for error in AccountError} == dict(zip(names.split(), numbers, strict=True))


LONGEST = "a" * 60 + "@" + ".".join(["b" * 61] * 3 + ["c" * 7])  # 254 characters


@pytest.mark.parametrize(
    ("text", "email"),
    [
        (" Ann.B+boinc@Sub.Example.org\n", "ann.b+boinc@sub.example.org"),
        ("root@localhost", "root@localhost"),
        (LONGEST, LONGEST),
        ("a" + LONGEST, None),
        ("o_'brien@example.org", None),
        ("a@b", None),
        ("a@b@example.org", None),
        ("a@-example.org", None),
        ("a@example..org", None),
        ("a@exa\u0308mple.org", None),
        ("a\0@example.org", None),
        ("a" * 65 + "@example.org", None),
    ],
)
def test_an_address_has_a_single_form_or_is_none(text, email):
    assert tidy_email(text) == email


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("A", "A"),
        ("a" * 60, "a" * 60),
        ("a" * 61, None),
        (" a\t\nb ", "a b"),
        ("", None),
        ("a>b", None),
        ("a\u202eb", None),
        ("\u3164", None),  # Hangul filler, which is a letter by its category
        ("\u2800", None),  # Braille without a dot
        ("\ufe0f\u034f\U000e0100", None),
        ("\U0001f98a", None),  # a fox alone is no name that could be read out
        ("\u0301" * 30, None),
        ("Ada" + "\u0301" * 30, None),
        ("A" + "\u0316\u0301" * 3, None),
        ("q" * 60 + "\u0301", None),
        (" " * 1_000 + "a", None),
        ("Ada\u3164", "Ada"),
        ("Ada\u2800Lovelace", "Ada Lovelace"),
        ("\uff21\uff44\uff41", "Ada"),  # full width
        ("A\u0308da", "\xc4da"),
        ("\uff1cb\uff1e", None),  # full width, and a tag in its one form
        ("\U0001f98a 7", "\U0001f98a 7"),
        ("\u2764\ufe0f Ada", "\u2764 Ada"),
        *((text, text) for text in ("李", "Nguyễn", "नमस्ते", "བསྒྲིགས", "ที่นี่", "שָׁלוֹם", "\u0645\u0631\u062d\u0628\u0627")),
    ],
)
def test_a_name_can_be_seen_and_read_or_is_none(text, name):
    assert tidy_name(text) == (name and unicodedata.normalize("NFKC", name))


def test_every_sign_of_unicode_is_a_name_that_stays_or_none():
    for code in range(0, sys.maxunicode + 1, 7):
        name = tidy_name(chr(code))
        assert name is None or (tidy_name(name) == name and not name.isspace())


FIELDS = st.dictionaries(
    st.sampled_from(
        ["email_addr", "passwd_hash", "user_name", "team_name", "name", "password_hash", "teamid", "send_email", "url"]
    ),
    st.one_of(st.text(), st.just(HASH), st.just("ann@example.org"), st.just("1")),
)


@given(fields=FIELDS, text=st.one_of(st.text(), st.emails()))
@example(fields={}, text="a@" + "a." * 200)
def test_any_fields_are_a_tidy_request_or_a_problem_that_can_be_told(fields, text):
    email, name = tidy_email(text), tidy_name(text)
    assert email is None or tidy_email(email) == email
    assert name is None or tidy_name(name) == name
    for answer in (read_create(fields), read_lookup(fields), read_change(fields)):
        if isinstance(answer, Problem):
            assert leaves(error_reply(answer))["error_string"] == answer.text
        elif isinstance(answer, CreateAccount | LookupAccount):
            assert len(answer.passwd_hash) == 32
            assert "@" in answer.email


def test_the_answers_are_what_clients_read():
    assert leaves(account_out("ab" * 16)) == {"authenticator": "ab" * 16}
    reply = error_reply(Problem(error=AccountError.BAD_PASSWORD, text="wrong <password> & more"))
    assert ET.fromstring(reply).tag == "error"
    words = "wrong <password> & more"
    assert leaves(reply) == {"error_num": "-206", "error_string": words, "error_msg": words}


def test_an_account_manager_reads_an_account():
    preferences = "<global_prefs><global_preferences><mod_time>5</mod_time></global_preferences></global_prefs>"
    root = ET.fromstring(info_reply({"id": 7, "name": percent_encode("Ann Ölmann"), "venue": "a & b"}, preferences))
    assert root.tag == "am_get_info_reply"
    assert root.find("success") is not None
    assert (root.findtext("id"), root.findtext("venue")) == ("7", "a & b")
    assert unquote(root.findtext("name", "")) == "Ann Ölmann"
    assert root.findtext("global_prefs/global_preferences/mod_time") == "5"


def test_an_account_manager_sets_what_it_names_and_nothing_else():
    assert read_change({"account_key": "ab" * 16, "venue": "", "name": " "}) == AccountChange()
    assert read_change({"venue": " work ", "send_email": "1 "}) == AccountChange(venue="work")
    same = {"name": "Bea", "country": "Peru", "venue": "work"}
    preferences = {"global": "<global_preferences/>", "project": "<project_preferences/>"}
    fields = same | {"url": "https://example.org", "teamid": "0", "send_email": "0", "show_hosts": "1"}
    fields |= {"email_addr": "Bea@example.org", "password_hash": HASH.upper()}
    fields |= {f"{kind}_prefs": text for kind, text in preferences.items()}
    changed = {"website": "https://example.org", "team_id": 0, "shows_hosts": True}
    changed |= {"email": "bea@example.org", "passwd_hash": HASH}
    changed |= {f"{kind}_preferences": text for kind, text in preferences.items()}
    assert read_change(fields) == AccountChange(**same, **changed)
    assert ET.fromstring(change_reply()).find("success") is not None
    for change, error in (
        ({"name": "<b>"}, AccountError.BAD_NAME),
        ({"email_addr": "bea"}, AccountError.BAD_EMAIL),
        ({"password_hash": HASH + "0"}, AccountError.BAD_PASSWORD),
    ):
        problem = read_change(fields | change)
        assert isinstance(problem, Problem)
        assert problem.error is error
