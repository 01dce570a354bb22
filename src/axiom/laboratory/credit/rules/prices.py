"""What is a task worth? Credit is thanks for computing, by a tariff that everybody can read."""

import math
from datetime import datetime

from axiom.domain.credit import ReportedTime, Tariff
from axiom.domain.headlines.numbers import format_moment
from axiom.domain.value import value_class
from axiom.laboratory.credit.rules.tariffs import LONGEST_SECONDS
from axiom.limits import credit as credit_limits

CORE_SECONDS = "core-seconds"  # in place of a tier, where a tariff has none
FIXED = "fixed"  # in place of a tier, where the time does not count


@value_class
class Price:
    """Thousandths of a credit, how they came about, and by which tier."""

    amount: int
    because: str
    tier: str = ""


@value_class
class PaidSeconds:
    """Seconds that are paid, and why they are not all that were declared or reported."""

    seconds: float
    limit: str = ""


def price_task(
    tariff: Tariff, work: PaidSeconds, times: ReportedTime, *, is_proven: bool = True, on_gpu: bool = False
) -> Price:
    """Pay proven work for what it takes on a reference core, whatever its host says of its time.

    Work that is not proven gets no more than that, and no more than was computed at it. A tariff by the clock pays the
    elapsed time that the host says, as far as the laboratory's own clock allows.
    """
    if tariff.by_clock or not is_proven:
        for what, seconds in (("cpu time", times.cpu_seconds), ("elapsed time", times.elapsed_seconds)):
            if not 0 <= seconds <= LONGEST_SECONDS:
                return Price(amount=0, because=f"the {what} reported is {seconds}, which no task takes", tier=FIXED)
    out = math.inf if times.out_seconds is None else max(0.0, times.out_seconds) + credit_limits.CLOCK_STEP_SECONDS
    if tariff.by_clock:
        paid = _least(times.elapsed_seconds, (out, "the task was out for no longer"))
    elif is_proven:
        paid = work
    else:
        paid = _least(
            times.cpu_seconds,
            (times.elapsed_seconds, "no more time passed"),
            (out, "the task was out for no longer"),
            (work.seconds, "the whole task is worth no more"),
        )
    return _by_tier(tariff, paid, on_gpu=on_gpu) if tariff.tiers else _by_seconds(tariff, paid, on_gpu=on_gpu)


def describe_tariff_change(before: Tariff, after: Tariff, begins: datetime) -> str:
    """What a task of a core-hour gets from then on, and what until then."""
    hour = ReportedTime(cpu_seconds=3_600.0, elapsed_seconds=3_600.0)
    old, new = (price_task(tariff, PaidSeconds(seconds=3_600.0), hour).amount / 1_000 for tariff in (before, after))
    return (
        f"A task of one core-hour that is sent from {format_moment(begins.isoformat())} on gets {new:g} credit; "
        f"one that was sent before gets {old:g}."
    )


def _by_seconds(tariff: Tariff, paid: PaidSeconds, *, on_gpu: bool) -> Price:
    bonus, with_bonus = _bonus(tariff, on_gpu=on_gpu)
    return Price(
        amount=math.floor(paid.seconds * tariff.per_core_second + 0.5) + bonus,
        because=f"{paid.seconds:.1f} core-seconds at {tariff.per_core_second} thousandths{with_bonus} ({tariff.name} "
        f"version {tariff.version}){paid.limit}",
        tier=f"{CORE_SECONDS}{', GPU' if bonus else ''}",
    )


def _by_tier(tariff: Tariff, paid: PaidSeconds, *, on_gpu: bool) -> Price:
    tier = next(candidate for candidate in tariff.tiers if candidate.end is None or paid.seconds < candidate.end)
    bonus, with_bonus = _bonus(tariff, on_gpu=on_gpu)
    return Price(
        amount=tier.amount + bonus,
        because=f"{paid.seconds:.1f} {'' if tariff.by_clock else 'core-'}seconds are in the tier of {tier.name}, "
        f"{tier.amount} thousandths{with_bonus} ({tariff.name} version {tariff.version}){paid.limit}",
        tier=f"{tier.name}{', GPU' if bonus else ''}",
    )


def _bonus(tariff: Tariff, *, on_gpu: bool) -> tuple[int, str]:
    bonus = tariff.gpu_bonus if on_gpu else 0
    return bonus, f" and {bonus} for computing on a GPU" if bonus else ""


def _least(reported: float, *limits: tuple[float, str]) -> PaidSeconds:
    """The seconds that were reported, or the least of their limits, which then says why."""
    seconds, why = min([(reported, ""), *limits])
    return PaidSeconds(seconds=seconds, limit=f"; {reported:.1f} were reported, and {why}" if why else "")
