"""What is a task worth? Credit is thanks for computing, by a tariff that everybody can read."""

import math
from collections.abc import Sequence, Set

from axiom.decisions.tariffs import LONGEST_SECONDS
from axiom.domain.endings import Blame, Cause
from axiom.domain.ledger import Reason, Tariff
from axiom.domain.value import value

_CLOCK_STEP = 60.0  # seconds by which a clock may be set while a task is out
CORE_SECONDS = "core-seconds"  # in place of a tier, where a tariff has none
FIXED = "fixed"  # in place of a tier, where the time does not count
_OURS = frozenset({Blame.LABORATORY, Blame.EXPERIMENT})
BROKEN_BY_US = frozenset(cause for cause in Cause if cause.blame in _OURS)
BLAMING_US = BROKEN_BY_US | {Cause.SUCCESS, Cause.ABORTED_BY_LABORATORY}  # as tasks that failed have it
ON_ITS_WORD = 3  # tasks of a version that one host alone may call the laboratory's doing


@value
class Price:
    """Thousandths of a credit, how they came about, and by which tier."""

    amount: int
    because: str
    tier: str = ""


@value
class _Paid:
    """Seconds that count, and why not all of those that were reported."""

    seconds: float
    limit: str = ""


def price(
    tariff: Tariff,
    *,
    cpu_seconds: float,
    elapsed_seconds: float,
    typical_cpu_seconds: float | None,
    out_seconds: float | None = None,
    ordered_seconds: float | None = None,
    on_gpu: bool = False,
) -> Price:
    """Pay core-seconds, or a tier of elapsed seconds; never more time than passed nor than such a task takes at most.

    `typical_cpu_seconds` is what 99 of 100 valid tasks of the experiment stay below; None while too few are known.
    `ordered_seconds` is how long the runner computes at most before it stops every cell of the task.
    `out_seconds` is the time between dispatch and return by the laboratory's own clock, which no host can forge.
    """
    for what, seconds in (("cpu time", cpu_seconds), ("elapsed time", elapsed_seconds)):
        if not 0 <= seconds <= LONGEST_SECONDS:
            return Price(amount=0, because=f"the {what} reported is {seconds}, which no task takes", tier=FIXED)
    if tariff.tiers:
        return _by_tier(tariff, _bounded(elapsed_seconds, out_seconds, None), on_gpu=on_gpu)
    paid = _Paid(seconds=cpu_seconds)
    if elapsed_seconds < paid.seconds:
        paid = _Paid(seconds=elapsed_seconds, limit=f"; {cpu_seconds:.1f} were reported, and no more time passed")
    paid = _at_most(paid, cpu_seconds, _bounded(cpu_seconds, out_seconds, ordered_seconds))
    if typical_cpu_seconds is not None and 0 < typical_cpu_seconds < paid.seconds:
        limit = f"; {cpu_seconds:.1f} were reported, and 99 of 100 such tasks take no more"
        paid = _Paid(seconds=typical_cpu_seconds, limit=limit)
    bonus, with_bonus = _bonus(tariff, on_gpu=on_gpu)
    return Price(
        amount=math.floor(paid.seconds * tariff.per_core_second + 0.5) + bonus,
        because=f"{paid.seconds:.1f} core-seconds at {tariff.per_core_second} thousandths{with_bonus} ({tariff.name} "
        f"version {tariff.version}){paid.limit}",
        tier=f"{CORE_SECONDS}{', GPU' if bonus else ''}",
    )


