"""The page on which a volunteer finds, joins, founds and leaves a team."""

from axiom.domain.fleet import Team
from axiom.laboratory.accounts.commands.accounts import check_account_name, check_country, check_website
from axiom.laboratory.accounts.commands.teams import FoundTeam, JoinTeam, LeaveTeam, check_team_text
from axiom.limits import accounts as limits
from axiom.reads.base.request import Answer, Reading
from axiom.rules.accounts.profile_visibility import hide_team_profile
from axiom.store.accounts import teams
from axiom.store.credit import ledger
from axiom.web.account.visit import Visit, make_account_action

_LONGEST_SEARCH = 60


def account_team_page(reading: Reading, visit: Visit) -> Answer:
    """The present team, and those whose names hold the words that are looked for."""
    volunteer, _ = visit.themselves
    wanted = " ".join(reading.query.get("q", "").split())[:_LONGEST_SEARCH]
    mine = teams.find_team(reading.db, volunteer.team_id) if volunteer.team_id is not None else None
    listed = (
        teams.search_teams(reading.db, wanted, limits.TEAMS_FOUND)
        if wanted
        else teams.list_active_teams(reading.db, limits.TEAMS_FOUND)
    )
    return {
        "team": _team(reading, mine) | {"is_founder": mine.founder_id == volunteer.id} if mine else None,
        "wanted": wanted,
        "found": [_team(reading, team) for team in listed if mine is None or team.id != mine.id],
        "most": limits.TEAMS_FOUND,
    }


def _team(reading: Reading, team: Team) -> Answer:
    read = hide_team_profile(team, ledger.find_balance(reading.db, ledger.VOLUNTEER, team.founder_id))
    return {
        "number": team.id,
        "name": team.name,
        "country": read.country,
        "volunteers": teams.count_team_members(reading.db, team.id),
    }


_FOUNDED = {"called": check_account_name, "country": check_country, "website": check_website, "about": check_team_text}
TEAM_ACTS = {
    "/account/team/found": make_account_action(FoundTeam, "/account/team?done=founded", **_FOUNDED),
    "/account/team/join": make_account_action(JoinTeam, "/account/team?done=joined"),
    "/account/team/leave": make_account_action(LeaveTeam, "/account/team?done=left"),
}
