"""Is this password good enough?"""

from functools import partial

import cpu_growth
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from axiom.errors import WrongUse
from axiom.laboratory.accounts.passwords import refuse_weak
from axiom.limits import accounts as limits

# The form of each kind of sign that zxcvbn tries as several letters: nothing takes it longer.
WORST = "!7+469[|{(@<3$15"


def refusal(password: str) -> str:
    try:
        refuse_weak(password, "Ada Lovelace", "ada.lovelace@example.org", "Axiom")
    except WrongUse as refused:
        return str(refused)
    return ""


REFUSED = [
    *("", "k3ttl7x", "x" + "ab7" * 100),
    *("12345678", "11111112", "abababab", "qwertyuiop", "qwer1234", "19850412"),
    *("password", "P@ssw0rd!", "p@ssw0rd2024", "dragonmaster", "motdepasse", "schalke04"),
    *("letmein12345", "mypassword123", "dragonball12", "trustno1trust"),
    *("Ada.Lovelace", "Lovelace Ada", "ecalevol ada", "AdaLovelace Ada"),
    *("Ada Lovelace", "ada.lovelace1", "ada.lovelace@example.org1", "lovelaceada", "adalovelace99", "axiomaxiom12"),
]


@pytest.mark.parametrize("password", REFUSED)
def test_what_is_tried_first_is_refused(password):
    assert refusal(password)


@pytest.mark.parametrize("password", ["annameier2026", "AnnaMeier2026!", "anna-meier_2026", "meieranna2026"])
def test_signs_within_the_address_do_not_hide_it(password):
    with pytest.raises(WrongUse):
        refuse_weak(password, "AM", "anna.meier@example.org", "Axiom")


TAKEN = [
    *("correcthorse", "blue.kettle.9", "sunshine and rain in may", "ünïcödé-wört", "        x       y"),
    *("ada.lovelace likes tea", "kqzvbxwm", "blue.kettle.9" * 19),
]


@pytest.mark.parametrize("password", TAKEN)
def test_one_of_ones_own_is_taken_whatever_it_is_made_of(password):
    assert not refusal(password)


def test_what_is_wrong_is_told_in_three_sentences():
    kinds = [("abcabcabc", "19850412"), ("dragonmaster", "mypassword123"), ("ada.lovelace1", "lovelaceada")]
    told = [{refusal(password) for password in kind} for kind in kinds]
    assert [len(sentences) for sentences in told] == [1, 1, 1]
    assert len(set.union(*told)) == 3


@settings(max_examples=30)
@given(st.text(min_size=limits.SHORTEST_PASSWORD, max_size=limits.LONGEST_PASSWORD))
def test_any_text_is_judged_and_a_refusal_never_repeats_it(password):
    assert password not in refusal(password)


@pytest.mark.parametrize("length", [limits.LONGEST_PASSWORD, 1_000_000])
def test_what_takes_longest_takes_no_longer_for_being_long(length):
    reference = cpu_growth.seconds(partial(refusal, WORST), times=2)
    assert cpu_growth.seconds(partial(refusal, (WORST * length)[:length]), times=2) <= 4 * reference
