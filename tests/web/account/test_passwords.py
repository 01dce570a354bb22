"""Who has an account is not asked here without limit; and a password counts when what it was typed for is done."""

import re
from urllib.parse import urlencode

import pytest
from account_site import EMAIL, NEW_PASSWORD, ORIGIN, PASSWORD, Visitor, receiving

from axiom.boinc import account_keys
from axiom.server.accounts.accounts import Accounts, change_password
from axiom.server.accounts.password_hashes import is_password, stored_password
from axiom.signed.keys import load_secrets
from axiom.store.accounts import accounts

OTHER, FRESH = "eve@mail.example", "new@mail.example"


@pytest.mark.usefixtures("eve")
def test_an_address_is_changed_five_times_a_day_taken_or_refused(ada, small_lab):
    emails = ["ada0@mail.example", OTHER, "ada2@mail.example", OTHER, "ada4@mail.example", OTHER, FRESH]
    replies = [ada.post("/account/email", email=email, password=PASSWORD) for email in emails]
    assert [reply.status for reply in replies] == [303, 422, 303, 422, 303, 422, 422]
    alerts = [re.search(r'role="alert">(.*?)</div>', reply.text)[1] for reply in replies[-2:]]
    assert alerts[0] == alerts[1]  # the same words, whoever has it
    small_lab.later(hours=25)
    assert ada.post("/account/email", email=FRESH, password=PASSWORD).status == 303


@pytest.mark.usefixtures("eve")
def test_an_address_that_somebody_has_counts_as_a_wrong_password_from_here(ada, new_visitor, wrong_fields):
    guesser = new_visitor(peer=ada.peer)
    for number in range(26):
        guesser.post("/account/sign-in", email=f"{number}@mail.example", password=PASSWORD)
    assert [ada.post("/account/email", email=OTHER, password=PASSWORD).status for _ in range(5)] == [422] * 5
    reply = guesser.post("/account/sign-in", email="nobody@mail.example", password=PASSWORD)
    assert wrong_fields(reply) == set()  # it has to wait


def test_an_address_that_nobody_has_counts_for_nothing_and_is_known_from_then_on(ada, new_visitor):
    assert ada.post("/account/email", email=FRESH, password=PASSWORD).status == 303
    guesser = new_visitor(peer="198.51.100.9")
    for number in range(11):
        guesser.post("/account/sign-in", email=FRESH, password=f"guess {number} of many")
    assert new_visitor(peer=ada.peer).post("/account/sign-in", email=FRESH, password=PASSWORD).status == 303


def test_who_may_open_no_more_learns_nothing_of_who_has_an_account(new_lab, tmp_path, wrong_fields):
    lab = new_lab(tmp_path / "few")

    def register(app, email: str, password: str):
        visitor = Visitor(app=app, folder=lab.folder)
        words = {"form": visitor.token("/account/sign-in"), "name": "Ada", "email": email, "password": password}
        reply = visitor.ask("/account/register", method="POST", body=urlencode(words).encode(), origin=ORIGIN)
        visitor.close()
        return reply

    def bare(reply) -> str:
        return re.sub(r' value="[^"]*"', "", reply.text)

    with receiving(lab, f"{ORIGIN}/", new_accounts=2) as app:
        assert register(app, EMAIL, PASSWORD).status == 303
        first, second = (register(app, EMAIL, NEW_PASSWORD) for _ in range(2))  # the first takes the allowance
        free = register(app, OTHER, NEW_PASSWORD)
        assert [wrong_fields(reply) for reply in (second, free)] == [set(), set()]
        assert bare(first) != bare(second) == bare(free)
        assert 'value="eve@mail.example"' in free.text
    with receiving(lab, f"{ORIGIN}/", new_accounts=0) as app:
        taken, free = (register(app, email, NEW_PASSWORD) for email in (EMAIL, OTHER))
        assert (taken.status, free.status, bare(taken)) == (422, 422, bare(free))
        again = register(app, EMAIL, PASSWORD)
        assert (again.status, again.headers["location"]) == (303, "/account?done=known")
        assert app.writer.run(lambda db: accounts.by_email(db, OTHER)) is None


@pytest.fixture
def change_meanwhile(ada, monkeypatch):
    """From now on the password is changed, in another browser, just after it was proven in this one."""
    secret, prove = load_secrets(ada.folder.keys).accounts, Accounts.prove
    fresh = stored_password(account_keys.passwd_hash(NEW_PASSWORD, EMAIL))

    def proven(self, asked, address, sign_in):
        proof = prove(self, asked, address, sign_in)
        monkeypatch.setattr(Accounts, "prove", prove)  # once
        self.writer.run(lambda db: change_password(db, secret, proof.volunteer.id, fresh))
        return proof

    return lambda: monkeypatch.setattr(Accounts, "prove", proven)


def test_who_signs_in_with_the_old_password_while_it_is_changed_is_not_signed_in(ada, new_visitor, change_meanwhile):
    thief = new_visitor()
    change_meanwhile()
    assert thief.post("/account/sign-in", email=EMAIL, password=PASSWORD).status == 422
    assert "axiom" not in thief.cookies
    assert ada.look(lambda db: db.select("SELECT * FROM sign_in")) == []
    assert is_password(ada.account()[1].password, account_keys.passwd_hash(NEW_PASSWORD, EMAIL))
    assert thief.post("/account/sign-in", email=EMAIL, password=NEW_PASSWORD).status == 303


@pytest.mark.parametrize(
    ("path", "typed"),
    [
        ("/account/email", {"email": FRESH}),
        ("/account/password", {"new_password": "a third kettle in july"}),
        ("/account/new-key", {}),
        ("/account/keys", {}),
        ("/account/erase", {"is_sure": "1"}),
    ],
)
def test_a_new_password_is_not_undone_by_what_was_asked_for_with_the_old_one(ada, change_meanwhile, path, typed):
    change_meanwhile()
    reply = ada.post(path, password=PASSWORD, **typed)
    assert (reply.status, 'id="account-key"' in reply.text) == (422, False)
    _, account = ada.account()
    assert (account.key_serial, account.password_serial) == (1, 2)
    assert is_password(account.password, account_keys.passwd_hash(NEW_PASSWORD, EMAIL))


def test_a_password_proves_nothing_of_an_address_that_is_somebody_else_s_by_now(ada, new_visitor, monkeypatch):
    eve, number, prove = new_visitor(), ada.account()[0].id, Accounts.prove
    eve.register(name="Eve", email=OTHER, password=NEW_PASSWORD)

    def proven(self, asked, address, sign_in):
        monkeypatch.setattr(Accounts, "prove", prove)
        fresh = stored_password(asked.passwd_hash)
        self.writer.run(lambda db: accounts.set_email(db, number, email="gone@mail.example", password=fresh))
        self.writer.run(lambda db: accounts.set_email(db, number + 1, email=EMAIL, password=fresh))
        return prove(self, asked, address, sign_in)

    monkeypatch.setattr(Accounts, "prove", proven)
    reply = ada.post("/account/keys", password=NEW_PASSWORD)
    assert (reply.status, 'id="account-key"' in reply.text) == (422, False)
