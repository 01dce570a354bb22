"""Volunteers change their own accounts and nobody else's, and the audit never learns who they are."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from axiom.boinc import account_keys
from axiom.domain.callers import Capability
from axiom.domain.callers import volunteer_caller as volunteer
from axiom.domain.fleet import PreferenceSets, ProjectPreferences
from axiom.errors import LimitReached, NotAllowed, NotFound, Refused, WrongUse
from axiom.laboratory.accounts.commands.accounts import (
    ChangeEmail,
    ChangePassword,
    ChangeProfile,
    EraseAccount,
    OpenAccount,
    ReplaceAccountKey,
    SignIn,
    SignOut,
)
from axiom.laboratory.accounts.commands.preferences import (
    ChangeComputing,
    ChangePreferences,
    PlaceHost,
    SeparatePreferences,
)
from axiom.laboratory.accounts.commands.teams import FoundTeam, JoinTeam, LeaveTeam
from axiom.laboratory.mail.commands import ChooseMail, ConfirmEmail
from axiom.server.accounts.stored_passwords import is_password
from axiom.store.accounts import accounts, teams, tombstones
from axiom.store.credit import ledger
from axiom.store.hosts import hosts, notices

EMAIL, PASSWORD, NEW_PASSWORD = "canary.email@example.org", "canary kettle in may", "another kettle in june"
OPEN = OpenAccount(called="Canary Lovelace", email=EMAIL.upper(), password=PASSWORD)
EVE = replace(OPEN, email="eve@example.org", called="Eve")
TOKEN, NEXT_TOKEN = "a" * 64, "b" * 64


def join(door, command=EVE) -> int:
    return door.submit(command, caller=volunteer(None))["volunteer"]


@pytest.fixture
def ours(door, secret) -> int:  # noqa: ARG001  the keys are made from it
    """A volunteer with an account and host 1."""
    number = join(door, OPEN)
    assert door.meet("attic", number) == 1
    return number


@pytest.fixture
def as_them(door, ours):
    """Submits commands as this volunteer."""
    return lambda command: door.submit(replace(command, volunteer=ours), caller=volunteer(ours))


def account_of(door, number):
    return door.look(lambda db: accounts.find_account(db, number))


def holder(door, key):
    return door.look(lambda db: accounts.find_key_holder(db, account_keys.key_digest(key)))


def test_an_account_is_opened_as_a_client_of_boinc_would_open_it(door, secret, ours):
    stored, account = account_of(door, ours)
    assert stored.name == "Canary Lovelace"
    assert account.email == EMAIL
    assert not account.is_exported
    assert is_password(account.password, account_keys.passwd_hash(PASSWORD, EMAIL))
    assert holder(door, account_keys.account_key(secret, ours, 1)).is_weak is False
    assert holder(door, account_keys.weak_key(secret, ours, 1)).is_weak is True
    with pytest.raises(Refused):  # an address has one account
        join(door, OPEN)
    unfit = ("called", "<b>"), ("email", "nobody"), *(("password", word) for word in ("short", "password1", "Anybody1"))
    for field, word in unfit:
        with pytest.raises(WrongUse):
            join(door, replace(OPEN, **{"called": "Anybody", "email": "any@example.org", field: word}))
    assert door.look(lambda db: accounts.find_account_by_email(db, "any@example.org")) is None


EVERY = [
    ConfirmEmail(volunteer=1, proven=1),
    SignIn(volunteer=1, proven=1, token=TOKEN),
    SignOut(volunteer=1, token=TOKEN),
    ChangeEmail(volunteer=1, proven=1, email="canary.new@example.org", password=PASSWORD),
    ChangePassword(volunteer=1, password=NEW_PASSWORD),
    ChangeProfile(
        volunteer=1, called="Canary Byron", website="https://verse.example", shows_hosts=False, is_exported=True
    ),
    ChangePreferences(volunteer=1, resource_share=50),
    SeparatePreferences(volunteer=1, venue="work", is_separate=True),
    ChangeComputing(volunteer=1, preferences="<canary>1</canary>"),
    PlaceHost(volunteer=1, host=1, venue="school"),
    ReplaceAccountKey(volunteer=1),
    ChooseMail(volunteer=1, digest=True, silence=True),
    FoundTeam(volunteer=1, called="Canary Team", about="We sing."),
    JoinTeam(volunteer=1, team=1),
    LeaveTeam(volunteer=1),
]
LAST = EraseAccount(volunteer=1)


def test_nobody_changes_another_s_account_and_a_dry_run_none(door, ours, caller):
    other, before = join(door), door.stored()
    reader = replace(caller, capabilities=frozenset({Capability.READ, Capability.DEPLOY}), volunteer_id=ours)
    for command in (*EVERY, LAST):
        asked = replace(command, volunteer=ours)
        for stranger in (volunteer(other), volunteer(None), reader):
            with pytest.raises(NotAllowed):
                door.submit(asked, caller=stranger)
        if command.name != "team.join":
            assert door.submit(asked, caller=volunteer(ours), dry_run=True)["dry_run"] is True
    assert door.stored() == before


def test_the_audit_and_the_repr_learn_neither_names_nor_addresses_nor_secrets(door, secret, ours, as_them):
    for command in EVERY:
        as_them(command)
    with pytest.raises(Refused):
        join(door, replace(OPEN, email="canary.new@example.org"))
    as_them(LAST)
    audited = json.dumps(door.audited())
    secrets = [
        *("anary", "kettle", "We sing", "example", TOKEN, "argon2"),
        *(account_keys.account_key(secret, ours, serial) for serial in (1, 2)),
        *(account_keys.weak_key(secret, ours, serial) for serial in (1, 2, 3)),
    ]
    assert [word for word in secrets if word in audited] == []
    assert {entry["caller"] for entry in door.audited()} == {"visitor", f"volunteer:{ours}"}
    assert json.loads(door.audited()[6]["arguments"]) == {"is_exported": True, "shows_hosts": False, "volunteer": ours}
    shown = " ".join(map(repr, (OPEN, *EVERY)))
    assert [word for word in ("kettle", "canary.", TOKEN) if word in shown] == []


def test_a_token_means_somebody_until_it_is_replaced_or_given_up_or_too_old(door, ours, as_them):
    def who(token):
        return door.look(lambda db: accounts.find_signed_in_volunteer(db, token, door.lab.now))

    def signed_in():
        return {row["token_digest"] for row in door.stored()["sign_in"]}

    def sign_in(token, **more):
        as_them(SignIn(volunteer=ours, proven=1, token=token, **more))

    sign_in(TOKEN)
    assert who(TOKEN) == ours
    sign_in(NEXT_TOKEN, instead=TOKEN)
    assert (who(TOKEN), who(NEXT_TOKEN)) == (None, ours)
    door.lab.later(days=13)
    assert who(NEXT_TOKEN) == ours
    door.lab.later(days=2)
    assert who(NEXT_TOKEN) is None
    sign_in(TOKEN)
    assert signed_in() == {TOKEN}
    as_them(SignOut(volunteer=ours, token=TOKEN))
    assert who(TOKEN) is None
    other = join(door)
    door.submit(SignIn(volunteer=other, proven=1, token=TOKEN), caller=volunteer(other))
    tokens = [f"{number:064x}" for number in range(22)]
    for token in tokens:
        door.lab.later(minutes=1)
        sign_in(token)
    assert signed_in() == {TOKEN, *tokens[-20:]}  # of one account twenty browsers stay signed in, the newest
    sign_in(NEXT_TOKEN, instead=tokens[-1])
    assert signed_in() == {TOKEN, NEXT_TOKEN, *tokens[-20:-1]}


def test_a_new_password_signs_out_everywhere_and_what_the_old_one_proved_is_refused(door, secret, ours, as_them):
    as_them(SignIn(volunteer=ours, proven=1, token=TOKEN))
    assert as_them(ChangePassword(volunteer=ours, password=NEW_PASSWORD))["serial"] == 2
    _, account = account_of(door, ours)
    assert is_password(account.password, account_keys.passwd_hash(NEW_PASSWORD, EMAIL))
    assert not is_password(account.password, account_keys.passwd_hash(PASSWORD, EMAIL))
    assert holder(door, account_keys.weak_key(secret, ours, 1)) is None
    assert holder(door, account_keys.weak_key(secret, ours, account.password_serial)).volunteer_id == ours
    assert holder(door, account_keys.account_key(secret, ours, 1)).volunteer_id == ours
    before = door.stored()
    assert before["sign_in"] == []
    for command in (*EVERY, LAST):
        if "proven" in command.words():
            with pytest.raises(Refused):
                as_them(replace(command, proven=1))
    assert door.stored() == before
    as_them(SignIn(volunteer=ours, proven=2, token=TOKEN))
    door.submit(ChangePassword(volunteer=ours, password=PASSWORD))  # the operator gives one
    assert is_password(account_of(door, ours)[1].password, account_keys.passwd_hash(PASSWORD, EMAIL))
    as_them(LAST)
    with pytest.raises(Refused):
        as_them(SignIn(volunteer=ours, proven=3, token=NEXT_TOKEN))
    assert door.stored()["sign_in"] == []


def test_a_new_address_keeps_password_and_key_and_a_new_key_makes_the_old_one_void(door, secret, ours, as_them):
    join(door)
    with pytest.raises(Refused):  # it is another's
        as_them(ChangeEmail(volunteer=ours, proven=1, email="eve@example.org", password=PASSWORD))
    as_them(ChangeEmail(volunteer=ours, proven=1, email="New@Example.org", password=PASSWORD))
    _, account = account_of(door, ours)
    assert account.email == "new@example.org"
    assert is_password(account.password, account_keys.passwd_hash(PASSWORD, "new@example.org"))
    assert holder(door, account_keys.account_key(secret, ours, 1)).volunteer_id == ours
    assert holder(door, account_keys.weak_key(secret, ours, account.password_serial)).is_weak
    assert holder(door, account_keys.weak_key(secret, ours, 1)) is None
    as_them(ReplaceAccountKey(volunteer=ours))
    assert holder(door, account_keys.account_key(secret, ours, 1)) is None
    assert holder(door, account_keys.account_key(secret, ours, 2)).volunteer_id == ours
    assert holder(door, account_keys.weak_key(secret, ours, account.password_serial)).is_weak
    with pytest.raises(NotFound):
        door.submit(ReplaceAccountKey(volunteer=99))


def test_of_an_erased_account_nothing_is_left_but_its_number(door, secret, ours, as_them):
    def people():
        return json.dumps(door.stored(), default=repr)

    profile = {"called": "Canary Byron", "country": "Canary Islands", "shows_hosts": True, "is_exported": False}
    as_them(ChangeProfile(volunteer=ours, **profile))
    as_them(ChangePreferences(volunteer=ours, resource_share=50, venue="work"))
    as_them(SignIn(volunteer=ours, proven=1, token=TOKEN))
    words = {
        "called": "Canary Owls",
        "country": "Canary Islands",
        "website": "https://canary.example.org/",
        "about": "canary",
    }
    alone = as_them(FoundTeam(volunteer=ours, **words))["team"]
    team, heir = as_them(FoundTeam(volunteer=ours, called="Owls"))["team"], join(door)
    door.submit(JoinTeam(volunteer=heir, team=team), caller=volunteer(heir))
    door.gate.writer.run(lambda db: notices.add_notice(db, 1, "canary", "attic", door.lab.now))
    assert [word for word in ("anary", "attic", TOKEN) if word not in people()] == []
    assert as_them(LAST) == {"volunteer": ours, "tasks": 0}
    assert [word for word in ("anary", "attic", TOKEN, '"work"') if word in people()] == []
    stored, account = account_of(door, ours)
    assert stored.name == f"erased volunteer {ours}"
    assert stored.team_id is None
    assert account.email is None
    assert (account.shows_hosts, account.password) == (False, account_of(door, ours)[1].password)
    assert "argon2" not in (account.password or "")
    for key in (account_keys.account_key(secret, ours, 1), account_keys.weak_key(secret, ours, 1)):
        assert holder(door, key) is None
    assert door.look(lambda db: teams.find_team(db, team)).founder_id == heir  # the eldest of its members
    assert door.look(lambda db: teams.find_team(db, alone)).name == f"erased team {alone}"
    assert door.broken() == {}
    again = join(door, OPEN)  # whoever comes back is somebody else
    assert again != ours
    assert account_of(door, again)[0].name == "Canary Lovelace"
    for command in (LAST, *EVERY):
        if command.name != "account.sign_out":  # which forgets a token, whoever's
            with pytest.raises(Refused):
                as_them(command)


def test_who_withdraws_from_the_statistics_files_is_to_be_forgotten(door, ours, as_them):
    def forgotten():
        nouns, moment = (tombstones.VOLUNTEER, tombstones.HOST), door.lab.now - timedelta(days=1)
        return [
            (noun, stone.number)
            for noun in nouns
            for stone in door.look(lambda db, noun=noun: tombstones.list_tombstones(db, noun, moment))
        ]

    door.gate.writer.run(lambda db: db.execute("UPDATE host SET cpid = 'hostcpid' WHERE id = 1"))
    agree, withdraw = (ChangeProfile(volunteer=ours, is_exported=agrees) for agrees in (True, False))
    as_them(withdraw)
    assert forgotten() == [], "who was never in the files"
    both = [("volunteer", ours), ("host", 1)]
    for command, stones in (
        (agree, []),
        (withdraw, both),
        (withdraw, both),
        (ChangeProfile(volunteer=ours, country="Norway"), both),
        (agree, []),
        (withdraw, both),
        (LAST, both),
    ):
        as_them(command)
        assert forgotten() == stones


def test_profile_preferences_and_computers_are_changed_as_far_as_they_may(door, ours, as_them):
    other = join(door)
    profile = ChangeProfile(volunteer=ours, called="Eve", shows_hosts=True, is_exported=True)
    assert as_them(replace(profile, called="Canary"))["is_numbered"] is False
    assert as_them(profile)["is_numbered"] is True
    stored, account = account_of(door, ours)
    assert stored.name == "Eve (2)"  # somebody has this name
    assert account.is_exported
    for website in ("javascript:alert(1)", "https://", "https://a b.example", 'https://"x', "https://" + "a." * 200):
        with pytest.raises(WrongUse):
            as_them(replace(profile, website=website))
    wish = ChangePreferences(volunteer=ours, resource_share=25.0, on_gpus=False, venue="work")
    as_them(wish)
    preferred = door.look(lambda db: accounts.find_preferences(db, ours))
    assert preferred.project == PreferenceSets(general=ProjectPreferences(resource_share=25.0, on_gpus=False))
    assert preferred.venue == "work"
    with pytest.raises(WrongUse):
        as_them(replace(wish, on_cores=False))
    as_them(ChangePreferences(volunteer=ours, venue="home"))  # what is not said stays as it is
    assert door.look(lambda db: accounts.find_preferences(db, ours)) == replace(preferred, venue="home")
    theirs = door.meet("cellar", other)
    as_them(PlaceHost(volunteer=ours, host=1, venue="school"))
    assert door.look(lambda db: hosts.find_host(db, 1)).venue == "school"
    for number in (theirs, 99):  # of another it is not said whether it exists
        with pytest.raises(NotFound, match=rf"{ours} .* {number}"):
            as_them(PlaceHost(volunteer=ours, host=number, venue="home"))


def test_a_venue_s_preferences_begin_as_the_general_ones_change_alone_and_go_again(door, ours, as_them):
    def sets():
        return door.look(lambda db: accounts.find_preferences(db, ours)).project

    general = ProjectPreferences(resource_share=42.0)
    as_them(ChangePreferences(volunteer=ours, resource_share=42.0))
    separate = SeparatePreferences(volunteer=ours, venue="work", is_separate=True)
    as_them(separate)
    assert sets().by_venue == {"work": general}
    as_them(ChangePreferences(volunteer=ours, only_at="work", resource_share=7.0))
    as_them(separate)  # which they are already
    as_them(ChangePreferences(volunteer=ours, only_at="home", on_gpus=False))
    assert sets().by_venue == {"work": replace(general, resource_share=7.0), "home": replace(general, on_gpus=False)}
    as_them(ChangePreferences(volunteer=ours, resource_share=50.0))
    assert [sets().at(venue).resource_share for venue in ("", "school", "work", "home")] == [50.0, 50.0, 7.0, 42.0]
    with pytest.raises(WrongUse):
        as_them(ChangePreferences(volunteer=ours, only_at="home", on_cores=False))
    for venue in ("work", "home", "school"):
        as_them(replace(separate, venue=venue, is_separate=False))
    assert sets() == PreferenceSets(general=replace(general, resource_share=50.0))


SPAM = {"country": "buy.example", "website": "https://buy.example", "about": "Buy it."}


@pytest.fixture
def as_volunteer(door, secret):  # noqa: ARG001  the keys are made from it
    """Gives a command as one of three volunteers."""
    numbers = [join(door, replace(OPEN, called=name, email=f"{name}@mail.example")) for name in ("Ann", "Bob", "Cy")]

    def give(index: int, command):
        return door.submit(replace(command, volunteer=numbers[index]), caller=volunteer(numbers[index]))

    give.numbers = numbers
    return give


def listed(door) -> list[str]:
    return [team.name for team in door.look(lambda db: teams.list_active_teams(db, 1_000))]


def test_one_volunteer_founds_three_teams_a_day_of_which_one_is_listed(door, as_volunteer):
    for number in range(3):
        as_volunteer(0, FoundTeam(volunteer=1, called=f"Team {number}"))
    with pytest.raises(LimitReached):
        as_volunteer(0, FoundTeam(volunteer=1, called="Team 3"))
    assert listed(door) == ["Team 2"]
    door.lab.later(hours=25)
    with pytest.raises(Refused):  # who looks after three
        as_volunteer(0, FoundTeam(volunteer=1, called="Team 4"))
    as_volunteer(0, JoinTeam(volunteer=1, team=1))
    assert listed(door) == ["Team 0"]
    for number in range(3):  # and whoever hands them over at once founds no more a day either
        team = as_volunteer(1, FoundTeam(volunteer=1, called=f"Gift {number}"))["team"]
        as_volunteer(2, JoinTeam(volunteer=1, team=team))
    with pytest.raises(LimitReached):
        as_volunteer(1, FoundTeam(volunteer=1, called="Gift 3"))


def test_a_team_is_founded_joined_and_left_and_looked_after_by_one_of_its_own(door, as_volunteer):
    def team():
        return door.look(lambda db: teams.find_team(db, number))

    first, second, _ = as_volunteer.numbers
    founding = FoundTeam(volunteer=1, called="The  Sums", about=" We add. \n\n Daily.", country="France")
    number = as_volunteer(0, founding)["team"]
    assert (team().name, team().founder_id) == ("The Sums", first)
    assert (team().about, team().country) == ("We add.\n\nDaily.", "France")
    for called in ("The Sums", "THE \N{CYRILLIC CAPITAL LETTER DZE}UMS", "the sums"):
        with pytest.raises(Refused):  # another team has this name, or one that looks like it
            as_volunteer(1, FoundTeam(volunteer=1, called=called))
    with pytest.raises(NotFound):
        as_volunteer(1, JoinTeam(volunteer=1, team=77))
    as_volunteer(1, JoinTeam(volunteer=1, team=number))
    as_volunteer(0, LeaveTeam(volunteer=1))
    assert account_of(door, first)[0].team_id is None
    assert team().founder_id == second
    as_volunteer(1, LeaveTeam(volunteer=1))
    assert team().founder_id == second
    assert door.look(lambda db: teams.count_team_members(db, number)) == 0
    assert listed(door) == []
    as_volunteer(0, JoinTeam(volunteer=1, team=number))  # to which nobody belonged
    as_volunteer(1, JoinTeam(volunteer=1, team=number))
    assert team().founder_id == first


@pytest.mark.parametrize(("has_credit", "is_left_first"), [(False, False), (False, True), (True, False)])
def test_what_a_founder_without_credit_wrote_is_not_handed_over(door, as_volunteer, has_credit, is_left_first):
    ann, bob, _ = as_volunteer.numbers
    carried = {"source": "before", "amount": 1_000, "because": "a test", "now": door.lab.now}
    for number in (ann, bob) if has_credit else (bob,):
        door.gate.writer.run(lambda db, number=number: ledger.carry_over_credit(db, number, **carried))
    team = as_volunteer(0, FoundTeam(volunteer=1, called="Owls", **SPAM))["team"]
    steps = [(1, JoinTeam(volunteer=1, team=team)), (0, LeaveTeam(volunteer=1))]
    for who, command in reversed(steps) if is_left_first else steps:
        as_volunteer(who, command)
    kept = door.look(lambda db: teams.find_team(db, team))
    words = SPAM if has_credit else dict.fromkeys(SPAM, "")
    assert kept.founder_id == bob
    assert {"country": kept.country, "website": kept.website, "about": kept.about} == words
