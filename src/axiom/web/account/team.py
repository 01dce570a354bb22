"""The page on which a volunteer finds, joins, founds and leaves a team."""

from axiom.domain.fleet import Team
from axiom.laboratory.accounts.commands.accounts import good_country, good_name, good_website
from axiom.laboratory.accounts.commands.teams import FoundTeam, JoinTeam, LeaveTeam, good_about
from axiom.limits import accounts as limits
from axiom.reads.base.request import Answer, Reading
from axiom.rules.accounts.profile_visibility import as_shown
from axiom.store.accounts import teams
from axiom.store.credit import ledger
from axiom.web.account.visit import Visit, act_of

_LONGEST_SEARCH = 60


def team_page(reading: Reading, visit: Visit) -> Answer:
    """The present team, and those whose names hold the words that are looked for."""
    volunteer, _ = visit.themselves
    wanted = " ".join(reading.query.get("q", "").split())[:_LONGEST_SEARCH]
    mine = teams.by_id(reading.db, volunteer.team_id) if volunteer.team_id is not None else None
    listed = (
        teams.like(reading.db, wanted, limits.TEAMS_FOUND) if wanted else teams.teams(reading.db, limits.TEAMS_FOUND)
    )
    return {
        "team": _team(reading, mine) | {"is_founder": mine.founder_id == volunteer.id} if mine else None,
        "wanted": wanted,
        "found": [_team(reading, team) for team in listed if mine is None or team.id != mine.id],
        "most": limits.TEAMS_FOUND,
    }


def _team(reading: Reading, team: Team) -> Answer:
    read = as_shown(team, ledger.balance(reading.db, ledger.VOLUNTEER, team.founder_id))
    return {
        "number": team.id,
        "name": team.name,
        "country": read.country,
        "volunteers": teams.members(reading.db, team.id),
    }


_FOUNDED = {"called": good_name, "country": good_country, "website": good_website, "about": good_about}
TEAM_ACTS = {
    "/account/team/found": act_of(FoundTeam, "/account/team?done=founded", **_FOUNDED),
    "/account/team/join": act_of(JoinTeam, "/account/team?done=joined"),
    "/account/team/leave": act_of(LeaveTeam, "/account/team?done=left"),
}
