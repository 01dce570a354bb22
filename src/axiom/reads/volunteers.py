"""Volunteers and teams: who they are, what they have, and what their computers were good for."""

from collections.abc import Collection, Sequence
from dataclasses import asdict
from urllib.parse import urlsplit

from axiom.domain.credit import Balance, TimeSaid
from axiom.domain.fleet import Team, Volunteer
from axiom.domain.registrations import read_body
from axiom.laboratory.credit.rules.prices import Counted, price
from axiom.limits import accounts as account_limits
from axiom.limits import tasks as task_limits
from axiom.reads import hosts as host_pages
from axiom.reads.base import paging
from axiom.reads.base.page import NUMBER, shown_at
from axiom.reads.base.request import Answer, Reading, must
from axiom.reads.leaderboards import THOUSANDTHS, credited
from axiom.reads.maps import recent_tiles
from axiom.rules.accounts.badges import Contribution, stamps
from axiom.rules.accounts.profile_visibility import as_shown, heard
from axiom.signed.manifests import stored_manifest
from axiom.store.accounts import accounts, teams
from axiom.store.credit import ledger, tariffs
from axiom.store.experiments import experiments
from axiom.store.registrations import registrations
from axiom.store.views import findings, hosts
from axiom.store.views.contributions import SupportShare
from axiom.store.views.daily_totals import VolunteerTotals, by_week, in_hand
from axiom.store.views.hosts import List
from axiom.store.views.team_race import Month, TeamRace

_MOST_HOSTS = 10_000  # of a volunteer, that are looked through for findings
_MOST_ADDRESS = 200
_HOUR = 3_600.0


@shown_at("/volunteers", "volunteers.html", words="after before")
def volunteers(reading: Reading) -> Answer:
    """The volunteers that the address asks for, by number."""
    shown = paging.part(reading, List.VOLUNTEERS)
    return {
        "volunteers": _rows(reading, shown.ids),
        "of": hosts.amount(reading.db, List.VOLUNTEERS),
        **paging.around("/volunteers", shown),
    }


@shown_at(f"/volunteers/{NUMBER}", "volunteer.html", words="findings", is_translated=True)
def volunteer(reading: Reading, number: int) -> Answer:
    """One volunteer: credit, team, hosts where they are shown, and the findings that they support."""
    stored, account = must(accounts.by_id(reading.db, number), reading, "volunteer", number)
    (row,) = _rows(reading, [number])
    all_hosts = hosts.part(reading.db, List.HOSTS_OF, limit=_MOST_HOSTS, whose=number).ids
    shown = paging.part(reading, List.HOSTS_OF, number) if account.shows_hosts else None
    balance = ledger.balance(reading.db, ledger.VOLUNTEER, number)
    shares = reading.support.of_hosts(reading.db, all_hosts)
    return {
        "volunteer": row
        | did(reading, stored, all_hosts, shares)
        | {
            # A tile leads to its task and so to its host.
            "tiles": recent_tiles.drawn_by(reading, all_hosts) if account.shows_hosts else [],
            "website": address_of(stored.website) if heard(balance).may else None,
            "unheard": _unheard(balance, stored.country, stored.website),
            "rank": hosts.rank(reading.db, ledger.VOLUNTEER, balance.total) if balance else None,
            "carried": [
                {
                    "source": credit.source,
                    "credit": credit.amount / THOUSANDTHS,
                    "because": credit.because,
                    "at": credit.at.isoformat(),
                }
                for credit in hosts.carried(reading.db, number)
            ],
            **host_pages.supported(reading, shares, f"/volunteers/{number}"),
            "hosts": host_pages.of_numbers(reading, shown.ids) if shown else None,
            **(paging.around(f"/volunteers/{number}", shown) if shown else {"previous": None, "next": None}),
        }
    }


def did(reading: Reading, volunteer: Volunteer, host_ids: Sequence[int], shares: Collection[SupportShare]) -> Answer:
    """What a volunteer's computers have in hand, and what they have done so far."""
    earned = reading.memo.get_or_create(("earned", volunteer.id), lambda: VolunteerTotals(volunteer_id=volunteer.id))
    record = earned.record(reading.db)
    answers = {share.finding for share in shares}
    against = reading.memo.get_or_create(
        "against", lambda: findings.against_their_claims(reading.db), version=findings.newest_line(reading.db)
    )
    done = Contribution(
        valid=record.valid,
        hours=record.cpu_seconds / _HOUR,
        answers=len(answers),
        changed=len(answers & against),
        since=volunteer.created_at,
    )
    return {
        "now": _now(reading, host_ids),
        "jobs": record.valid,
        "core_seconds": round(record.cpu_seconds, 1),
        "first_at": record.first_at.isoformat() if record.first_at else None,
        "stamps": [asdict(stamp) for stamp in stamps(done, reading.now)],
        "weeks": [
            {"begins": monday.isoformat(), "credit": amount / THOUSANDTHS}
            for monday, amount in by_week(record.credit, reading.now, account_limits.WEEKS_OF_HISTORY)
        ],
    }


@shown_at(f"/volunteers/{NUMBER}/certificate", "certificate.html", is_translated=True)
def certificate(reading: Reading, number: int) -> Answer:
    """What a volunteer's computers have done, on a page to print."""
    made = volunteer(reading, number)["volunteer"]
    return {"certificate": made | {"laboratory": reading.name, "now": reading.now.isoformat()}}


