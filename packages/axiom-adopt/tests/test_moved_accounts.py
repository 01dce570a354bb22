"""Accounts of a project that moved in: passwords and keys of before count until somebody changes them."""

from datetime import timedelta

import pytest
from account_site import ORIGIN, Visitor, receiving
from front_office import PASSWORD, SECRET, Office, error_in, key_in
from make_dumps import PEOPLE, authenticator_of, cross_id_of, md5

from axiom.boinc import account_keys
from axiom.limits import accounts as limits
from axiom.server.accounts.stored_passwords import hash_sealed_passwords, is_password
from axiom.store.accounts import accounts, tombstones
from axiom.store.connections import Connections

ADDRESSES = {row["id"]: row["email_addr"] for row in PEOPLE}
MD5, BCRYPT, SPELT = 3, 2, 6  # persons, by how their password was stored


@pytest.fixture
def office(moved_lab):
    made = Office(moved_lab)
    yield made
    made.close()


def ask(office, person, password=None):
    """As a client does that has an address and a password alone."""
    address = ADDRESSES[person]
    return office.lookup(address, account_keys.passwd_hash(password or f"password {person}", address))


def stored_of(office, person):
    return office.writer.run(lambda db: accounts.find_account(db, person))[1]


def keys_of(office, person):
    """Which of these keys count: the old ones, and ours."""
    weak = next(md5(row["authenticator"] + row["passwd_hash"]) for row in PEOPLE if row["id"] == person)
    account = stored_of(office, person)
    derived = account_keys.account_key(SECRET, person, account.key_serial)
    keys = {"old": authenticator_of(person), "weak": f"{person}_{weak}", "ours": derived}

    def known(db):
        return {name for name, key in keys.items() if accounts.find_key_holder(db, account_keys.key_digest(key))}

    return office.writer.run(known)


@pytest.mark.parametrize(("person", "form"), [(MD5, "sealed:"), (BCRYPT, "$2y$")])
def test_a_password_of_before_is_right_and_then_stored_as_ours(office, person, form):
    before = stored_of(office, person)
    assert before.password.startswith(form)
    assert error_in(ask(office, person, "guessed")) == -206
    assert stored_of(office, person) == before
    for _ in range(2):
        assert key_in(ask(office, person)) == account_keys.account_key(SECRET, person, 1)
    after = stored_of(office, person)
    assert after.password.startswith("$argon2id$")
    assert (after.password_serial, after.key_serial) == (before.password_serial, before.key_serial)
    assert keys_of(office, person) == {"old", "weak", "ours"}
    assert error_in(ask(office, person, "guessed")) == -206


def test_passwords_that_wait_are_hashed_a_few_at_a_time(office, monkeypatch):
    monkeypatch.setattr(limits, "SEALED_PASSWORDS_AT_ONCE", 3)
    connections = Connections(folder=office.lab.folder)
    assert [hash_sealed_passwords(office.writer, connections, SECRET) for _ in range(4)] == [3, 3, 1, 0]
    stored = {person: stored_of(office, person).password for person in ADDRESSES if person not in {5, 40}}
    assert sorted(person for person, text in stored.items() if text.startswith("$2y$")) == [2, 4, 11]
    assert all(text.startswith(("$argon2id$", "$2y$")) for text in stored.values())
    assert key_in(ask(office, MD5))


@pytest.mark.parametrize("is_hashed", [False, True])
def test_a_password_hashed_with_a_spelt_address_is_right_at_the_site_then_everywhere(moved_lab, is_hashed):
    with receiving(moved_lab, f"{ORIGIN}/") as app:
        if is_hashed:
            hash_sealed_passwords(app.writer, Connections(folder=moved_lab.folder), SECRET)
        visitor = Visitor(app=app, folder=moved_lab.folder)
        sign_in = {"email": ADDRESSES[SPELT], "password": f"password {SPELT}"}
        as_clients = account_keys.passwd_hash(sign_in["password"], sign_in["email"])
        before = visitor.look(lambda db: accounts.find_account(db, SPELT))[1]
        assert not is_password(before.password, as_clients, SECRET)
        assert visitor.post("/account/sign-in", **sign_in | {"password": "guessed"}).status == 422
        assert visitor.post("/account/sign-in", **sign_in).status == 303
        assert is_password(visitor.look(lambda db: accounts.find_account(db, SPELT))[1].password, as_clients)
        assert visitor.post("/account/sign-in", **sign_in).status == 303
        visitor.close()


def test_old_keys_go_with_a_new_password_a_new_key_and_the_account(office):
    def give(command, **words):
        office.accounts.give(MD5, [(f"account.{command}", {"volunteer": MD5, **words})])

    serial = stored_of(office, MD5).password_serial
    give("password", proven=serial, password=PASSWORD)
    assert keys_of(office, MD5) == {"old", "ours"}
    give("key", proven=serial + 1)
    assert keys_of(office, MD5) == {"ours"}
    assert keys_of(office, BCRYPT) == {"old", "weak", "ours"}
    office.accounts.give(BCRYPT, [("account.erase", {"volunteer": BCRYPT, "proven": serial})])
    assert keys_of(office, BCRYPT) == set()
    asked = office.writer.run(
        lambda db: tombstones.list_tombstones(db, tombstones.VOLUNTEER, office.lab.now - timedelta(hours=1))
    )
    assert [(stone.number, stone.cpid) for stone in asked] == [(BCRYPT, md5(cross_id_of(BCRYPT) + ADDRESSES[BCRYPT]))]
