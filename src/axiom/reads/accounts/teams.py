"""Teams: who is in them, and the race that one of them wins each month."""

from axiom.domain.fleet import Team
from axiom.limits import accounts as account_limits
from axiom.reads.accounts.volunteers import describe_volunteer_rows, website_link
from axiom.reads.base import paging
from axiom.reads.base.page_addresses import NUMBER, page_at
from axiom.reads.base.request import Answer, Reading, require_stored
from axiom.reads.leaderboards import THOUSANDTHS, describe_balance
from axiom.rules.accounts.profile_visibility import hide_team_profile, judge_visibility
from axiom.store.accounts import accounts, teams
from axiom.store.credit import ledger
from axiom.store.views.credit import find_credit_rank
from axiom.store.views.paged_lists import PagedList, count_list_entries
from axiom.store.views.team_race import Month, TeamRace


@page_at("/teams", "teams.html", words="after before")
def teams_page(reading: Reading) -> Answer:
    """The teams that the address asks for, by number."""
    shown = paging.read_list_page(reading, PagedList.TEAMS)
    listed = [team for number in shown.ids if (team := teams.find_team(reading.db, number)) is not None]
    balances = ledger.find_balances(reading.db, ledger.TEAM, list(shown.ids))
    return {
        "teams": [_team(reading, team) | describe_balance(balances.get(team.id), reading.now) for team in listed],
        "challenge": _challenge(reading),
        "of": count_list_entries(reading.db, PagedList.TEAMS),
        **paging.page_links("/teams", shown),
    }


def _challenge(reading: Reading) -> Answer:
    """The race of this month, which anybody wins anew each month, and who won the last one."""
    month = Month(year=reading.now.year, month=reading.now.month)
    ranking, before = _race(reading, month), _race(reading, month.before)
    return {
        "month": f"{month.begins:%B %Y}",
        "ends": month.after.begins.isoformat(),
        "rows": ranking[: account_limits.TEAMS_RACING],
        "last": {"month": f"{month.before.begins:%B %Y}", "winner": before[0]} if before else None,
    }


def _race(reading: Reading, month: Month) -> list[Answer]:
    race = reading.memo.get_or_create(("race", month), lambda: TeamRace(month=month))
    rows = []
    for number, amount in race.ranking(reading.db)[: account_limits.TEAMS_RACING]:
        team = teams.find_team(reading.db, number)
        if team is not None and amount > 0:
            rows.append({"number": number, "name": team.name, "credit": amount / THOUSANDTHS})
    return rows


@page_at(f"/teams/{NUMBER}", "team.html")
def team_page(reading: Reading, number: int) -> Answer:
    """One team and its volunteers."""
    stored: Team = require_stored(teams.find_team(reading.db, number), reading, "team", number)
    shown, read = paging.read_list_page(reading, PagedList.MEMBERS, number), _read(reading, stored)
    balance = ledger.find_balance(reading.db, ledger.TEAM, number)
    return {
        "team": _team(reading, stored)
        | describe_balance(balance, reading.now)
        | {
            "website": website_link(read.website),
            "about": read.about,
            "unheard": "" if read == stored else judge_visibility(None).reason,
            "rank": find_credit_rank(reading.db, ledger.TEAM, balance.total) if balance else None,
            "volunteers": describe_volunteer_rows(reading, shown.ids),
            **paging.page_links(f"/teams/{number}", shown),
        }
    }


def _team(reading: Reading, team: Team) -> Answer:
    founder = accounts.find_account(reading.db, team.founder_id)
    return {
        "number": team.id,
        "name": team.name,
        "country": _read(reading, team).country,
        "founder": {"number": team.founder_id, "name": founder[0].name} if founder else None,
        "since": team.created_at.isoformat(),
        "volunteer_count": teams.count_team_members(reading.db, team.id),
    }


def _read(reading: Reading, team: Team) -> Team:
    return hide_team_profile(team, ledger.find_balance(reading.db, ledger.VOLUNTEER, team.founder_id))
