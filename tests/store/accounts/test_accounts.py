from datetime import timedelta

import pytest

from axiom.domain.fleet import PreferenceSets, ProjectPreferences, read_project_preferences
from axiom.store.accounts import accounts, teams
from axiom.store.accounts.accounts import VolunteerPreferences

STORED, SECOND, THIRD = "stored", "second", "third"  # of passwords


@pytest.fixture
def db(small_lab):
    with small_lab.db.transaction():
        yield small_lab.db


def made(db, now, name: str = "Ann", email: str = "ann@mail.example") -> int:
    return accounts.create_account(db, name=name, email=email, password=STORED, cross_id="c", now=now)


def test_an_account_is_found_by_its_number_and_by_its_address(db, now):
    number = made(db, now)
    volunteer, account = accounts.find_account(db, number)
    assert accounts.find_account_by_email(db, "ann@mail.example") == (volunteer, account)
    assert (volunteer.name, volunteer.created_at) == ("Ann", now)
    assert (account.email, account.password) == ("ann@mail.example", STORED)
    assert (account.password_serial, account.key_serial) == (1, 0)
    assert not account.is_exported  # nobody is shown to the world without having been asked
    assert accounts.find_account(db, 99) is accounts.find_account_by_email(db, "Ann@mail.example") is None
    accounts.set_password(db, number, password=SECOND, weak_digest="w2")
    accounts.set_email(db, number, email="new@mail.example", password=THIRD)
    account = accounts.find_account(db, number)[1]
    assert account.email == "new@mail.example"
    assert account.password == THIRD
    assert account.password_serial == 3
    assert accounts.find_key_holder(db, "w2").is_weak


def test_names_are_unique_and_numbered_and_a_profile_is_what_others_see(db, now, join):
    numbers = [made(db, now, email=f"{number}@mail.example") for number in range(3)]
    assert [accounts.find_account(db, number)[0].name for number in numbers] == ["Ann", "Ann (2)", "Ann (3)"]
    assert accounts.find_free_name(db, "Ann", besides=numbers[0]) == "Ann"
    number = made(db, now, "Bob", "bob@mail.example")
    profile = {"country": "Norway", "website": "https://b.example", "is_exported": True, "shows_hosts": False}
    for name in ("Ann", "Ann (4)"):
        accounts.set_profile(db, number, name=name, **profile)
        volunteer, account = accounts.find_account(db, number)
        assert volunteer.name == "Ann (4)"
        assert volunteer.country == "Norway"
        assert volunteer.website == "https://b.example"
    assert (account.is_exported, account.shows_hosts) == (True, False)
    accounts.set_cross_id(db, number, "agreed")
    assert accounts.find_account(db, number)[1].cross_id == "agreed"
    ann = join(db, "the laboratory itself", now)
    us = accounts.find_laboratory_account(db, now)
    assert accounts.find_laboratory_account(db, now) == us != ann
    assert accounts.find_account(db, us)[1].email is None
    rows = [(row["name"], row["is_ours"]) for row in db.select("SELECT name, is_ours FROM volunteer ORDER BY id")]
    assert rows[-2:] == [("the laboratory itself", 0), ("the laboratory itself (2)", 1)]
    with pytest.raises(Exception, match="UNIQUE"):
        db.execute("INSERT INTO volunteer (name, created_at, is_ours) VALUES ('another', 0, 1)")


