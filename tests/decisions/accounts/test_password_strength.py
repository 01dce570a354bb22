"""Is this password good enough?"""

from functools import partial

import cpu_growth
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from axiom.decisions.accounts.password_strength import judge
from axiom.limits import accounts as limits

KNOWN = ("Ada Lovelace", "ada.lovelace@example.org", "ada.lovelace", "Axiom")

REFUSED = [
    ("", "0 characters; it needs at least 8"),
    ("k3ttl7x", "7 characters; it needs at least 8"),
    ("x" + "ab7" * 100, "301 characters; at most 256"),
    ("12345678", "pattern"),
    ("11111112", "pattern"),
    ("abababab", "pattern"),
    ("qwertyuiop", "pattern"),
    ("qwer1234", "pattern"),
    ("password", "many people choose"),
    ("P@ssw0rd!", "many people choose"),
    ("p@ssw0rd2024", "many people choose"),
    ("dragonmaster", "many people choose"),
    ("Ada Lovelace", "name or address"),
    ("ada.lovelace1", "name or address"),
    ("axiomaxiom12", "many people choose"),
]


@pytest.mark.parametrize(("password", "reason"), REFUSED)
def test_what_is_tried_first_is_refused(password, reason):
    judged = judge(password, KNOWN)
    assert not judged.is_good
    assert reason in judged.reason


@pytest.mark.parametrize(
    "password",
    [
        "correcthorse",
        "blue.kettle.9",
        "sunshine and rain in may",
        "ünïcödé-wört",
        "        x       y",
        "ada.lovelace likes tea",
        "kqzvbxwm",
        "ab7" * (limits.LONGEST_PASSWORD // 3),
    ],
)
def test_a_long_one_of_ones_own_is_taken_whatever_it_is_made_of(password):
    assert judge(password, KNOWN).is_good


@settings(max_examples=30)
@given(st.text(min_size=limits.SHORTEST_PASSWORD, max_size=limits.LONGEST_PASSWORD))
def test_any_text_is_judged_and_a_refusal_never_repeats_it(password):
    judged = judge(password, KNOWN)
    assert judged.is_good or judged.reason.endswith(".")
    assert password not in judged.reason


@pytest.mark.parametrize("worst", ["1", "1234567890"])
def test_the_time_grows_no_faster_than_the_password(worst):
    short, long = (
        (worst * length)[:length] for length in (limits.LONGEST_PASSWORD // cpu_growth.APART, limits.LONGEST_PASSWORD)
    )
    reference = cpu_growth.seconds(partial(judge, short, KNOWN))
    assert cpu_growth.seconds(partial(judge, long, KNOWN)) <= cpu_growth.MOST * reference
