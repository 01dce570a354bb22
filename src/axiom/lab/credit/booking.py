"""Books awards: now where the session's cap has room, and as soon as it has again where it has none."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from axiom.decisions.credit.prices import fitting
from axiom.decisions.credit.recent_average import Recent, grown
from axiom.domain.credit import Award, Balance
from axiom.store.credit import ledger, settlements
from axiom.store.credit.settlements import Pending
from axiom.store.engine.database import Database, moment

SLICE = 500
_THOUSANDTHS = 1_000


def book(
    db: Database,
    awards: Sequence[Award],
    *,
    tariff_id: int,
    session_id: int | None,
    now: datetime,
    is_capped: bool = True,
) -> None:
    """Book awards, and let the recent averages of all who have a share follow. What is taken back was not of late."""
    there = {holder: ledger.balances(db, holder, list(amounts)) for holder, amounts in ledger.by_holder(awards).items()}
    ledger.award(db, awards, tariff_id=tariff_id, session_id=session_id, now=now, is_capped=is_capped)
    for holder, amounts in ledger.by_holder([award for award in awards if award.amount >= 0]).items():
        ledger.keep_recent(db, holder, _recent(db, holder, amounts, there[holder], now))


def release(db: Database, cap: int | None, *, session_id: int | None, now: datetime) -> tuple[int, bool]:
    """Book what waited and fits now, oldest first: how many, and whether some that fit another time still wait."""
    held = settlements.waiting(db, SLICE, most=cap)
    fits = fitting([one.award.amount for one in held], cap=cap, spent=settlements.unsettled(db))
    freed = [one for one, is_free in zip(held, fits, strict=True) if is_free]
    book_pending(db, freed, session_id=session_id, now=now)
    return len(freed), len(freed) < len(held)


def book_pending(
    db: Database,
    freed: Sequence[Pending],
    *,
    session_id: int | None,
    now: datetime,
    is_capped: bool = True,
    why: str = "",
) -> None:
    """Book awards that waited, each by the tariff by which it was priced."""
    for tariff_id in sorted({one.tariff_id for one in freed}):
        mine = [replace(one.award, because=one.award.because + why) for one in freed if one.tariff_id == tariff_id]
        book(db, mine, tariff_id=tariff_id, session_id=session_id, now=now, is_capped=is_capped)
    settlements.booked(db, [one.id for one in freed], now)


def book_or_hold(
    db: Database,
    awards: Sequence[Award],
    tariff_id: int,
    *,
    cap: int | None,
    is_blocked: bool,
    session_id: int | None,
    now: datetime,
) -> None:
    """Book what the cap has room for; the rest waits, as does everything behind what waits already."""
    if cap is None:
        fits = [True] * len(awards)
    else:
        spent = cap if is_blocked else settlements.unsettled(db)
        fits = fitting([award.amount for award in awards], cap=cap, spent=spent)
    booked = [one for one, is_booked in zip(awards, fits, strict=True) if is_booked]
    if booked:
        book(db, booked, tariff_id=tariff_id, session_id=session_id, now=now)
    held = [one for one, is_booked in zip(awards, fits, strict=True) if not is_booked]
    if held:
        settlements.hold(db, held, tariff_id=tariff_id, now=now)


def _recent(
    db: Database, holder: str, amounts: Mapping[int, int], there: Mapping[int, Balance], now: datetime
) -> dict[int, tuple[float, datetime]]:
    new = [holder_id for holder_id in amounts if holder_id not in there]
    began = ledger.began(db, holder, new) if new else {}
    found = {}
    for holder_id, amount in amounts.items():
        before = there.get(holder_id)
        known = Recent(value=before.recent, at=moment(before.recent_at)) if before else None
        recent = grown(known, amount / _THOUSANDTHS, began=began.get(holder_id, now), now=now)
        found[holder_id] = (recent.value, recent.at)
    return found
