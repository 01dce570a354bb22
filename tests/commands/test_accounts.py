"""Volunteers change their own accounts and nobody else's, and the audit never learns who they are."""

import json
from dataclasses import replace

import pytest

from axiom.boinc import account_keys
from axiom.commands.accounts import (
    ChangeEmail,
    ChangePassword,
    ChangePreferences,
    ChangeProfile,
    EraseAccount,
    NewKey,
    OpenAccount,
    PlaceHost,
    SignIn,
    SignOut,
)
from axiom.commands.mail.own_mail import ChooseMail, ConfirmEmail
from axiom.commands.teams import FoundTeam, JoinTeam, LeaveTeam
from axiom.domain.callers import Caller, Capability, Limits
from axiom.domain.fleet import Capacity, Platform
from axiom.errors import NotAllowed, NotFound, Refused, WrongUse
from axiom.server.accounts.password_hashes import is_password
from axiom.signed.keys import make_secrets
from axiom.store.accounts import accounts, teams
from axiom.store.hosts import hosts, notices

EMAIL, PASSWORD, NEW_PASSWORD = "canary.email@example.org", "canary kettle in may", "another kettle in june"
OPEN = OpenAccount(called="Canary Lovelace", email=EMAIL.upper(), password=PASSWORD)
TOKEN, NEXT_TOKEN = "a" * 64, "b" * 64
NOBODY = Limits(workunits_per_day=0, aborts_per_day=0)


def volunteer(number: int | None) -> Caller:
    name = f"volunteer:{number}" if number else "visitor"
    return Caller(name=name, capabilities=frozenset({Capability.ACCOUNT}), limits=NOBODY, volunteer_id=number)


@pytest.fixture
def secret(door):
    door.lab.folder.keys.mkdir(mode=0o700, exist_ok=True)
    return make_secrets(door.lab.folder.keys).accounts


@pytest.fixture
def ours(door, secret) -> int:  # noqa: ARG001  the keys are made from it
    """A volunteer with an account and host 1."""
    made = door.submit(OPEN, caller=volunteer(None))["volunteer"]
    assert attach(door, made, "attic") == 1
    return made


def attach(door, number: int, name: str) -> int:
    platform = Platform(system="linux", processor="x86_64", instructions="avx2")
    capacity, now = Capacity(cores=2, memory_mb=4_000), door.lab.now
    return door.gate.writer.run(
        lambda db: hosts.meet(db, volunteer_id=number, name=name, platform=platform, capacity=capacity, now=now)
    )


@pytest.fixture
def as_them(door, ours):
    """Submits commands as this volunteer."""
    return lambda command: door.submit(command, caller=volunteer(ours))


def known(door, number):
    return door.look(lambda db: accounts.by_id(db, number))


def holder(door, key):
    return door.look(lambda db: accounts.by_key(db, account_keys.key_digest(key)))


def test_an_account_is_opened_as_a_client_of_boinc_would_open_it(door, secret, ours):
    found, account = known(door, ours)
    assert (found.name, account.email, account.is_exported) == ("Canary Lovelace", EMAIL, False)
    assert is_password(account.password, account_keys.passwd_hash(PASSWORD, EMAIL))
    assert holder(door, account_keys.account_key(secret, ours, 1)).is_weak is False
    assert holder(door, account_keys.weak_key(secret, ours, 1)).is_weak is True


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"called": "<b>"}, "neither < nor >"),
        ({"email": "nobody"}, "not an e-mail address"),
        ({"password": "short"}, "has 5 characters; it needs at least 8"),
        ({"password": "password1"}, "many people choose"),
        ({"password": "Canary Lovelace1"}, "name or address"),
    ],
)
@pytest.mark.usefixtures("secret")
def test_an_account_with_unfit_words_is_not_opened(door, changes, problem):
    with pytest.raises(WrongUse, match=problem):
        door.submit(replace(OPEN, **changes), caller=volunteer(None))
    assert door.look(lambda db: accounts.by_email(db, EMAIL)) is None


@pytest.mark.usefixtures("ours")
def test_an_address_has_one_account(door):
    with pytest.raises(Refused, match="No account was opened"):
        door.submit(OPEN, caller=volunteer(None))


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
    PlaceHost(volunteer=1, host=1, venue="school"),
    NewKey(volunteer=1),
    ChooseMail(volunteer=1, digest=True, silence=True),
    FoundTeam(volunteer=1, called="Canary Team", about="We sing."),
    JoinTeam(volunteer=1, team=1),
    LeaveTeam(volunteer=1),
]
LAST = EraseAccount(volunteer=1)