def _now(reading: Reading, host_ids: Sequence[int]) -> list[Answer]:
    """By question what was given to these computers and is not back, and about how much credit it will bring.

    Nobody tells the laboratory that a computer was switched off or detached: when it was heard from last may.
    """
    begun = tariffs.begun(reading.db, reading.now)
    rows: dict[int, Answer] = {}
    for task in in_hand(reading.db, host_ids, task_limits.IN_HAND_SHOWN):
        stored = experiments.by_id(reading.db, task.experiment_id)
        if stored is None:
            continue
        manifest = stored_manifest(stored.manifest)
        registration = registrations.registration(reading.db, task.registration_id)
        per_replicate = read_body(registration.body).design.seconds_of(task.configs) if registration else 0.0
        seconds = task.replicates * per_replicate
        row = rows.setdefault(
            task.experiment_id,
            {
                "experiment": stored.name,
                "version": stored.version,
                "question": manifest.question,
                "jobs": 0,
                "runs": 0,
                "since": task.sent_at.isoformat(),
                "deadline": task.deadline.isoformat(),
                "heard_at": task.heard_at.isoformat(),
                "credit": 0.0 if begun else None,
            },
        )
        row["jobs"] += 1
        row["runs"] += task.replicates * len(task.configs)
        row["deadline"] = min(row["deadline"], task.deadline.isoformat())
        row["heard_at"] = max(row["heard_at"], task.heard_at.isoformat())
        if row["credit"] is not None:
            tariff = tariffs.in_force(begun, task.sent_at).tariff
            time = TimeSaid(cpu_seconds=seconds, elapsed_seconds=seconds)
            earned = price(tariff, Counted(seconds=seconds), time).amount / THOUSANDTHS
            row["credit"] = None if tariff.by_clock else row["credit"] + earned
    return list(rows.values())


@shown_at("/teams", "teams.html", words="after before")
def listed_teams(reading: Reading) -> Answer:
    """The teams that the address asks for, by number."""
    shown = paging.part(reading, List.TEAMS)
    listed = [team for number in shown.ids if (team := teams.by_id(reading.db, number)) is not None]
    balances = ledger.balances(reading.db, ledger.TEAM, list(shown.ids))
    return {
        "teams": [_team(reading, team) | credited(balances.get(team.id), reading.now) for team in listed],
        "challenge": _challenge(reading),
        "of": hosts.amount(reading.db, List.TEAMS),
        **paging.around("/teams", shown),
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
        team = teams.by_id(reading.db, number)
        if team is not None and amount > 0:
            rows.append({"number": number, "name": team.name, "credit": amount / THOUSANDTHS})
    return rows


@shown_at(f"/teams/{NUMBER}", "team.html")
def team(reading: Reading, number: int) -> Answer:
    """One team and its volunteers."""
    stored: Team = must(teams.by_id(reading.db, number), reading, "team", number)
    shown, read = paging.part(reading, List.MEMBERS, number), _read(reading, stored)
    balance = ledger.balance(reading.db, ledger.TEAM, number)
    return {
        "team": _team(reading, stored)
        | credited(balance, reading.now)
        | {
            "website": address_of(read.website),
            "about": read.about,
            "unheard": "" if read == stored else heard(None).reason,
            "rank": hosts.rank(reading.db, ledger.TEAM, balance.total) if balance else None,
            "volunteers": _rows(reading, shown.ids),
            **paging.around(f"/teams/{number}", shown),
        }
    }


def address_of(website: str) -> Answer | None:
    """A website that a volunteer gave: what it says, and where it leads if that is a place in the web."""
    if not website:
        return None
    try:
        parts = urlsplit(website)
    except ValueError:
        return {"text": website[:_MOST_ADDRESS], "href": None}
    is_web = parts.scheme in {"http", "https"} and bool(parts.hostname) and "@" not in parts.netloc
    return {"text": website[:_MOST_ADDRESS], "href": website if is_web and len(website) <= _MOST_ADDRESS else None}


def _rows(reading: Reading, numbers: Sequence[int]) -> list[Answer]:
    balances = ledger.balances(reading.db, ledger.VOLUNTEER, list(numbers))
    rows = []
    for number in numbers:
        owner = accounts.by_id(reading.db, number)
        if owner is not None:
            volunteer, account = owner
            amount = hosts.amount(reading.db, List.HOSTS_OF, number) if account.shows_hosts else None
            country = volunteer.country if heard(balances.get(number)).may else ""
            row = _volunteer(reading, volunteer) | {"country": country, "host_count": amount}
            rows.append(row | credited(balances.get(number), reading.now))
    return rows


def _volunteer(reading: Reading, volunteer: Volunteer) -> Answer:
    team = teams.by_id(reading.db, volunteer.team_id) if volunteer.team_id is not None else None
    return {
        "number": volunteer.id,
        "name": volunteer.name,
        "is_simulated": volunteer.is_simulated,
        "team": {"number": team.id, "name": team.name} if team else None,
        "since": volunteer.created_at.isoformat(),
    }


def _team(reading: Reading, team: Team) -> Answer:
    founder = accounts.by_id(reading.db, team.founder_id)
    return {
        "number": team.id,
        "name": team.name,
        "country": _read(reading, team).country,
        "founder": {"number": team.founder_id, "name": founder[0].name} if founder else None,
        "since": team.created_at.isoformat(),
        "volunteer_count": teams.members(reading.db, team.id),
    }


def _read(reading: Reading, team: Team) -> Team:
    return as_shown(team, ledger.balance(reading.db, ledger.VOLUNTEER, team.founder_id))


def _unheard(balance: Balance | None, *texts: str) -> str:
    """Why something that was said is not shown; nothing where nothing was said."""
    hearing = heard(balance)
    return hearing.reason if any(texts) and not hearing.may else ""