def test_a_volunteer_has_the_newest_keys_and_preferences_and_sign_ins_that_end(db, now):
    number = made(db, now)
    assert accounts.find_any_key(db) is None
    for serial in (1, 2):
        accounts.set_keys(db, number, key_serial=serial, key_digest=f"k{serial}", weak_digest=f"w{serial}")
    holders = {digest: accounts.find_key_holder(db, digest) for digest in ("k1", "w1", "k2", "w2", "")}
    newest = {digest: (holder.volunteer_id, holder.is_weak) for digest, holder in holders.items() if holder}
    assert newest == {"k2": (number, False), "w2": (number, True)}
    stored = accounts.find_any_key(db)
    assert (stored.volunteer_id, stored.key_serial, stored.digest) == (number, 2, "k2")
    assert accounts.find_preferences(db, number) == VolunteerPreferences(
        everywhere="", modified_at=0, project=PreferenceSets(), venue=""
    )
    assert accounts.keep_preferences(db, number, "<new/>", 20)
    assert not accounts.keep_preferences(db, number, "<old/>", 10)
    wish = PreferenceSets(general=ProjectPreferences(resource_share=5.0), by_venue={"work": ProjectPreferences()})
    accounts.set_project_preferences(db, number, wish, "home")
    expected = VolunteerPreferences(everywhere="<new/>", modified_at=20, project=wish, venue="home")
    assert (accounts.find_preferences(db, number), accounts.find_preferences(db, 99).everywhere) == (expected, "")
    for token, hours in (("a", 1), ("b", 2), ("c", 3), ("d", 3)):
        accounts.sign_in(db, token, number, now=now, expires_at=now + timedelta(hours=hours))
    assert accounts.find_signed_in_volunteer(db, "a", now) == number
    assert (
        accounts.find_signed_in_volunteer(db, "a", now + timedelta(hours=1))
        is accounts.find_signed_in_volunteer(db, "unknown", now)
        is None
    )
    assert accounts.expire_sign_ins(db, now + timedelta(hours=1)) == 1
    accounts.sign_out(db, "b")
    assert [accounts.find_signed_in_volunteer(db, token, now) for token in "abcd"] == [None, None, number, number]
    accounts.sign_out_everywhere(db, number)
    assert [accounts.find_signed_in_volunteer(db, token, now) for token in "abcd"] == [None] * 4


def test_preferences_from_before_there_were_venues_are_those_of_every_venue():
    before = read_project_preferences('{"on_cores": true, "on_gpus": false, "resource_share": 25.0}')
    assert before.at("work") == before.at("") == ProjectPreferences(resource_share=25.0, on_gpus=False)


def found(db, now, name: str, founder: int) -> int | None:
    words = {"country": "Norway", "website": "https://t.org", "about": "we"}
    return teams.create_team(db, name=name, founder_id=founder, **words, now=now)


def test_a_team_has_a_founder_members_and_says_what_it_is(db, now):
    ann, bob = made(db, now), made(db, now, "Bob", "bob@mail.example")
    number = found(db, now, "Owls", ann)
    assert found(db, now, "Owls", bob) is None
    team = teams.find_team(db, number)
    assert teams.find_team_by_name(db, "Owls") == team
    assert (team.name, team.founder_id, team.created_at) == ("Owls", ann, now)
    assert (team.country, team.website, team.about) == ("Norway", "https://t.org", "we")
    assert teams.find_team(db, 99) is teams.find_team_by_name(db, "owl") is None
    for volunteer in (ann, bob):
        accounts.set_volunteer_team(db, volunteer, number)
    assert (teams.count_team_members(db, number), teams.find_eldest_member(db, number, besides=ann)) == (2, bob)
    accounts.set_volunteer_team(db, ann, None)
    teams.set_team_founder(db, number, bob)
    teams.update_team(db, number, country="", website="", about="other")
    team = teams.find_team(db, number)
    assert (team.founder_id, team.country, team.website, team.about) == (bob, "", "", "other")
    assert (teams.count_team_members(db, number), teams.find_eldest_member(db, number, besides=bob)) == (1, None)


def test_teams_are_found_by_a_part_of_their_name_and_signs_mean_themselves(db, now):
    numbers = [found(db, now, name, made(db, now)) for name in ("Night Owls",)]
    numbers += [found(db, now, name, 1) for name in ("Owls 100%", "Hawks_1", "Hawks 1")]
    assert (teams.search_teams(db, "owls", 10), teams.list_active_teams(db, 2), teams.count_founded_teams(db, 1)) == (
        [],
        [],
        4,
    )  # nobody is in them
    for number in numbers:
        accounts.set_volunteer_team(db, made(db, now, email=f"{number}@b.org"), number)
    wanted = {"owls": ["Night Owls", "Owls 100%"], "0%": ["Owls 100%"], "_1": ["Hawks_1"], "!": [], "%": ["Owls 100%"]}
    assert {part: [team.name for team in teams.search_teams(db, part, 10)] for part in wanted} == wanted
    assert [team.name for team in teams.list_active_teams(db, 2)] == ["Night Owls", "Owls 100%"]
