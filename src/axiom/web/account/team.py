"""The page on which a volunteer finds, joins, founds and leaves a team."""

from axiom.commands.accounts import good_country, good_name, good_website
from axiom.commands.teams import FoundTeam, JoinTeam, LeaveTeam, good_about
from axiom.decisions.accounts.profile_visibility import as_shown
from axiom.domain.fleet import Team
from axiom.limits import accounts as limits
from axiom.locale.languages import mark
from axiom.store.accounts import teams
from axiom.store.credit import ledger
from axiom.web.account.forms import whole
from axiom.web.account.visit import Outcome, Redirect, Redisplay, Visit
from axiom.web.base.request import Answer, Reading

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


def create(visit: Visit) -> Outcome:
    form, (volunteer, _) = visit.form, visit.themselves
    name, country = form.check("name", good_name), form.check("country", good_country)
    website, about = form.check("website", good_website), form.check("about", good_about)
    if form.wrong:
        return Redisplay(form=form)
    visit.submit(FoundTeam(volunteer=volunteer.id, called=name, country=country, website=website, about=about))
    return Redirect(to="/account/team?done=founded")


def join(visit: Visit) -> Outcome:
    volunteer, _ = visit.themselves
    number = whole(visit.form.text("team"))
    if number is None:
        visit.form.wrong[""] = mark("Choose a team from the list. Nothing was changed.")
        return Redisplay(form=visit.form)
    visit.submit(JoinTeam(volunteer=volunteer.id, team=number))
    return Redirect(to="/account/team?done=joined")


def leave(visit: Visit) -> Outcome:
    """Belong to no team."""
    volunteer, _ = visit.themselves
    visit.submit(LeaveTeam(volunteer=volunteer.id))
    return Redirect(to="/account/team?done=left")


TEAM_ACTS = {"/account/team/found": create, "/account/team/join": join, "/account/team/leave": leave}
