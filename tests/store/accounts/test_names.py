"""Names that nobody could tell apart are one."""

import unicodedata
from contextlib import closing

import pytest

from axiom.boinc.accounts import tidy_name
from axiom.limits import accounts as limits
from axiom.store.accounts import accounts, teams
from axiom.store.accounts.names import find_free_name, fold_name
from axiom.store.engine.database import connect_writer
from axiom.store.migrate import migrate_database, read_migrations

ALIKE = ["Alice", "alice", "ALICE", "\N{CYRILLIC CAPITAL LETTER A}lice", "AIice", "A1ice", "\u1d00ʟɪᴄᴇ"]


@pytest.fixture
def db(small_lab):
    with small_lab.db.transaction():
        yield small_lab.db


def test_names_that_look_alike_are_numbered(db, now):
    made = [accounts.add_volunteer(db, name=name, now=now) for name in [*ALIKE, "Alicé", "Malice"]]
    names = [accounts.find_account(db, number)[0].name for number in made]
    assert names == ["Alice", *(f"{name} ({number})" for number, name in enumerate(ALIKE[1:], 2)), "Alicé", "Malice"]
    assert find_free_name(db, "ALICE", besides=made[0]) == "ALICE"
    accounts.erase_volunteer(db, made[0])
    assert find_free_name(db, "alice") == "alice"


@pytest.mark.parametrize("unseen", ["i\u0307", "i\u17d2", "i\U00010a3f", "i\u1039", "i\U0001d159"])
def test_a_sign_that_nobody_sees_makes_no_other_name(unseen):
    assert fold_name(f"Al{unseen}ce") == fold_name("Alice")
    assert fold_name("क्षमा") != fold_name("कषमा")  # where the mark is of its letters' own script, one sees it


def test_a_team_is_founded_by_one_of_the_names_that_look_alike(db, now):
    founder, words = accounts.add_volunteer(db, name="Ann", now=now), {"country": "", "website": "", "about": ""}
    made = [teams.create_team(db, name=name, founder_id=founder, **words, now=now) for name in [*ALIKE, "Malice"]]
    assert [number is not None for number in made] == [True, *[False] * len(ALIKE[1:]), True]


def test_a_name_with_its_number_is_a_name_and_is_kept(db, now):
    profile = {"country": "", "website": "", "is_exported": False, "shows_hosts": False}
    longest = "Q" * limits.NAME_CHARACTERS
    for _ in range(12):
        number = accounts.add_volunteer(db, name=longest, now=now)
        name = accounts.find_account(db, number)[0].name
        assert tidy_name(name) == name
        accounts.set_profile(db, number, name=name, **profile)
        assert accounts.find_account(db, number)[0].name == name


def test_of_thousands_with_one_name_the_database_is_asked_once(db, monkeypatch):
    names = ["Ann", *(f"Ann ({number})" for number in range(2, 12_001))]
    db.add_all("volunteer", [{"name": name, "look": fold_name(name), "created_at": 0} for name in names])
    asked, folded, fetch = [], [], db.fetch_tuples
    monkeypatch.setattr(db, "fetch_tuples", lambda sql, **values: asked.append(sql) or fetch(sql, **values))
    monkeypatch.setattr("axiom.store.accounts.names.fold_name", lambda name: folded.append(name) or fold_name(name))
    assert find_free_name(db, "Ann") == "Ann (12001)"
    assert (len(asked), len(folded)) == (1, 2)


def test_who_looked_alike_before_an_upgrade_keeps_the_name(folder, now):
    with closing(connect_writer(folder.database)) as db:
        migrate_database(db, None, now, [migration for migration in read_migrations() if migration.number < 25])
        names = ["Alice", "alice", "\N{FOX FACE} 7"]
        numbers = [db.add("volunteer", name=name, created_at=now) for name in names]
        team = db.add("team", name="Owls", founder_id=numbers[0], created_at=now)
        migrate_database(db, None, now)
        profile = {"country": "Norway", "website": "", "is_exported": False, "shows_hosts": False}
        accounts.set_profile(db, numbers[1], name="alice", **profile)
        assert [accounts.find_account(db, number)[0].name for number in numbers] == names
        assert [find_free_name(db, name) for name in ("ALICE", names[2])] == ["ALICE (2)", f"{names[2]} (2)"]
        words = {"country": "", "website": "", "about": ""}
        assert teams.create_team(db, name="0WLS", founder_id=numbers[0], **words, now=now) is None
        assert teams.find_team(db, team).name == "Owls"


def test_every_sign_has_one_look_in_either_case():
    for code in range(0, 0x20000, 3):
        name = tidy_name(f"{chr(code)}a")
        if name is not None:
            assert {fold_name(cased) for cased in (name, name.upper(), name.lower())} == {fold_name(name)}
            assert fold_name(fold_name(name)) == fold_name(name)


def test_capitals_of_other_scripts_and_small_capitals_look_like_those_of_ascii():
    cyrillic, greek = ("АВЕЅІЈКМНОРСТХ", "ABESIJKMHOPCTX"), ("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABEZHIKMNOPTYX")
    letters = "ABCDEFGHIJKLMNOPQRSTUVWYZ"  # there is no small X
    small = [unicodedata.lookup(f"LATIN LETTER SMALL CAPITAL {letter}") for letter in letters]
    for others, plain in (cyrillic, greek, (small, letters)):
        assert [fold_name(letter) for letter in others] == [fold_name(letter) for letter in plain]
