"""Who has an account is not to be asked here without limit, by whichever form."""

import re
from urllib.parse import urlencode

import pytest
from account_site import EMAIL, NEW_PASSWORD, ORIGIN, PASSWORD, Visitor, receiving

from axiom.store.accounts import accounts

OTHER = "eve@mail.example"


@pytest.fixture
def eve(new_visitor):
    """Somebody else, from elsewhere."""
    made = new_visitor(peer="198.51.100.20")
    assert made.register(name="Eve", email=OTHER).status == 303
    return made


@pytest.mark.usefixtures("eve")
def test_an_address_is_changed_five_times_a_day_taken_or_refused(ada, small_lab):
    said = [
        ada.post("/account/email", email=OTHER if number % 2 else f"ada{number}@mail.example", password=PASSWORD).status
        for number in range(5)
    ]
    assert said == [303, 422, 303, 422, 303]
    for email in (OTHER, "new@mail.example"):  # the same words, whoever has it
        reply = ada.post("/account/email", email=email, password=PASSWORD)
        assert (reply.status, "this can be asked for 5 times a day" in reply.text) == (422, True)
    small_lab.later(hours=25)
    assert ada.post("/account/email", email="new@mail.example", password=PASSWORD).status == 303


@pytest.mark.usefixtures("eve")
def test_an_address_that_somebody_has_counts_as_a_wrong_password_from_here(ada, new_visitor):
    other = new_visitor(peer=ada.peer)
    for number in range(26):
        other.post("/account/sign-in", email=f"{number}@mail.example", password=PASSWORD)
    assert [ada.post("/account/email", email=OTHER, password=PASSWORD).status for _ in range(4)] == [422] * 4
    assert "many wrong passwords came from here" in ada.post("/account/email", email=OTHER, password=PASSWORD).text
    said = other.post("/account/sign-in", email="nobody@mail.example", password=PASSWORD).text
    assert "many wrong passwords came from here" in said


def test_an_address_that_nobody_has_counts_for_nothing_and_is_known_from_then_on(ada, new_visitor):
    assert ada.post("/account/email", email="new@mail.example", password=PASSWORD).status == 303
    guesser = new_visitor(peer="198.51.100.9")
    for number in range(11):
        guesser.post("/account/sign-in", email="new@mail.example", password=f"guess {number} of many")
    again = new_visitor(peer=ada.peer)
    assert again.post("/account/sign-in", email="new@mail.example", password=PASSWORD).status == 303


def test_who_may_open_no_more_is_told_the_same_whoever_has_an_account(new_lab, tmp_path):
    lab = new_lab(tmp_path / "few")
    with receiving(lab, f"{ORIGIN}/", new_accounts=2) as app:
        first, second = (Visitor(app=app, folder=lab.folder) for _ in range(2))
        assert first.register().status == 303
        tried = [second.register(email=EMAIL, password=NEW_PASSWORD) for _ in range(2)]  # the first takes the allowance
        free = second.register(email=OTHER)
        assert [each.status for each in (*tried, free)] == [422] * 3
        assert ["many accounts were opened from here" in each.text for each in (*tried, free)] == [False, True, True]
        for each in (first, second):
            each.close()


def test_where_none_are_opened_registering_says_the_same_whoever_has_an_account(new_lab, tmp_path):
    lab = new_lab(tmp_path / "closing")

    def asked(app, email: str, password: str):
        visitor = Visitor(app=app, folder=lab.folder)
        words = {"form": visitor.token("/account/sign-in"), "name": "Ada", "email": email, "password": password}
        reply = visitor.ask("/account/register", method="POST", body=urlencode(words).encode(), origin=ORIGIN)
        visitor.close()
        return reply

    with receiving(lab, f"{ORIGIN}/") as app:
        assert asked(app, EMAIL, PASSWORD).status == 303
    with receiving(lab, f"{ORIGIN}/", new_accounts=0) as app:
        said = [asked(app, email, NEW_PASSWORD) for email in (EMAIL, OTHER)]
        assert [each.status for each in said] == [422, 422]
        assert ["No new accounts at the moment" in each.text for each in said] == [True, True]
        first, second = (re.sub(r'name="form" value="[0-9a-f]+"', "", each.text) for each in said)
        assert first == second
        found = asked(app, EMAIL, PASSWORD)
        assert (found.status, found.headers["location"]) == (303, "/account?done=known")
        assert app.writer.run(lambda db: accounts.by_email(db, OTHER)) is None
