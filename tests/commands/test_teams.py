"""Teams: few of one volunteer, always looked after by one of their own, and heard from the first credit on."""

from dataclasses import replace

import pytest

from axiom.commands.accounts import OpenAccount
from axiom.commands.teams import FoundTeam, JoinTeam, LeaveTeam
from axiom.domain.callers import Caller, Capability, Limits
from axiom.errors import LimitReached, Refused
from axiom.signed.keys import make_secrets
from axiom.store.accounts import teams
from axiom.store.credit import ledger

SPAM = {"country": "buy.example", "website": "https://buy.example", "about": "Buy it."}


@pytest.fixture
def as_volunteer(door):
    """Gives a command as this volunteer; four of them have an account."""
    door.lab.folder.keys.mkdir(mode=0o700, exist_ok=True)
    make_secrets(door.lab.folder.keys)

    def caller(number: int | None) -> Caller:
        name = f"volunteer:{number}" if number else "visitor"
        limits = Limits(workunits_per_day=0, aborts_per_day=0)
        return Caller(name=name, capabilities=frozenset({Capability.ACCOUNT}), limits=limits, volunteer_id=number)

    numbers = []
    for name in ("Ann", "Bob", "Cy", "Dee"):
        opened = OpenAccount(called=name, email=f"{name}@mail.example", password="a kettle in may")  # noqa: S106
        numbers.append(door.submit(opened, caller=caller(None))["volunteer"])

    def give(index: int, command):
        return door.submit(replace(command, volunteer=numbers[index]), caller=caller(numbers[index]))

    give.numbers = numbers
    return give


def found(name: str, **words: str) -> FoundTeam:
    return FoundTeam(volunteer=1, called=name, **words)


def listed(door) -> list[str]:
    return [each.name for each in door.look(lambda db: teams.teams(db, 1_000))]


def test_one_volunteer_founds_three_teams_a_day_and_three_in_all_of_which_one_is_listed(door, as_volunteer):
    for number in range(3):
        as_volunteer(0, found(f"Team {number}"))
    for number in range(3, 300):
        with pytest.raises(LimitReached, match="this can be asked for 3 times a day"):
            as_volunteer(0, found(f"Team {number}"))
    assert listed(door) == ["Team 2"]
    door.lab.later(hours=25)
    with pytest.raises(Refused, match="You look after 3 teams already"):
        as_volunteer(0, found("Team 4"))
    as_volunteer(0, JoinTeam(volunteer=1, team=1))
    assert listed(door) == ["Team 0"]


def test_who_hands_teams_over_to_others_founds_no_more_than_three_a_day(door, as_volunteer):
    for number in range(3):
        team = as_volunteer(0, found(f"Team {number}"))["team"]
        as_volunteer(1 + number % 2, JoinTeam(volunteer=1, team=team))
    with pytest.raises(LimitReached):
        as_volunteer(0, found("Team 3"))
    assert len(listed(door)) <= 4


def test_a_team_to_which_nobody_belonged_is_looked_after_by_who_joins_it(door, as_volunteer):
    team = as_volunteer(0, found("Owls"))["team"]
    as_volunteer(0, LeaveTeam(volunteer=1))
    assert listed(door) == []
    as_volunteer(1, JoinTeam(volunteer=1, team=team))
    assert door.look(lambda db: teams.by_id(db, team)).founder_id == as_volunteer.numbers[1]
    as_volunteer(0, JoinTeam(volunteer=1, team=team))
    assert door.look(lambda db: teams.by_id(db, team)).founder_id == as_volunteer.numbers[1]


@pytest.mark.parametrize("has_credit", [False, True])
@pytest.mark.parametrize("is_left_first", [False, True])
def test_what_a_founder_without_credit_wrote_is_not_handed_over(door, as_volunteer, has_credit, is_left_first):
    ann, bob = as_volunteer.numbers[:2]
    for number in (ann, bob) if has_credit else (bob,):
        door.gate.writer.run(
            lambda db, number=number: ledger.carry_over(
                db, number, source="before", amount=1_000, because="a test", now=door.lab.now
            )
        )
    team = as_volunteer(0, found("Owls", **SPAM))["team"]
    steps = [(1, JoinTeam(volunteer=1, team=team)), (0, LeaveTeam(volunteer=1))]
    for who, command in reversed(steps) if is_left_first else steps:
        as_volunteer(who, command)
    kept = door.look(lambda db: teams.by_id(db, team))
    words = SPAM if has_credit else dict.fromkeys(SPAM, "")
    assert kept.founder_id == bob
    assert {"country": kept.country, "website": kept.website, "about": kept.about} == words
