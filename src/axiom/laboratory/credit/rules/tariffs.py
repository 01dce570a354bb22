"""By which tariffs can credit be computed? All of them stand in one table."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from axiom.domain.credit import Tariff, Tier
from axiom.domain.headlines.numbers import format_moment
from axiom.limits import credit as credit_limits

LONGEST_SECONDS = 30 * 86_400  # far beyond every deadline; more is no time but an error or a lie


@dataclass(frozen=True, kw_only=True)
class EarliestBegin:
    """The first moment at which a new tariff may begin, and why not before."""

    at: datetime
    reason: str


def choose_earliest_begin(now: datetime, *, others_compute: bool) -> EarliestBegin:
    if not others_compute:
        return EarliestBegin(at=now, reason="nobody else computes here, so it may begin at once")
    day = (now + credit_limits.ANNOUNCED_AHEAD).replace(hour=0, minute=0, second=0, microsecond=0)
    days = credit_limits.ANNOUNCED_AHEAD.days
    reason = f"others compute here, and hear of a change {days} days before it"
    return EarliestBegin(at=day + timedelta(days=1), reason=reason)


def begin_problem(begins: datetime, earliest: EarliestBegin, now: datetime) -> str:
    """Why a tariff cannot begin then; nothing when it can."""
    latest = now + credit_limits.ANNOUNCED_AHEAD_AT_MOST
    if earliest.at <= begins <= latest:
        return ""
    first, last, wanted = (format_moment(at.isoformat()) for at in (earliest.at, latest, begins))
    return f"A tariff may begin from {first} to {last}, and {wanted} is not between these: {earliest.reason}."


def _tiers(*steps: tuple[int, int]) -> tuple[Tier, ...]:
    """Tiers from where each begins and its whole credits; each ends where the next begins, the last nowhere."""
    ends: list[int | None] = [*(start for start, _ in steps[1:]), None]
    return tuple(
        Tier(start=start, end=end, amount=credit * 1_000) for (start, credit), end in zip(steps, ends, strict=True)
    )


# One credit for a hundred seconds of a reference core.
DEFAULT = Tariff(name="core-seconds", version=1, per_core_second=10)

# The tables of the laboratory before this one, as its five session logs have them: they believed a host's clock.
_BEFORE = (
    Tariff(name="S1", version=1, by_clock=True, tiers=_tiers((0, 10), (100, 15), (600, 20)), failed=10_000),
    Tariff(name="S2", version=1, by_clock=True, tiers=_tiers((0, 2), (100, 5), (1_000, 10), (10_000, 15))),
    Tariff(
        name="S3", version=1, by_clock=True, tiers=_tiers((0, 2), (20, 3), (100, 5), (500, 8), (1_000, 15)), failed=None
    ),
    Tariff(
        name="S4",
        version=1,
        by_clock=True,
        tiers=_tiers((0, 15), (30, 25), (120, 40), (300, 60), (600, 80), (1_200, 100)),
        session_cap=10_000_000,
    ),
    Tariff(
        name="S5",
        version=1,
        by_clock=True,
        tiers=_tiers((0, 4), (30, 7), (120, 12), (600, 18), (2_000, 25)),
        gpu_bonus=3_000,
        session_cap=50_000_000,
    ),
)
PRESETS: Mapping[str, Tariff] = {tariff.name: tariff for tariff in (DEFAULT, *_BEFORE)}
_BY_CLOCK = "There it believed a host's clock; here it goes by seconds of a reference core."
REMARKS: Mapping[str, str] = {
    "core-seconds": "One credit for a hundred seconds of a reference core: the same thanks for the same work.",
    "S1": f"The log gives amounts without a table; the bounds are those that fit them. {_BY_CLOCK}",
    "S2": f"As its log has it. {_BY_CLOCK}",
    "S3": f"Its log defines nothing above 3000 seconds: the tier before goes on without end. {_BY_CLOCK}",
    "S4": f"Its log defines nothing below 5 seconds: the first tier begins at 0. {_BY_CLOCK}",
    "S5": f"As its log has it, with a bonus for tasks that computed on a GPU. {_BY_CLOCK}",
}
