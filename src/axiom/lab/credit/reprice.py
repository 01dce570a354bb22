"""What would have been paid under another tariff? History is priced anew, and nothing is changed."""

from dataclasses import dataclass, field
from datetime import datetime

from axiom.domain.credit import Award, Tariff
from axiom.lab.credit.pay import Paying
from axiom.store.credit import ledger
from axiom.store.engine.database import Database
from axiom.store.views.credit import Totals

_SLICE = 1_000


@dataclass(kw_only=True)
class Repriced:
    """What history got, in thousandths, and what it would get."""

    was: int
    totals: Totals = field(default_factory=Totals)


def replay(db: Database, tariff: Tariff, now: datetime) -> Repriced:
    """Price every task that came back. A session's cap has no part in it: it delays, and takes nothing."""
    found, paying, after = Repriced(was=ledger.total(db)), Paying(), 0
    while tasks := ledger.ended(db, after, _SLICE):
        for task in tasks:
            award = paying.award(db, task, tariff, now)
            if award.amount or task.is_valid:  # failed work that gets nothing is no award
                _add(found.totals, award)
        after = tasks[-1].task_id
    return found


def _add(totals: Totals, award: Award) -> None:
    totals.awards += 1
    totals.amount += award.amount
    totals.by_tier[award.tier] += award.amount
    totals.awards_by_tier[award.tier] += 1
    totals.by_reason[award.reason] += award.amount
    totals.by_volunteer[award.volunteer_id] += award.amount
    totals.by_host[award.host_id] += award.amount
    totals.by_team[award.team_id or 0] += award.amount