@pytest.mark.parametrize("command", [*EVERY, LAST], ids=lambda command: command.name)
def test_nobody_changes_another_s_account(door, ours, command):
    other = door.submit(replace(OPEN, email="eve@example.org", called="Eve"), caller=volunteer(None))["volunteer"]
    before = door.stored()
    for caller in (volunteer(other), volunteer(None)):
        with pytest.raises(NotAllowed, match="is about another one"):
            door.submit(replace(command, volunteer=ours), caller=caller)
    assert door.stored() == before


def test_a_caller_for_experiments_manages_no_account(door, ours, caller):
    reader = replace(caller, capabilities=frozenset({Capability.READ, Capability.DEPLOY}), volunteer_id=ours)
    with pytest.raises(NotAllowed, match="may not manage own account"):
        door.submit(NewKey(volunteer=ours), caller=reader)


def test_the_operator_can_give_somebody_a_new_password(door, ours):
    door.submit(ChangePassword(volunteer=ours, password=NEW_PASSWORD))
    assert is_password(known(door, ours)[1].password, account_keys.passwd_hash(NEW_PASSWORD, EMAIL))


@pytest.mark.parametrize(
    "command", [each for each in (*EVERY, LAST) if each.name != "team.join"], ids=lambda each: each.name
)
def test_a_dry_run_changes_nothing_but_the_audit(door, ours, command):
    before = door.stored()
    answer = door.submit(replace(command, volunteer=ours), caller=volunteer(ours), dry_run=True)
    assert answer["dry_run"] is True
    assert door.stored() == before


def test_the_audit_learns_neither_names_nor_addresses_nor_secrets(door, secret, ours, as_them):
    for command in EVERY:
        as_them(replace(command, volunteer=ours))
    with pytest.raises(Refused):
        door.submit(replace(OPEN, email="canary.new@example.org"), caller=volunteer(None))
    as_them(replace(LAST, volunteer=ours))
    audited = json.dumps(door.audited())
    told = [
        *("anary", "kettle", "We sing", "example", TOKEN, "argon2"),
        *(account_keys.account_key(secret, ours, serial) for serial in (1, 2)),
        *(account_keys.weak_key(secret, ours, serial) for serial in (1, 2, 3)),
    ]
    assert [word for word in told if word in audited] == []
    assert {entry["caller"] for entry in door.audited()} == {"visitor", f"volunteer:{ours}"}
    assert json.loads(door.audited()[6]["arguments"]) == {"is_exported": True, "shows_hosts": False, "volunteer": ours}


def test_the_secret_words_of_a_command_are_not_in_its_repr():
    shown = " ".join(map(repr, (OPEN, *EVERY)))
    assert [word for word in ("kettle", "canary.", TOKEN) if word in shown] == []


def test_a_token_means_somebody_until_it_is_replaced_or_given_up_or_too_old(door, ours, as_them):
    def who(token):
        return door.look(lambda db: accounts.signed_in(db, token, door.lab.now))

    as_them(SignIn(volunteer=ours, proven=1, token=TOKEN))
    assert who(TOKEN) == ours
    as_them(SignIn(volunteer=ours, proven=1, token=NEXT_TOKEN, instead=TOKEN))
    assert (who(TOKEN), who(NEXT_TOKEN)) == (None, ours)
    door.lab.later(days=13)
    assert who(NEXT_TOKEN) == ours
    door.lab.later(days=2)
    assert who(NEXT_TOKEN) is None
    as_them(SignIn(volunteer=ours, proven=1, token=TOKEN))
    assert len(door.stored()["sign_in"]) == 1
    as_them(SignOut(volunteer=ours, token=TOKEN))
    assert who(TOKEN) is None


def test_of_one_account_twenty_browsers_stay_signed_in_the_newest(door, ours, as_them):
    other = door.submit(replace(OPEN, email="eve@example.org", called="Eve"), caller=volunteer(None))["volunteer"]
    door.submit(SignIn(volunteer=other, proven=1, token=TOKEN), caller=volunteer(other))
    tokens = [f"{number:064x}" for number in range(25)]
    for token in tokens:
        door.lab.later(minutes=1)
        as_them(SignIn(volunteer=ours, proven=1, token=token))
    kept = {row["token_digest"] for row in door.stored()["sign_in"]}
    assert kept == {TOKEN, *tokens[-20:]}
    as_them(SignIn(volunteer=ours, proven=1, token=NEXT_TOKEN, instead=tokens[-1]))
    assert {row["token_digest"] for row in door.stored()["sign_in"]} == {TOKEN, NEXT_TOKEN, *tokens[-20:-1]}


