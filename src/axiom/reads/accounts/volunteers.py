"""Volunteers: who they are, what they have, and what their computers were good for."""

from collections.abc import Collection, Sequence
from dataclasses import asdict
from urllib.parse import urlsplit

from axiom.domain.credit import Balance, ReportedTime
from axiom.domain.fleet import Volunteer
from axiom.domain.registrations import read_registration_body
from axiom.laboratory.credit.rules.prices import PaidSeconds, price_task
from axiom.limits import accounts as account_limits
from axiom.limits import tasks as task_limits
from axiom.reads import hosts as host_pages
from axiom.reads.base import paging
from axiom.reads.base.page_addresses import NUMBER, page_at
from axiom.reads.base.request import Answer, Reading, require_stored
from axiom.reads.leaderboards import THOUSANDTHS, describe_balance
from axiom.reads.maps import recent_tiles
from axiom.rules.accounts.earned_stamps import list_stamps, sum_contribution
from axiom.rules.accounts.profile_visibility import judge_visibility
from axiom.signed.manifests import stored_manifest
from axiom.store.accounts import accounts, teams
from axiom.store.credit import ledger, tariffs
from axiom.store.experiments import experiments
from axiom.store.registrations import registrations
from axiom.store.views import findings
from axiom.store.views.contributions import SupportShare
from axiom.store.views.credit import find_credit_rank, list_carried_credit
from axiom.store.views.paged_lists import PagedList, count_list_entries, read_list_part
from axiom.store.views.volunteer_totals import VolunteerTotals, list_unfinished_tasks, sum_credit_by_week

_MOST_HOSTS = 10_000  # of a volunteer, that are looked through for findings
_MOST_ADDRESS = 200
_DAY = 86_400  # seconds


@page_at("/volunteers", "volunteers.html", words="after before")
def volunteers_page(reading: Reading) -> Answer:
    """The volunteers that the address asks for, by number."""
    shown = paging.read_list_page(reading, PagedList.VOLUNTEERS)
    return {
        "volunteers": describe_volunteer_rows(reading, shown.ids),
        "of": count_list_entries(reading.db, PagedList.VOLUNTEERS),
        **paging.page_links("/volunteers", shown),
    }


@page_at(f"/volunteers/{NUMBER}", "volunteer.html", words="findings", is_translated=True)
def volunteer_page(reading: Reading, number: int) -> Answer:
    """One volunteer: credit, team, hosts where they are shown, and the findings that they support."""
    stored, account = require_stored(accounts.find_account(reading.db, number), reading, "volunteer", number)
    (row,) = describe_volunteer_rows(reading, [number])
    all_hosts = read_list_part(reading.db, PagedList.HOSTS_OF, limit=_MOST_HOSTS, whose=number).ids
    shown = paging.read_list_page(reading, PagedList.HOSTS_OF, number) if account.shows_hosts else None
    balance = ledger.find_balance(reading.db, ledger.VOLUNTEER, number)
    shares = reading.support.of_hosts(reading.db, all_hosts)
    return {
        "volunteer": row
        | describe_contribution(reading, stored, all_hosts, shares)
        | {
            # A tile leads to its task and so to its host.
            "tiles": recent_tiles.list_tiles_by_hosts(reading, all_hosts) if account.shows_hosts else [],
            "website": website_link(stored.website) if judge_visibility(balance).may else None,
            "unheard": _unheard(balance, stored.country, stored.website),
            "rank": find_credit_rank(reading.db, ledger.VOLUNTEER, balance.total) if balance else None,
            "carried": [
                {
                    "source": credit.source,
                    "credit": credit.amount / THOUSANDTHS,
                    "because": credit.because,
                    "at": credit.at.isoformat(),
                }
                for credit in list_carried_credit(reading.db, number)
            ],
            **host_pages.list_supported_findings(reading, shares, f"/volunteers/{number}"),
            "hosts": host_pages.describe_hosts(reading, shown.ids) if shown else None,
            **(paging.page_links(f"/volunteers/{number}", shown) if shown else {"previous": None, "next": None}),
        }
    }


