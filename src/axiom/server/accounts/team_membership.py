"""Joins, changes or leaves a team, and says who looks after it from then on."""

from axiom.domain.fleet import Team, Volunteer
from axiom.rules.accounts.profile_visibility import hide_team_profile
from axiom.store.accounts import accounts, teams
from axiom.store.credit import ledger
from axiom.store.engine.database import Database


def change_team(db: Database, volunteer: Volunteer, team_id: int | None) -> None:
    """Belong to this team from now on, or to none. What was earned for the old one stays with it.

    A team whose founder leaves is looked after by the one of its volunteers who has been here longest, and one to which
    nobody belonged by who joins it: so nobody looks after two teams to which somebody belongs.
    """
    if team_id == volunteer.team_id:
        return
    old = teams.find_team(db, volunteer.team_id) if volunteer.team_id is not None else None
    if old is not None and old.founder_id == volunteer.id:
        heir = teams.find_eldest_member(db, old.id, besides=volunteer.id)
        if heir is not None:
            _hand_over(db, old, heir)
    new = teams.find_team(db, team_id) if team_id is not None else None
    if new is not None and new.founder_id != volunteer.id and not teams.count_team_members(db, new.id):
        _hand_over(db, new, volunteer.id)
    accounts.set_volunteer_team(db, volunteer.id, team_id)


def _hand_over(db: Database, team: Team, heir: int) -> None:
    """What a founder without credit wrote is not shown by the credit of another."""
    read = hide_team_profile(team, ledger.find_balance(db, ledger.VOLUNTEER, team.founder_id))
    teams.update_team(db, team.id, country=read.country, website=read.website, about=read.about)
    teams.set_team_founder(db, team.id, heir)
