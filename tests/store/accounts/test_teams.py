import pytest

from axiom.store.accounts import accounts, teams

STORED = "what is stored of a password"


@pytest.fixture
def db(small_lab):
    with small_lab.db.transaction():
        for name in ("ann", "bob"):
            accounts.create(
                small_lab.db, name=name, email=f"{name}@a.org", password=STORED, cross_id="", now=small_lab.now
            )
        yield small_lab.db


def found(db, lab, name: str, founder: int = 1) -> int | None:
    return teams.found(
        db, name=name, founder_id=founder, country="Norway", website="https://t.org", about="we", now=lab.now
    )


def join_anew(db, lab, team: int) -> None:
    email = f"{team}@b.org"
    made = accounts.create(db, name=email, email=email, password=STORED, cross_id="", now=lab.now)
    accounts.join(db, made, team)


def test_a_team_is_founded_once_under_its_name(db, small_lab):
    number = found(db, small_lab, "Owls")
    assert found(db, small_lab, "Owls", founder=2) is None
    team = teams.by_id(db, number)
    assert teams.by_name(db, "Owls") == team
    assert (team.name, team.founder_id, team.country, team.website, team.about, team.created_at) == (
        *("Owls", 1, "Norway", "https://t.org", "we"),
        small_lab.now,
    )
    assert teams.by_id(db, 99) is teams.by_name(db, "owl") is None


def test_teams_are_found_by_a_part_of_their_name_and_signs_mean_themselves(db, small_lab):
    for name in ("Night Owls", "Owls 100%", "Hawks_1", "Hawks 1"):
        found(db, small_lab, name)
    assert (teams.like(db, "owls", 10), teams.teams(db, 2), teams.founded(db, 1)) == ([], [], 4)  # nobody is in them
    for number in range(1, 5):
        join_anew(db, small_lab, number)
    wanted = {"owls": ["Night Owls", "Owls 100%"], "0%": ["Owls 100%"], "_1": ["Hawks_1"], "!": [], "%": ["Owls 100%"]}
    assert {part: [team.name for team in teams.like(db, part, 10)] for part in wanted} == wanted
    assert [team.name for team in teams.teams(db, 2)] == ["Night Owls", "Owls 100%"]


def test_members_come_and_go_and_the_founder_may_hand_over(db, small_lab):
    number = found(db, small_lab, "Owls")
    for volunteer in (1, 2):
        accounts.join(db, volunteer, number)
    assert teams.members(db, number) == 2
    assert teams.eldest(db, number, besides=1) == 2
    accounts.join(db, 1, None)
    teams.hand_over(db, number, 2)
    assert teams.members(db, number) == 1
    assert teams.by_id(db, number).founder_id == 2
    assert teams.eldest(db, number, besides=2) is None


def test_a_team_changes_what_it_says_of_itself(db, small_lab):
    number = found(db, small_lab, "Owls")
    teams.change(db, number, country="", website="", about="other")
    team = teams.by_id(db, number)
    assert (team.country, team.website, team.about) == ("", "", "other")