def describe_contribution(
    reading: Reading, volunteer: Volunteer, host_ids: Sequence[int], shares: Collection[SupportShare]
) -> Answer:
    """What a volunteer's computers have in hand, and what they have done so far."""
    earned = reading.memo.get_or_create(("earned", volunteer.id), lambda: VolunteerTotals(volunteer_id=volunteer.id))
    record = earned.record(reading.db)
    answers = {share.finding for share in shares}
    against = reading.memo.get_or_create(
        "against",
        lambda: findings.list_contrary_findings(reading.db),
        version=findings.find_newest_evidence_id(reading.db),
    )
    done = sum_contribution(
        valid=record.valid,
        cpu_seconds=record.cpu_seconds,
        answers=answers,
        against=against,
        since=volunteer.created_at,
    )
    return {
        "now": _now(reading, host_ids),
        "jobs": record.valid,
        "core_seconds": round(record.cpu_seconds, 1),
        "first_at": record.first_at.isoformat() if record.first_at else None,
        "goal": _goal(reading, answers, record.worked),
        "stamps": [asdict(stamp) for stamp in list_stamps(done, reading.now)],
        "weeks": [
            {"begins": monday.isoformat(), "credit": amount / THOUSANDTHS}
            for monday, amount in sum_credit_by_week(record.credit, reading.now, account_limits.WEEKS_OF_HISTORY)
        ],
    }


def _goal(reading: Reading, supported: Collection[int], worked: Collection[int]) -> Answer:
    """How near they are to what a volunteer may aim at. Both are counted from the record, and a break takes nothing."""
    weighed_at = reading.memo.get_or_create(
        "weighed at",
        lambda: {brief.number: brief.weighed_at for brief in findings.list_finding_briefs(reading.db)},
        version=findings.find_newest_evidence_id(reading.db),
    )
    since, today = reading.now - account_limits.FINDING_COUNTS_FOR, int(reading.now.timestamp() // _DAY)
    return {
        "findings": sum((weighed_at.get(number) or since) > since for number in supported),
        "findings_aimed_at": account_limits.FINDINGS_AIMED_AT,
        "days": sum(today - account_limits.DAYS_LOOKED_BACK < day <= today for day in worked),
        "days_looked_back": account_limits.DAYS_LOOKED_BACK,
    }


def _now(reading: Reading, host_ids: Sequence[int]) -> list[Answer]:
    """By question what was given to these computers and is not back, and about how much credit it will bring.

    Nobody tells the laboratory that a computer was switched off or detached: when it was heard from last may.
    """
    begun = tariffs.list_begun_tariffs(reading.db, reading.now)
    rows: dict[int, Answer] = {}
    for task in list_unfinished_tasks(reading.db, host_ids, task_limits.IN_HAND_SHOWN):
        stored = experiments.find_experiment(reading.db, task.experiment_id)
        if stored is None:
            continue
        manifest = stored_manifest(stored.manifest)
        registration = registrations.find_registration(reading.db, task.registration_id)
        per_replicate = (
            read_registration_body(registration.body).design.seconds_of(task.configs) if registration else 0.0
        )
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
            tariff = tariffs.choose_tariff(begun, task.sent_at).tariff
            time = ReportedTime(cpu_seconds=seconds, elapsed_seconds=seconds)
            earned = price_task(tariff, PaidSeconds(seconds=seconds), time).amount / THOUSANDTHS
            row["credit"] = None if tariff.by_clock else row["credit"] + earned
    return list(rows.values())


def website_link(website: str) -> Answer | None:
    """A website that a volunteer gave: what it says, and where it leads if that is a place in the web."""
    if not website:
        return None
    try:
        parts = urlsplit(website)
    except ValueError:
        return {"text": website[:_MOST_ADDRESS], "href": None}
    is_web = parts.scheme in {"http", "https"} and bool(parts.hostname) and "@" not in parts.netloc
    return {"text": website[:_MOST_ADDRESS], "href": website if is_web and len(website) <= _MOST_ADDRESS else None}


def describe_volunteer_rows(reading: Reading, numbers: Sequence[int]) -> list[Answer]:
    balances = ledger.find_balances(reading.db, ledger.VOLUNTEER, list(numbers))
    rows = []
    for number in numbers:
        owner = accounts.find_account(reading.db, number)
        if owner is not None:
            volunteer, account = owner
            amount = count_list_entries(reading.db, PagedList.HOSTS_OF, number) if account.shows_hosts else None
            country = volunteer.country if judge_visibility(balances.get(number)).may else ""
            row = _volunteer(reading, volunteer) | {"country": country, "host_count": amount}
            rows.append(row | describe_balance(balances.get(number), reading.now))
    return rows


def _volunteer(reading: Reading, volunteer: Volunteer) -> Answer:
    team = teams.find_team(reading.db, volunteer.team_id) if volunteer.team_id is not None else None
    return {
        "number": volunteer.id,
        "name": volunteer.name,
        "is_simulated": volunteer.is_simulated,
        "team": {"number": team.id, "name": team.name} if team else None,
        "since": volunteer.created_at.isoformat(),
    }


def _unheard(balance: Balance | None, *texts: str) -> str:
    """Why something that was said is not shown; nothing where nothing was said."""
    hearing = judge_visibility(balance)
    return hearing.reason if any(texts) and not hearing.may else ""
