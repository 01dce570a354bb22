"""Credit as pages show it, and who has most of it."""

import heapq
from collections.abc import Callable, Sequence
from datetime import datetime

from axiom.domain.credit import Balance
from axiom.limits import credit as limits
from axiom.reads.base import paging
from axiom.reads.base.page_addresses import page_at
from axiom.reads.base.request import Answer, Reading
from axiom.reads.experiments.experiments import require_experiment
from axiom.rules.credit.recent_average import RecentAverage, fade_average
from axiom.store.accounts import accounts, teams
from axiom.store.credit import ledger
from axiom.store.engine.database import from_microseconds
from axiom.store.experiments import experiments
from axiom.store.hosts import hosts as host_store
from axiom.store.views.credit import list_recent_balances
from axiom.store.views.volunteer_totals import ExperimentCredit

THOUSANDTHS = 1_000
_BY = ("total", "recent")


def describe_balance(balance: Balance | None, now: datetime) -> Answer:
    """What somebody has in all, and a day of late as that stands now, in the units that are shown."""
    if balance is None:
        return {"credit": 0.0, "recent_credit": 0.0}
    return {"credit": balance.total / THOUSANDTHS, "recent_credit": round(_recent(balance, now), 3)}


@page_at("/leaderboards", "leaderboards.html", words="of by experiment from")
def leaderboards_page(reading: Reading) -> Answer:
    """The volunteers, teams or hosts with the most credit, in all or of late, or for an experiment, as is asked."""
    of, by = reading.query.get("of", ""), reading.query.get("by", "")
    of, by = of if of in _OF else "volunteers", by if by in _BY else "total"
    holder, describe = _OF[of]
    names = sorted({version.name for version in experiments.list_experiment_versions(reading.db)})
    if wanted := reading.query.get("experiment", ""):
        return {"leaderboards": {"of": of, "names": names, **_of_experiment(reading, of, wanted)}}
    best = _best(reading, holder, by, limits.RANKED if reading.whole("from") else paging.LENGTH + 1)
    page = paging.paginate_ids(reading, "from", [number for number, _ in best])
    return {
        "leaderboards": {
            "of": of,
            "by": by,
            "experiment": None,
            "names": names,
            **page.around(f"/leaderboards?of={of}&by={by}&from="),
            "most": limits.RANKED,
            "rows": [
                {"rank": rank, "number": number} | describe(reading, number) | describe_balance(balance, reading.now)
                for rank, number, balance in _placed(reading, best, by)[page.first : page.first + page.length]
            ],
        }
    }


def _of_experiment(reading: Reading, of: str, wanted: str) -> Answer:
    holder, describe = _OF[of]
    name = require_experiment(reading, wanted).name
    versions = tuple(version.id for version in experiments.list_experiment_versions(reading.db) if version.name == name)
    counted = reading.memo.get_or_create(("credit with", versions), lambda: ExperimentCredit(versions))
    best = counted.most(reading.db, holder, limits.RANKED if reading.whole("from") else paging.LENGTH + 1)
    page = paging.paginate_ids(reading, "from", [number for number, _ in best])
    first = {total: rank for rank, (_, total) in reversed(list(enumerate(best, start=1)))}
    return {
        "by": "total",
        "experiment": name,
        **page.around(f"/leaderboards?experiment={name}&of={of}&from="),
        "most": limits.RANKED,
        "rows": [
            {"rank": first[total], "number": number, **describe(reading, number), "credit": total / THOUSANDTHS}
            for number, total in best[page.first : page.first + page.length]
        ],
    }


def _best(reading: Reading, holder: str, by: str, amount: int) -> Sequence[tuple[int, Balance]]:
    """Those with the most, most first; whoever has nothing has no place."""
    if by == "total":
        best = ledger.list_top_balances(reading.db, holder, amount)
    else:
        lately = list_recent_balances(reading.db, holder, reading.now - limits.RANKED_BY)
        best = heapq.nlargest(amount, lately, key=lambda pair: _recent(pair[1], reading.now))
    return [pair for pair in best if _value(reading, pair[1], by) > 0]


def _placed(reading: Reading, best: Sequence[tuple[int, Balance]], by: str) -> list[tuple[int, int, Balance]]:
    """Everybody with a rank; who has the same has the same."""
    placed: list[tuple[int, int, Balance]] = []
    for place, (number, balance) in enumerate(best, start=1):
        is_same = bool(placed) and _value(reading, placed[-1][2], by) == _value(reading, balance, by)
        placed.append((placed[-1][0] if is_same else place, number, balance))
    return placed


def _value(reading: Reading, balance: Balance, by: str) -> float:
    return balance.total if by == "total" else round(_recent(balance, reading.now), 3)


def _recent(balance: Balance, now: datetime) -> float:
    return fade_average(RecentAverage(value=balance.recent, at=from_microseconds(balance.recent_at)), now)


def _volunteer(reading: Reading, number: int) -> Answer:
    holder = accounts.find_account(reading.db, number)
    team = teams.find_team(reading.db, holder[0].team_id) if holder and holder[0].team_id else None
    return {
        "name": holder[0].name if holder else f"volunteer {number}",
        "team": {"number": team.id, "name": team.name} if team else None,
    }


def _team(reading: Reading, number: int) -> Answer:
    team = teams.find_team(reading.db, number)
    return {"name": team.name if team else f"team {number}"}


def _host(reading: Reading, number: int) -> Answer:
    host = host_store.find_host(reading.db, number)
    return {
        "name": f"host {number}",
        "platform": str(host.platform) if host else "",
        "cores": host.capacity.cores if host else 0,
    }


_OF: dict[str, tuple[str, Callable[[Reading, int], Answer]]] = {
    "volunteers": (ledger.VOLUNTEER, _volunteer),
    "teams": (ledger.TEAM, _team),
    "hosts": (ledger.HOST, _host),
}