def test_nobody_signs_in_with_a_password_that_is_another_one_by_now(door, ours, as_them):
    assert as_them(ChangePassword(volunteer=ours, password=NEW_PASSWORD))["serial"] == 2
    with pytest.raises(Refused, match="was changed a moment ago, so this was not done"):
        as_them(SignIn(volunteer=ours, proven=1, token=TOKEN))
    as_them(SignIn(volunteer=ours, proven=2, token=TOKEN))
    as_them(replace(LAST, volunteer=ours))
    with pytest.raises(Refused, match="was changed a moment ago"):
        as_them(SignIn(volunteer=ours, proven=2, token=NEXT_TOKEN))
    assert door.stored()["sign_in"] == []


@pytest.mark.parametrize(
    "command", [each for each in (*EVERY, LAST) if "proven" in each.words()], ids=lambda each: each.name
)
def test_what_follows_a_password_is_done_only_while_it_holds(door, ours, as_them, command):
    as_them(ChangePassword(volunteer=ours, password=NEW_PASSWORD))
    before = door.stored()
    with pytest.raises(Refused, match="was changed a moment ago, so this was not done"):
        as_them(replace(command, volunteer=ours, proven=1))
    assert door.stored() == before


def test_a_new_password_signs_out_everywhere_and_makes_a_new_weak_key(door, secret, ours, as_them):
    as_them(SignIn(volunteer=ours, proven=1, token=TOKEN))
    as_them(ChangePassword(volunteer=ours, password=NEW_PASSWORD))
    _, account = known(door, ours)
    assert is_password(account.password, account_keys.passwd_hash(NEW_PASSWORD, EMAIL))
    assert not is_password(account.password, account_keys.passwd_hash(PASSWORD, EMAIL))
    assert holder(door, account_keys.weak_key(secret, ours, 1)) is None
    assert holder(door, account_keys.weak_key(secret, ours, account.password_serial)).volunteer_id == ours
    assert holder(door, account_keys.account_key(secret, ours, 1)).volunteer_id == ours
    assert door.stored()["sign_in"] == []


def test_a_new_address_keeps_password_and_account_key(door, secret, ours, as_them):
    as_them(ChangeEmail(volunteer=ours, proven=1, email="New@Example.org", password=PASSWORD))
    _, account = known(door, ours)
    assert account.email == "new@example.org"
    assert is_password(account.password, account_keys.passwd_hash(PASSWORD, "new@example.org"))
    assert holder(door, account_keys.account_key(secret, ours, 1)).volunteer_id == ours
    assert holder(door, account_keys.weak_key(secret, ours, account.password_serial)).is_weak
    assert holder(door, account_keys.weak_key(secret, ours, 1)) is None


def test_an_address_that_another_has_is_not_taken(door, ours, as_them):
    other = replace(OPEN, email="eve@example.org", called="Eve")
    door.submit(other, caller=volunteer(None))
    with pytest.raises(Refused, match="was not changed to this one"):
        as_them(ChangeEmail(volunteer=ours, proven=1, email="eve@example.org", password=PASSWORD))


def test_a_new_key_makes_the_old_one_worthless(door, secret, ours, as_them):
    as_them(NewKey(volunteer=ours))
    assert holder(door, account_keys.account_key(secret, ours, 1)) is None
    assert holder(door, account_keys.account_key(secret, ours, 2)).volunteer_id == ours
    assert holder(door, account_keys.weak_key(secret, ours, 1)).is_weak


def test_of_an_erased_account_nothing_is_left_but_its_number(door, secret, ours, as_them):
    as_them(
        ChangeProfile(
            volunteer=ours, called="Canary Byron", country="Canary Islands", shows_hosts=True, is_exported=False
        )
    )
    as_them(ChangePreferences(volunteer=ours, resource_share=50, venue="work"))
    as_them(SignIn(volunteer=ours, proven=1, token=TOKEN))
    door.gate.writer.run(lambda db: notices.add(db, 1, "canary", "attic", door.lab.now))
    assert [word for word in ("anary", "attic", TOKEN) if word not in json.dumps(door.stored())] == []
    assert as_them(replace(LAST, volunteer=ours)) == {"volunteer": ours, "tasks": 0}
    assert [word for word in ("anary", "attic", TOKEN, '"work"', "argon2") if word in json.dumps(people(door))] == []
    found, account = known(door, ours)
    assert (found.name, account.email, account.shows_hosts) == (f"erased volunteer {ours}", None, False)
    for key in (account_keys.account_key(secret, ours, 1), account_keys.weak_key(secret, ours, 1)):
        assert holder(door, key) is None
    assert door.broken() == {}


def people(door):
    return {table: rows for table, rows in door.stored().items() if table in {"volunteer", "host", "sign_in", "notice"}}


