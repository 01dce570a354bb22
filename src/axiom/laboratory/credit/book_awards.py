"""Books awards, and keeps the recent averages of all who have a share of them."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from axiom.domain.credit import Award, Balance
from axiom.rules.credit.recent_average import RecentAverage, add_to_average
from axiom.store.credit import ledger
from axiom.store.engine.database import Database, from_microseconds

SLICE = 500
_THOUSANDTHS = 1_000


def pay_awards(db: Database, awards: Sequence[Award], *, tariff_id: int, now: datetime, is_capped: bool = True) -> None:
    """Book awards, and let the recent averages of all who have a share follow. What is taken back was not of late."""
    balances = {
        holder: ledger.find_balances(db, holder, list(amounts))
        for holder, amounts in ledger.sum_awards_by_holder(awards).items()
    }
    ledger.book_awards(db, awards, tariff_id=tariff_id, now=now, is_capped=is_capped)
    for holder, amounts in ledger.sum_awards_by_holder([award for award in awards if award.amount >= 0]).items():
        ledger.store_recent_credit(db, holder, _recent(db, holder, amounts, balances[holder], now))


def _recent(
    db: Database, holder: str, amounts: Mapping[int, int], balances: Mapping[int, Balance], now: datetime
) -> dict[int, tuple[float, datetime]]:
    new = [holder_id for holder_id in amounts if holder_id not in balances]
    began = ledger.read_holder_start_times(db, holder, new) if new else {}
    by_holder = {}
    for holder_id, amount in amounts.items():
        before = balances.get(holder_id)
        earlier = RecentAverage(value=before.recent, at=from_microseconds(before.recent_at)) if before else None
        recent = add_to_average(earlier, amount / _THOUSANDTHS, began=began.get(holder_id, now), now=now)
        by_holder[holder_id] = (recent.value, recent.at)
    return by_holder
