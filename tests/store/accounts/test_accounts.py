from datetime import timedelta

import pytest

from axiom.store.accounts import accounts
from axiom.store.accounts.accounts import Preferred

STORED, SECOND, THIRD = "stored", "second", "third"  # of passwords


@pytest.fixture
def db(small_lab):
    with small_lab.db.transaction():
        yield small_lab.db


def made(db, lab, name: str = "Ann", email: str = "ann@mail.example") -> int:
    return accounts.create(db, name=name, email=email, password=STORED, cross_id="c", now=lab.now)


def test_an_account_is_found_by_its_number_and_by_its_address(db, small_lab):
    number = made(db, small_lab)
    volunteer, account = accounts.by_id(db, number)
    assert accounts.by_email(db, "ann@mail.example") == (volunteer, account)
    assert (volunteer.name, volunteer.created_at) == ("Ann", small_lab.now)
    assert (account.email, account.password, account.password_serial, account.key_serial) == (
        *("ann@mail.example", STORED),
        *(1, 0),
    )
    assert not account.is_exported  # nobody is shown to the world without having been asked
    assert accounts.by_id(db, 99) is None
    assert accounts.by_email(db, "Ann@mail.example") is None


def test_names_are_unique_and_numbered(db, small_lab):
    numbers = [made(db, small_lab, email=f"{each}@mail.example") for each in range(3)]
    assert [accounts.by_id(db, number)[0].name for number in numbers] == ["Ann", "Ann (2)", "Ann (3)"]
    assert accounts.free_name(db, "Ann", besides=numbers[0]) == "Ann"


def everybody(db) -> list[tuple[str, bool]]:
    rows = db.select("SELECT name, is_ours FROM volunteer ORDER BY id")
    return [(row["name"], bool(row["is_ours"])) for row in rows]


def test_the_laboratory_itself_has_no_account(db, small_lab):
    us = accounts.ourselves(db, small_lab.now)
    assert accounts.ourselves(db, small_lab.now) == us
    assert accounts.by_id(db, us)[1].email is None
    assert everybody(db) == [("the laboratory itself", True)]


def test_who_takes_the_laboratory_s_name_is_not_the_laboratory(db, small_lab, join):
    ann = join(db, "the laboratory itself", small_lab.now)
    us = accounts.ourselves(db, small_lab.now)
    assert us != ann
    assert everybody(db) == [
        ("the laboratory itself", False),
        ("the laboratory itself (2)", True),
    ]


def test_there_is_one_laboratory_itself(db, small_lab):
    accounts.ourselves(db, small_lab.now)
    with pytest.raises(Exception, match="UNIQUE"):
        db.execute("INSERT INTO volunteer (name, created_at, is_ours) VALUES ('another', 0, 1)")


def test_a_volunteer_is_known_by_the_newest_keys_alone(db, small_lab):
    number = made(db, small_lab)
    assert accounts.some_key(db) is None
    accounts.set_keys(db, number, key_serial=1, key_digest="k1", weak_digest="w1")
    accounts.set_keys(db, number, key_serial=2, key_digest="k2", weak_digest="w2")
    found = {digest: accounts.by_key(db, digest) for digest in ("k1", "w1", "k2", "w2", "")}
    assert {digest: holder and (holder.volunteer_id, holder.is_weak) for digest, holder in found.items()} == {
        **dict.fromkeys(("k1", "w1", "")),
        "k2": (number, False),
        "w2": (number, True),
    }
    stored = accounts.some_key(db)
    assert (stored.volunteer_id, stored.key_serial, stored.digest) == (number, 2, "k2")


def test_a_password_and_an_address_count_their_changes(db, small_lab):
    number = made(db, small_lab)
    accounts.set_password(db, number, password=SECOND, weak_digest="w2")
    accounts.set_email(db, number, email="new@mail.example", password=THIRD)
    account = accounts.by_id(db, number)[1]
    assert (account.email, account.password, account.password_serial) == ("new@mail.example", THIRD, 3)
    assert accounts.by_key(db, "w2").is_weak


def test_a_profile_is_what_others_see(db, small_lab):
    made(db, small_lab)
    number = made(db, small_lab, "Bob", "bob@mail.example")
    said = {"country": "Norway", "website": "https://b.example", "is_exported": True, "shows_hosts": False}
    accounts.set_profile(db, number, name="Ann", **said)
    volunteer, account = accounts.by_id(db, number)
    assert (volunteer.name, volunteer.country, volunteer.website) == ("Ann (2)", "Norway", "https://b.example")
    assert (account.is_exported, account.shows_hosts) == (True, False)
    accounts.set_profile(db, number, name="Ann (2)", **said)
    assert accounts.by_id(db, number)[0].name == "Ann (2)"
    accounts.set_cross_id(db, number, "agreed")
    assert accounts.by_id(db, number)[1].cross_id == "agreed"


def test_the_newer_preferences_are_kept(db, small_lab):
    number = made(db, small_lab)
    assert accounts.preferences(db, number) == Preferred(everywhere="", modified_at=0, project="{}", venue="")
    assert accounts.keep_preferences(db, number, "<new/>", 20)
    assert not accounts.keep_preferences(db, number, "<old/>", 10)
    accounts.set_project_preferences(db, number, '{"resource_share": 5}', "home")
    expected = Preferred(everywhere="<new/>", modified_at=20, project='{"resource_share": 5}', venue="home")
    assert accounts.preferences(db, number) == expected
    assert accounts.preferences(db, 99).everywhere == ""


def test_a_sign_in_ends_by_itself_by_its_owner_and_everywhere(db, small_lab):
    number, now = made(db, small_lab), small_lab.now
    for token, hours in (("a", 1), ("b", 2), ("c", 3), ("d", 3)):
        accounts.sign_in(db, token, number, now=now, expires_at=now + timedelta(hours=hours))
    assert accounts.signed_in(db, "a", now) == number
    assert accounts.signed_in(db, "a", now + timedelta(hours=1)) is None
    assert accounts.signed_in(db, "unknown", now) is None
    assert accounts.expire_sign_ins(db, now + timedelta(hours=1)) == 1
    accounts.sign_out(db, "b")
    assert [accounts.signed_in(db, token, now) for token in "abcd"] == [None, None, number, number]
    accounts.sign_out_everywhere(db, number)
    assert [accounts.signed_in(db, token, now) for token in "abcd"] == [None] * 4
