"""Accounts: opened once, found by their password alone, never by guessing; and nothing secret gets out."""

import logging
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from front_office import EMAIL, HASH, PASSWORD, SECRET, WRONG, Office, error_in, key_in

from axiom.boinc import account_keys
from axiom.boinc.accounts import LookupAccount, Problem
from axiom.errors import KeysUnusable
from axiom.server.accounts import account_credentials
from axiom.server.accounts.account_credentials import demand_secret
from axiom.store.accounts import accounts, teams


def test_an_account_is_opened_once_and_its_key_told_to_whoever_has_the_password(office):
    key = key_in(office.create())
    assert key_in(office.create(name="Another name")) == key
    assert key_in(office.lookup()) == key
    assert key_in(office.lookup(email=f"  {EMAIL.upper()} ")) == key
    volunteer, account = office.stored()
    assert volunteer.name == "Ann"
    assert account.password.startswith("$argon2id$")
    assert (
        office.writer.run(lambda db: accounts.find_key_holder(db, account_keys.key_digest(key))).volunteer_id
        == volunteer.id
    )
    weak = account_keys.weak_key(SECRET, volunteer.id, account.password_serial)
    assert office.writer.run(lambda db: accounts.find_key_holder(db, account_keys.key_digest(weak))).is_weak
    assert not account.shows_hosts, "before its owner says so"
    renewed = office.writer.run(lambda db: account_credentials.renew_key(db, SECRET, volunteer.id))
    assert key_in(office.lookup()) == renewed != key
    known = office.writer.run(
        lambda db: [accounts.find_key_holder(db, account_keys.key_digest(text)) for text in (key, renewed)]
    )
    assert known[0] is None
    assert known[1].volunteer_id == volunteer.id


def test_a_name_that_is_taken_gets_a_number_and_a_team_that_exists_is_joined(office):
    key_in(office.create())
    founder = office.stored()[0].id
    office.writer.run(
        lambda db: teams.create_team(
            db, name="Owls", founder_id=founder, country="", website="", about="", now=office.lab.now
        )
    )
    key_in(office.create("b@mail.example", WRONG, "Ann", team_name="Owls"))
    key_in(office.create("c@mail.example", WRONG, "Cy", team_name="Nobody"))
    opened = [office.stored(f"{letter}@mail.example")[0] for letter in "bc"]
    assert [(volunteer.name, volunteer.team_id) for volunteer in opened] == [("Ann (2)", 1), ("Cy", None)]


def test_a_wrong_password_and_an_unknown_account_are_told_alike_after_the_same_work(office):
    office.create()
    wrong, unknown = office.lookup(passwd_hash=WRONG), office.lookup(email="nobody@mail.example")
    assert wrong == unknown
    assert error_in(wrong) == error_in(office.create(passwd_hash=WRONG)) == -206

    def work(email: str, address: str) -> float:
        began = time.thread_time()
        assert isinstance(office.accounts.prove(LookupAccount(email=email, passwd_hash=WRONG), address), Problem)
        return time.thread_time() - began

    addresses = [f"198.51.100.{number}" for number in range(3)]
    known, nobody = (min(work(email, address) for address in addresses) for email in (EMAIL, "nobody@mail.example"))
    assert 0.3 < known / nobody < 3.0  # both prove something with Argon2; without it one would be a hundred times less


def test_guessing_is_slowed_and_the_owner_is_let_in(office):
    office.create(address="203.0.113.9")
    assert key_in(office.lookup(address="203.0.113.9"))
    answers = [office.lookup(passwd_hash=WRONG) for _ in range(12)]
    assert [error_in(answer) for answer in answers] == [-206] * 10 + [-183] * 2
    assert error_in(office.lookup()) == -183  # the right one, from the guesser's address
    assert key_in(office.lookup(address="203.0.113.9"))
    assert key_in(office.create(address="203.0.113.9"))
    office.lab.later(minutes=10)
    assert key_in(office.lookup())


def test_a_wrong_password_counts_once_where_a_client_opens_an_account_that_exists(office):
    office.create(address="203.0.113.9")
    assert [error_in(office.create(passwd_hash=WRONG)) for _ in range(11)] == [-206] * 10 + [-183]