def price_of_failure(tariff: Tariff, reason: Reason, as_if_valid: Price, *, elapsed_seconds: float) -> Price:
    """What a task gets that failed: nothing, a fixed amount, or what it would get had it been valid."""
    fixed = tariff.broken if reason is Reason.BROKEN else tariff.failed
    whose = "failed by the laboratory's doing" if reason is Reason.BROKEN else "failed"
    if not elapsed_seconds > 0:
        return Price(amount=0, because=f"{whose} before any time was spent on it", tier=FIXED)
    if fixed is None:
        because = f"{whose}, paid as if valid: {as_if_valid.because}"
        return Price(amount=as_if_valid.amount, because=because, tier=as_if_valid.tier)
    because = f"{whose}: {fixed} thousandths, however long it took ({tariff.name} version {tariff.version})"
    return Price(amount=fixed, because=because, tier=FIXED)


def why_unproven(cause: str, *, is_recalled: bool, is_believed: bool = True) -> Reason:
    """Whether a task without a proven result was broken by us, by its cause; an unknown one is no doing of ours.

    Where the host said that all went well, its output says otherwise: the experiment's code raised inside it. A cause
    is the host's own word: it counts as our doing only as far as it is believed.
    """
    is_ours = is_recalled or (is_believed and cause in BLAMING_US)
    return Reason.BROKEN if is_ours else Reason.FAILED


def is_believed(*, is_first: bool, is_taken_back: bool, blamed_by: Set[int], volunteer_id: int) -> bool:
    """May a host's word alone make a failure the laboratory's doing?

    Always where the laboratory took the task back itself, and where a host of somebody else, which has proven itself,
    says the same of the version. Of one host alone only for its first tasks of the version, `ON_ITS_WORD` of them:
    else it could be paid for claiming, for ever.
    """
    return is_taken_back or is_first or bool(blamed_by - {volunteer_id})


def fitting(amounts: Sequence[int], *, cap: int | None, spent: int) -> list[bool]:
    """Which awards, oldest first, are booked now; the others wait. What is booked never goes beyond the cap.

    One that does not fit makes the younger ones wait, so that nobody is overtaken; one that alone is more than the cap
    waits for an approval, and holds nobody up.
    """
    booked, is_full = [], False
    for amount in amounts:
        fits = cap is None or amount <= 0 or (not is_full and spent + amount <= cap)
        booked.append(fits)
        spent += amount if fits else 0
        is_full = is_full or (not fits and cap is not None and amount <= cap)
    return booked


def _by_tier(tariff: Tariff, paid: _Paid, *, on_gpu: bool) -> Price:
    tier = next(one for one in tariff.tiers if one.end is None or paid.seconds < one.end)
    bonus, with_bonus = _bonus(tariff, on_gpu=on_gpu)
    return Price(
        amount=tier.amount + bonus,
        because=f"{paid.seconds:.1f} seconds are in the tier of {tier.name}, {tier.amount} thousandths{with_bonus} "
        f"({tariff.name} version {tariff.version}){paid.limit}",
        tier=f"{tier.name}{', GPU' if bonus else ''}",
    )


def _bonus(tariff: Tariff, *, on_gpu: bool) -> tuple[int, str]:
    bonus = tariff.gpu_bonus if on_gpu else 0
    return bonus, f" and {bonus} for computing on a GPU" if bonus else ""


def _bounded(reported: float, out_seconds: float | None, ordered_seconds: float | None) -> _Paid:
    """The seconds that the laboratory's own clock and the order allow of those that were reported."""
    paid = _Paid(seconds=reported)
    if out_seconds is not None and max(0.0, out_seconds) + _CLOCK_STEP < paid.seconds:
        limit = f"; {reported:.1f} were reported, and the task was out for no longer"
        paid = _Paid(seconds=max(0.0, out_seconds) + _CLOCK_STEP, limit=limit)
    if ordered_seconds is not None and max(0.0, ordered_seconds) < paid.seconds:
        limit = f"; {reported:.1f} were reported, and the order allows no more"
        paid = _Paid(seconds=max(0.0, ordered_seconds), limit=limit)
    return paid


def _at_most(paid: _Paid, reported: float, bounded: _Paid) -> _Paid:
    """The smaller of both, with its own reason."""
    return bounded if bounded.seconds < min(paid.seconds, reported) else paid