def test_whoever_comes_back_is_somebody_else(door, ours, as_them):
    as_them(replace(LAST, volunteer=ours))
    again = door.submit(OPEN, caller=volunteer(None))["volunteer"]
    assert again != ours
    assert known(door, again)[0].name == "Canary Lovelace"
    with pytest.raises(Refused, match="has no account that could be erased"):
        as_them(replace(LAST, volunteer=ours))


def test_a_team_of_somebody_erased_goes_to_the_eldest(door, ours, as_them):
    made = as_them(FoundTeam(volunteer=ours, called="Owls"))["team"]
    heir = door.submit(replace(OPEN, email="eve@example.org", called="Eve"), caller=volunteer(None))["volunteer"]
    door.submit(JoinTeam(volunteer=heir, team=made), caller=volunteer(heir))
    as_them(replace(LAST, volunteer=ours))
    assert known(door, ours)[0].team_id is None
    assert door.look(lambda db: teams.by_id(db, made)).founder_id == heir


def test_a_name_that_somebody_has_gets_a_number(door, ours, as_them):
    other = replace(OPEN, email="eve@example.org", called="Eve")
    door.submit(other, caller=volunteer(None))
    as_them(ChangeProfile(volunteer=ours, called="Eve", shows_hosts=True, is_exported=True))
    found, account = known(door, ours)
    assert (found.name, account.is_exported) == ("Eve (2)", True)


@pytest.mark.parametrize(
    "website",
    [
        "javascript:alert(1)",
        "ftp://example.org",
        "https://",
        "https://a b.example",
        'https://"onload="x',
        "https://" + "a." * 200,
    ],
)
def test_a_website_is_an_address_of_the_web(ours, as_them, website):
    with pytest.raises(WrongUse, match="starts with https://"):
        as_them(ChangeProfile(volunteer=ours, called="Ada", website=website, shows_hosts=True, is_exported=True))


def test_preferences_keep_what_they_do_not_speak_of(door, ours, as_them):
    door.gate.writer.run(lambda db: accounts.set_project_preferences(db, ours, '{"theme": "dark"}', ""))
    as_them(ChangePreferences(volunteer=ours, resource_share=25.0, on_gpus=False, venue="work"))
    preferred = door.look(lambda db: accounts.preferences(db, ours))
    assert json.loads(preferred.project) == {"theme": "dark", "resource_share": 25, "on_cores": True, "on_gpus": False}
    assert preferred.venue == "work"
    with pytest.raises(WrongUse, match="Neither cores nor GPUs"):
        as_them(ChangePreferences(volunteer=ours, resource_share=25.0, on_gpus=False, on_cores=False))


def test_a_computer_of_one_s_own_is_placed_and_of_another_it_is_not_said_whether_it_exists(door, ours, as_them):
    other = door.submit(replace(OPEN, email="eve@example.org", called="Eve"), caller=volunteer(None))
    theirs = attach(door, other["volunteer"], "cellar")
    as_them(PlaceHost(volunteer=ours, host=1, venue="school"))
    assert door.look(lambda db: hosts.host(db, 1)).venue == "school"
    for number in (theirs, 99):
        with pytest.raises(NotFound, match=f"Volunteer {ours} has no host {number}. Nothing was changed."):
            as_them(PlaceHost(volunteer=ours, host=number, venue="home"))


def test_teams_are_founded_joined_and_left_and_never_without_somebody_who_looks_after_them(door, ours, as_them):
    other = door.submit(replace(OPEN, email="eve@example.org", called="Eve"), caller=volunteer(None))["volunteer"]
    team = as_them(FoundTeam(volunteer=ours, called="The  Sums", about=" We add. \n\n Daily.", country="France"))[
        "team"
    ]
    found = door.look(lambda db: teams.by_id(db, team))
    assert (found.name, found.founder_id, found.about, found.country) == (
        "The Sums",
        ours,
        "We add.\n\nDaily.",
        "France",
    )
    with pytest.raises(Refused, match="Another team has this name"):
        door.submit(FoundTeam(volunteer=other, called="The Sums"), caller=volunteer(other))
    door.submit(JoinTeam(volunteer=other, team=team), caller=volunteer(other))
    as_them(LeaveTeam(volunteer=ours))
    assert known(door, ours)[0].team_id is None
    assert door.look(lambda db: teams.by_id(db, team)).founder_id == other
    door.submit(LeaveTeam(volunteer=other), caller=volunteer(other))
    assert door.look(lambda db: (teams.by_id(db, team).founder_id, teams.members(db, team))) == (other, 0)


def test_what_is_not_there_is_said(ours, as_them, door):
    with pytest.raises(NotFound, match="There is no team 77"):
        as_them(JoinTeam(volunteer=ours, team=77))
    with pytest.raises(NotFound, match="There is no volunteer 99"):
        door.submit(NewKey(volunteer=99))