def test_where_accounts_are_closed_or_few_are_opened_nobody_learns_who_has_one(small_lab, new_lab, tmp_path):
    closed = Office(small_lab, new_accounts=0)
    assert error_in(closed.create()) == -208
    assert "<account_creation_disabled/>" in closed.ask("/get_project_config.php")
    closed.close()
    few = Office(new_lab(tmp_path / "few"), new_accounts=2)
    for number in range(2):
        key_in(few.create(f"{number}@mail.example", WRONG))
    assert error_in(few.create("3@mail.example", WRONG)) == -183
    assert key_in(few.create("3@mail.example", WRONG, address="203.0.113.9"))
    assert key_in(few.create("0@mail.example", WRONG))  # who has one already is told its key
    few.close()
    lab = new_lab(tmp_path / "closing")
    before = Office(lab)
    key = key_in(before.create())
    before.close()
    closed = Office(lab, new_accounts=0)
    answers = [closed.create(email, WRONG) for email in (EMAIL, "nobody@mail.example")]
    assert answers[0] == answers[1]
    assert error_in(answers[0]) == -208
    assert key_in(closed.create()) == key
    answers = [error_in(closed.create(f"{number}@mail.example", WRONG)) for number in range(60)]
    assert (answers[0], answers[-1]) == (-208, -183)  # whoever asks for many waits
    closed.close()


def test_a_try_to_open_an_account_counts_alike_whoever_has_the_address(small_lab):
    few = Office(small_lab, new_accounts=2)
    key = key_in(few.create())
    assert error_in(few.create(passwd_hash=WRONG)) == -206
    assert few.create(passwd_hash=WRONG) == few.create("nobody@mail.example", WRONG)
    assert key_in(few.create()) == key
    texts = [few.create(f"{number}@mail.example", WRONG) for number in range(40)]
    assert [error_in(texts[0]), error_in(texts[-1]), texts[0] == texts[-1]] == [-183, -183, False]  # nor without limit
    few.close()


def test_two_who_open_one_account_at_once_have_one(office):
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: office.create(), range(4)))
    assert len({key_in(answer) for answer in answers}) == 1
    assert office.writer.run(lambda db: db.row("SELECT count(*) AS amount FROM volunteer"))["amount"] == 1


def test_another_secret_than_the_accounts_have_is_refused(office):
    office.writer.run(lambda db: demand_secret(db, b"any, while there are no accounts"))
    office.create()
    office.writer.run(lambda db: demand_secret(db, SECRET))
    with pytest.raises(KeysUnusable, match=r"accounts\.key"):
        office.writer.run(lambda db: demand_secret(db, b"another"))


def test_no_key_password_or_hash_is_in_the_records_the_log_or_any_other_answer(office, caplog):
    caplog.set_level(logging.DEBUG)
    key = key_in(office.create())
    key_in(office.lookup())
    office.lookup(passwd_hash=WRONG)
    weak = account_credentials.weak_key_of(SECRET, *office.stored())
    answers = [
        office.ask("/am_set_info.php", account_key=key, email_addr="x"),
        office.ask("/am_get_info.php", account_key="canary" + key),
        office.lookup(email="x@mail.example", passwd_hash=HASH),
        office.create(passwd_hash=WRONG),
        office.ask("/server_status.php", xml="1"),
        office.ask("/team_lookup.php", team_name=EMAIL),
    ]
    office.project.statistics.write()
    answers += [
        (office.lab.folder.statistics / name).read_bytes().decode("latin-1") for name in ("tables.xml", "user.gz")
    ]
    folder = office.lab.folder
    files = {
        path: path.read_bytes()
        for path in folder.path.rglob("*")
        if path.is_file() and not path.is_relative_to(folder.keys)
    }
    for canary in (key, weak, HASH, PASSWORD, SECRET.decode(), SECRET.hex()):
        assert canary not in caplog.text
        assert [item for item in answers if canary in item] == []
        assert [path for path, body in files.items() if canary.encode() in body] == []
    assert EMAIL not in caplog.text
    info = office.ask("/am_get_info.php", account_key=key)
    assert [canary for canary in (key, HASH, EMAIL, SECRET.decode()) if canary in info] == []
