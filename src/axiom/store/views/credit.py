"""Credit as pages show it: sums from the daybook, what a session settled, ranks, and what was carried over."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from axiom.domain.credit import Balance
from axiom.store.engine.database import Database, as_value, from_microseconds, to_microseconds

_TIERS = """
SELECT d.tariff_id, t.name, t.version, d.reason, d.tier, sum(d.awards) AS awards, sum(d.amount) AS amount
FROM daybook d JOIN tariff t ON t.id = d.tariff_id
GROUP BY d.tariff_id, t.name, t.version, d.reason, d.tier ORDER BY d.tariff_id, d.reason, d.tier
"""
_DAYS = "SELECT day, sum(awards) AS awards, sum(amount) AS amount FROM daybook GROUP BY day ORDER BY day"
# One look at the entries gives every sum, so that they cannot differ.
_BETWEEN = """
SELECT a.volunteer_id, a.host_id, a.team_id, a.reason, a.tier, count(*) AS awards, sum(e.amount) AS amount
FROM award a CROSS JOIN entry e ON e.award_id = a.id AND e.account <> 'laboratory'
WHERE a.id > :after AND a.id <= :until
GROUP BY a.volunteer_id, a.host_id, a.team_id, a.reason, a.tier
"""
_LATELY = "SELECT holder_id, total, recent, recent_at FROM balance WHERE holder = :holder AND recent_at >= :since"
_LARGER = "SELECT count(*) AS amount FROM balance WHERE holder = :holder AND total > :total"
_LARGER_PLAYED = {
    "volunteer": """
SELECT count(*) AS amount FROM balance b JOIN volunteer v ON v.id = b.holder_id
WHERE b.holder = 'volunteer' AND b.total > :total AND v.is_simulated = 1
""",
    "host": """
SELECT count(*) AS amount FROM balance b JOIN host h ON h.id = b.holder_id
WHERE b.holder = 'host' AND b.total > :total AND h.is_simulated = 1
""",
}
_SIMULATED = {
    "volunteer": "SELECT id FROM volunteer WHERE is_simulated = 1 AND id > 0",
    "host": "SELECT id FROM host WHERE is_simulated = 1 AND id > 0",
}
_CARRIED = """
SELECT source, amount, because, created_at FROM carried WHERE holder = 'volunteer' AND holder_id = :volunteer_id
ORDER BY source
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class CreditLine:
    tariff: str
    version: int
    reason: str
    tier: str
    awards: int
    amount: int


@dataclass(frozen=True, kw_only=True, slots=True)
class CreditDay:
    day: int
    awards: int
    amount: int


@dataclass(kw_only=True)
class CreditTotals:
    awards: int = 0
    amount: int = 0
    by_tier: Counter[str] = field(default_factory=Counter)
    awards_by_tier: Counter[str] = field(default_factory=Counter)
    by_reason: Counter[str] = field(default_factory=Counter)
    by_volunteer: Counter[int] = field(default_factory=Counter)
    by_host: Counter[int] = field(default_factory=Counter)
    by_team: Counter[int] = field(default_factory=Counter)  # 0 is no team


@dataclass(frozen=True, kw_only=True, slots=True)
class CarriedCredit:
    source: str
    amount: int
    because: str
    at: datetime


def list_credit_lines(db: Database) -> list[CreditLine]:
    return [as_value(CreditLine, row, tariff=row["name"]) for row in db.select(_TIERS)]


def list_credit_days(db: Database) -> list[CreditDay]:
    return db.values(CreditDay, _DAYS)


def sum_awards_between(db: Database, after: int, until: int) -> CreditTotals:
    totals = CreditTotals()
    for row in db.select(_BETWEEN, after=after, until=until):
        totals.awards += row["awards"]
        totals.amount += row["amount"]
        totals.by_tier[row["tier"]] += row["amount"]
        totals.awards_by_tier[row["tier"]] += row["awards"]
        totals.by_reason[row["reason"]] += row["amount"]
        totals.by_volunteer[row["volunteer_id"]] += row["amount"]
        totals.by_host[row["host_id"]] += row["amount"]
        totals.by_team[row["team_id"] or 0] += row["amount"]
    return totals


def sum_carried_credit(db: Database) -> int:
    return db.number("SELECT coalesce(sum(amount), 0) AS amount FROM carried WHERE holder = 'volunteer'")


def list_recent_balances(db: Database, holder: str, moment_: datetime) -> list[tuple[int, Balance]]:
    """What all volunteers, hosts or teams have whose recent average has changed since then, in no order.

    Whoever only plays a part is in no ranking.
    """
    played = {row["id"] for row in db.select(_SIMULATED[holder])} if holder in _SIMULATED else set()
    return [
        (row["holder_id"], as_value(Balance, row))
        for row in db.select(_LATELY, holder=holder, since=to_microseconds(moment_))
        if row["holder_id"] not in played
    ]


def find_credit_rank(db: Database, holder: str, total: int) -> int:
    larger = db.number(_LARGER, holder=holder, total=total)
    played = db.number(_LARGER_PLAYED[holder], total=total) if larger and holder in _LARGER_PLAYED else 0
    return 1 + larger - played


def list_carried_credit(db: Database, volunteer_id: int) -> list[CarriedCredit]:
    return [
        as_value(CarriedCredit, row, at=from_microseconds(row["created_at"]))
        for row in db.select(_CARRIED, volunteer_id=volunteer_id)
    ]
