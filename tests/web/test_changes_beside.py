"""A password counts when what it was typed for is done, and not only when it was looked at."""

import pytest
from account_site import EMAIL, NEW_PASSWORD, PASSWORD

from axiom.boinc import account_keys
from axiom.server.accounts.accounts import Accounts, change_password
from axiom.server.accounts.password_hashes import is_password, stored_password
from axiom.signed.keys import load_secrets
from axiom.store.accounts import accounts

CHANGED = "was changed a moment ago, so this was not done"


@pytest.fixture
def changed_meanwhile(ada, monkeypatch):
    """From now on the password is changed, in another browser, just after it was proven in this one."""
    secret, prove = load_secrets(ada.folder.keys).accounts, Accounts.prove
    fresh = stored_password(account_keys.passwd_hash(NEW_PASSWORD, EMAIL))

    def proven(self, asked, address, sign_in):
        found = prove(self, asked, address, sign_in)
        monkeypatch.setattr(Accounts, "prove", prove)  # once
        self.writer.run(lambda db: change_password(db, secret, found.volunteer.id, fresh))
        return found

    def begin() -> None:
        monkeypatch.setattr(Accounts, "prove", proven)

    return begin


def test_who_signs_in_with_the_old_password_while_it_is_changed_is_not_signed_in(ada, new_visitor, changed_meanwhile):
    thief = new_visitor()
    changed_meanwhile()
    reply = thief.post("/account/sign-in", email=EMAIL, password=PASSWORD)
    assert (reply.status, CHANGED in reply.text) == (422, True)
    assert "axiom" not in thief.cookies
    assert ada.look(lambda db: db.select("SELECT * FROM sign_in")) == []
    assert is_password(ada.account()[1].password, account_keys.passwd_hash(NEW_PASSWORD, EMAIL))
    assert thief.post("/account/sign-in", email=EMAIL, password=NEW_PASSWORD).status == 303


@pytest.mark.parametrize(
    ("path", "typed"),
    [
        ("/account/email", {"email": "new@mail.example"}),
        ("/account/password", {"new_password": "a third kettle in july"}),
        ("/account/new-key", {}),
        ("/account/keys", {}),
        ("/account/erase", {"is_sure": "1"}),
    ],
)
def test_a_new_password_is_not_undone_by_what_was_asked_for_with_the_old_one(ada, changed_meanwhile, path, typed):
    changed_meanwhile()
    reply = ada.post(path, password=PASSWORD, **typed)
    assert (reply.status, CHANGED in reply.text) == (422, True)
    assert 'id="account-key"' not in reply.text
    _, account = ada.account()
    assert (account.key_serial, account.password_serial) == (1, 2)
    assert is_password(account.password, account_keys.passwd_hash(NEW_PASSWORD, EMAIL))


def test_a_password_proves_nothing_of_an_address_that_is_somebody_else_s_by_now(ada, new_visitor, monkeypatch):
    eve, number = new_visitor(), ada.account()[0].id
    eve.register(name="Eve", email="eve@mail.example", password=NEW_PASSWORD)
    prove = Accounts.prove

    def proven(self, asked, address, sign_in):
        monkeypatch.setattr(Accounts, "prove", prove)
        fresh = stored_password(asked.passwd_hash)
        self.writer.run(lambda db: accounts.set_email(db, number, email="gone@mail.example", password=fresh))
        self.writer.run(lambda db: accounts.set_email(db, number + 1, email=EMAIL, password=fresh))
        return prove(self, asked, address, sign_in)

    monkeypatch.setattr(Accounts, "prove", proven)
    reply = ada.post("/account/keys", password=NEW_PASSWORD)
    assert (reply.status, "This is not your password." in reply.text) == (422, True)
    assert 'id="account-key"' not in reply.text
