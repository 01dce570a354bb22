"""The ledger as everybody may read it: credit by tier and reason, every tariff, what waits, what sessions settled."""

from collections.abc import Sequence
from typing import Any

from axiom.domain.credit import Tariff
from axiom.errors import NotFound
from axiom.laboratory.credit.rules.tariffs import REMARKS
from axiom.limits import credit as limits
from axiom.reads import figures
from axiom.reads.base.page_addresses import page_at
from axiom.reads.base.request import Answer, Reading
from axiom.store.credit import ledger, settlements, tariffs
from axiom.store.engine.database import from_microseconds
from axiom.store.rounds import rounds
from axiom.store.views import credit
from axiom.store.views.credit import CreditDay, CreditTotals

_THOUSANDTHS = 1_000
HEADINGS = ("day", "awards", "credit", "credit in all")


@page_at("/ledger", "ledger.html")
def ledger_page(reading: Reading) -> Answer:
    """Everything that was awarded here and how it came about."""
    db = reading.db
    return {
        "ledger": {
            "credit": ledger.sum_awarded_credit(db) / _THOUSANDTHS,
            "carried": credit.sum_carried_credit(db) / _THOUSANDTHS,
            "lines": [
                {
                    "tariff": line.tariff,
                    "version": line.version,
                    "reason": line.reason,
                    "tier": line.tier,
                    "awards": line.awards,
                    "credit": line.amount / _THOUSANDTHS,
                }
                for line in credit.list_credit_lines(db)
            ],
            "waiting": ledger.count_unpaid_tasks(db),
            "tariffs": describe_tariffs(reading),
            "sessions": _settled(reading),
            "figure": credit_figure(reading),
        }
    }


def credit_figure(reading: Reading) -> Answer:
    return figures.figure_with_table(
        reading, "ledger/credit", HEADINGS, credit_history(credit.list_credit_days(reading.db)), is_course=True
    )


def credit_history(days: Sequence[CreditDay]) -> list[tuple[str, int, float, float]]:
    """Each day with awards: how many, how much, and how much in all by then."""
    rows, total = [], 0
    for day in days:
        total += day.amount
        date = f"{from_microseconds(day.day * ledger.DAY):%Y-%m-%d}"
        rows.append((date, day.awards, day.amount / _THOUSANDTHS, total / _THOUSANDTHS))
    return rows


def describe_tariffs(reading: Reading) -> list[Answer]:
    """Every tariff by which credit is, was or will be computed, the newest first."""
    every, begun = tariffs.list_tariffs(reading.db), len(tariffs.list_begun_tariffs(reading.db, reading.now))
    states = ["held"] * (begun - 1) + ["holds"] * bool(begun) + ["will hold"] * (len(every) - begun)
    return [
        {
            "number": dated.id,
            "state": state,
            "valid_from": dated.valid_from.isoformat(),
            "announced_at": dated.announced_at and dated.announced_at.isoformat(),
            "because": dated.because,
            **describe_tariff(dated.tariff),
        }
        for state, dated in reversed([*zip(states, every, strict=True)])
    ]


def describe_tariff(tariff: Tariff) -> Answer:
    return {
        "name": tariff.name,
        "version": tariff.version,
        "per_hundred_core_seconds": tariff.per_core_second * 100 / _THOUSANDTHS,
        "tiers": [{"from": tier.start, "to": tier.end, "credit": tier.amount / _THOUSANDTHS} for tier in tariff.tiers],
        "by_clock": tariff.by_clock,
        "gpu_bonus": tariff.gpu_bonus / _THOUSANDTHS,
        "failed": _amount_in_words(tariff.failed),
        "broken": _amount_in_words(tariff.broken),
        "session_cap": None if tariff.session_cap is None else tariff.session_cap / _THOUSANDTHS,
        "remark": REMARKS.get(tariff.name, ""),
    }


@page_at("/ledger/{name}", "settlement.html")
def settlement_page(reading: Reading, name: str) -> Answer:
    """What the rounds of one session settled, or one round, in each of the ways in which it adds up."""
    session, db = rounds.find_round_by_name(reading.db, name), reading.db
    settled = (
        settlements.list_round_settlements(db, rounds.find_last_round_before_session(db, session), session.id)
        if session
        else []
    )
    if not settled:
        raise NotFound(f"No session {name} has settled its credit. `axiom session list` shows which there are.")
    cap = settlements.join_caps([settlement.session_cap for settlement in settled])
    return {
        "settlement": {
            "session": name,
            "rounds": len(settled),
            "session_cap": None if cap is None else cap / _THOUSANDTHS,
            "counts_against_it": sum(settlement.capped for settlement in settled) / _THOUSANDTHS,
            **_sums(credit.sum_awards_between(db, settled[0].after_award, settled[-1].last_award)),
        }
    }


def _sums(totals: CreditTotals) -> Answer:
    """Credit by tier, reason, volunteer, host and team."""
    return {
        "awards": totals.awards,
        "credit": totals.amount / _THOUSANDTHS,
        "by_tier": [
            {"tier": tier, "awards": totals.awards_by_tier[tier], "credit": amount / _THOUSANDTHS}
            for tier, amount in sorted(totals.by_tier.items())
        ],
        "by_reason": _rows("reason", totals.by_reason),
        "by_volunteer": _rows("volunteer", totals.by_volunteer),
        "by_host": _rows("host", totals.by_host),
        "by_team": [row | {"team": row["team"] or None} for row in _rows("team", totals.by_team)],
    }


def _rows(noun: str, amounts: Any) -> list[Answer]:
    """Most credit first; of the same, in order."""
    ranked = sorted(amounts.items(), key=lambda pair: (-pair[1], pair[0]))
    return [{noun: key, "credit": amount / _THOUSANDTHS} for key, amount in ranked]


def _amount_in_words(amount: int | None) -> str:
    if amount is None:
        return "as if valid"
    return f"{amount / _THOUSANDTHS:g}" if amount else "nothing"


def _settled(reading: Reading) -> list[Answer]:
    return [
        {
            "session": name,
            "awards": settlement.awards,
            "credit": settlement.amount / _THOUSANDTHS,
            "session_cap": None if settlement.session_cap is None else settlement.session_cap / _THOUSANDTHS,
            "settled_at": settlement.settled_at.isoformat(),
        }
        for name, settlement in settlements.list_newest_settlements(reading.db, limits.SESSIONS_SHOWN)
    ]
