"""The ledger as pages show it: sums by day, tier and reason from the daybook, and what one session settled."""

from collections import Counter
from dataclasses import dataclass, field

from axiom.store.engine.database import Database, as_value

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
