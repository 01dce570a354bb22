"""Which tariffs come with Axiom, may one be announced, and what does it change?"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from axiom.domain.credit import Tariff, Tier

_THOUSANDTHS = 1_000
_MOST_NAMED = 8  # that are named one by one; of more, the first and the last


def announcement(before: Tariff | None, tariff: Tariff, valid_from: datetime, because: str) -> str:
    """From when on it holds, what is other than under the tariff before it, and why."""
    why = f" Why: {because.rstrip('.')}." if because else ""
    return (
        f"From {valid_from:%Y-%m-%d %H:%M} UTC on credit is computed by tariff {tariff.name}, version "
        f"{tariff.version}: {changes(before, tariff)}.{why}"
    )


def changes(before: Tariff | None, tariff: Tariff) -> str:
    """Every rule that is other than before, with what it was; all of them where nothing was before."""
    old = dict(_rules(before)) if before is not None else {}
    said = [
        f"{what} {rule}" + (f" (until then {old[what]})" if what in old else "")
        for what, rule in _rules(tariff)
        if old.get(what) != rule
    ]
    if before is not None and before.tiers != tariff.tiers and old["a valid task gets"] == _valid(tariff):
        said.insert(0, "what a valid task gets changes between the first tier and the last, which stay as they are")
    return "; ".join(said) or "nothing changes but its name"


def _rules(tariff: Tariff) -> Iterator[tuple[str, str]]:
    yield "a valid task gets", _valid(tariff)
    yield "computing on a GPU adds", _credit(tariff.gpu_bonus) if tariff.gpu_bonus else "nothing"
    yield "a task that failed gets", _fixed(tariff.failed)
    yield "one that failed by the laboratory's doing gets", _fixed(tariff.broken)
    cap = tariff.session_cap
    yield "between two sessions is paid", "all" if cap is None else f"{_credit(cap)} at most"


def _valid(tariff: Tariff) -> str:
    per_hundred = _credit(100 * tariff.per_core_second)
    if not tariff.tiers:
        return f"{per_hundred} for a hundred seconds of a reference core"
    return f"{_tiers_in_words(tariff.tiers)}, {'by its host’s clock' if tariff.by_clock else 'of a reference core'}"


def _tiers_in_words(tiers: Sequence[Tier]) -> str:
    named = tiers if len(tiers) <= _MOST_NAMED else (tiers[0], tiers[-1])
    return ", ".join(f"{_credit(tier.amount)} {_from_to(tier)}" for tier in named)


def _from_to(tier: Tier) -> str:
    return f"from {tier.start:,} seconds on" if tier.end is None else f"below {tier.end:,} seconds"


def _fixed(amount: int | None) -> str:
    if amount is None:
        return "what a valid one does"
    return _credit(amount) if amount else "nothing"


def _credit(amount: int) -> str:
    return f"{amount / _THOUSANDTHS:,.3f}".rstrip("0").rstrip(".") + " credit"


LONGEST_SECONDS = 30 * 86_400  # far beyond every deadline; more is no time but an error or a lie
_LONGEST_TASK = 2 * 86_400  # seconds after which a task is due
_MOST = 10**9  # thousandths for one task: a million credits
_MOST_CAP = 10**15
_MOST_TIERS = 100
AHEAD = timedelta(days=1)  # that a tariff is announced before it holds, where volunteers compute
_LATEST = timedelta(days=400)


def problems(tariff: Tariff) -> list[str]:
    """What is wrong with a tariff, a sentence each; nothing when it can be announced."""
    found = [*_rate_problems(tariff), *_tier_problems(tariff.tiers), *_amount_problems(tariff)]
    return found or list(_cap_problems(tariff))


def largest(tariff: Tariff) -> int:
    """The most that one task can get that comes back in time, in thousandths."""
    highest = max((tier.amount for tier in tariff.tiers), default=tariff.per_core_second * _LONGEST_TASK)
    return max(highest + tariff.gpu_bonus, tariff.failed or 0, tariff.broken or 0)


def too_soon(valid_from: datetime, now: datetime, *, others: int) -> str:
    """Why a tariff cannot hold from this moment on, or nothing. Volunteers hear of it a day before."""
    if valid_from < now:
        return (
            f"It should hold from {valid_from:%Y-%m-%d %H:%M} UTC on, which is past: what was paid since then was paid "
            "by the tariff that was known."
        )
    if valid_from > now + _LATEST:
        return f"It should hold from {valid_from:%Y-%m-%d} on; nobody knows what will be in {_LATEST.days} days."
    if others and valid_from < now + AHEAD:
        return (
            f"Volunteers compute here, {others} of them, and it should hold in less than a day. They hear of a change "
            "before they compute under it."
        )
    return ""


def cap_of(tariffs: Sequence[Tariff]) -> int | None:
    """The cap of awards that were made under these tariffs, one after the other; None where one had none."""
    caps = [tariff.session_cap for tariff in tariffs if tariff.session_cap is not None]
    return max(caps) if caps and len(caps) == len(tariffs) else None


def _rate_problems(tariff: Tariff) -> Iterator[str]:
    if tariff.tiers and tariff.per_core_second:
        yield "It pays by core-seconds and by tiers, so what a task is worth would depend on who reads it."
    if not tariff.tiers and not tariff.per_core_second:
        yield "It pays neither by core-seconds nor by tiers, so every task would get nothing."


def _tier_problems(tiers: Sequence[Tier]) -> Iterator[str]:
    if len(tiers) > _MOST_TIERS:
        yield f"It has {len(tiers)} tiers, and nobody reads more than {_MOST_TIERS}."
        return
    for tier in tiers:
        if tier.end is not None and tier.end <= tier.start:
            yield f"The tier from {tier.start} to {tier.end} seconds is empty or runs backwards."
        elif tier.start >= LONGEST_SECONDS:
            yield f"The tier from {tier.start} seconds is for times that no task takes; {LONGEST_SECONDS} is the most."
    for before, after in pairwise(tiers):
        yield from _seam_problems(before, after)
    if tiers and tiers[0].start != 0:
        yield f"The first tier begins at {tiers[0].start} seconds and must begin at 0: a task may take no time."
    if tiers and tiers[-1].end is not None:
        yield f"The last tier ends at {tiers[-1].end} seconds and must have no end: a task may take longer."


def _seam_problems(before: Tier, after: Tier) -> Iterator[str]:
    if before.end is None or before.end > after.start:
        end = "without end" if before.end is None else f"up to {before.end} seconds"
        yield f"The tier {end} overlaps the one from {after.start} seconds: a time has one price."
    elif before.end < after.start:
        yield f"Between {before.end} and {after.start} seconds is a gap: every time must have a price."


def _amount_problems(tariff: Tariff) -> Iterator[str]:
    named: list[tuple[str, int | None]] = [
        ("core-second", tariff.per_core_second),
        *((f"tier of {tier.name}", tier.amount) for tier in tariff.tiers),
        ("GPU bonus", tariff.gpu_bonus),
        ("pay for failed work", tariff.failed),
        ("pay for broken work", tariff.broken),
    ]
    for name, amount in named:
        if amount is not None and amount < 0:
            yield f"The {name} is {amount} thousandths; nobody pays for having computed."
        elif amount is not None and amount > _MOST:
            yield f"The {name} is {amount} thousandths, which is absurd; {_MOST} is the most for one task."
    if not any(amount for _, amount in named):
        yield "It pays nothing for anything."


def _cap_problems(tariff: Tariff) -> Iterator[str]:
    cap, most = tariff.session_cap, largest(tariff)
    if cap is None:
        return
    if cap < most:
        yield (
            f"The session's cap is {cap} thousandths, and one task may get {most}: such a task could never be paid. "
            "Take a larger cap or none."
        )
    elif cap > _MOST_CAP:
        yield f"The session's cap of {cap} thousandths limits nothing; leave it out."


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
_BY_CLOCK = "There it believed a host's clock; announced today, it goes by seconds of a reference core."
REMARKS: Mapping[str, str] = {
    "core-seconds": "One credit for a hundred seconds of a reference core: the same thanks for the same work.",
    "S1": f"The log gives amounts without a table; the bounds are those that fit them. {_BY_CLOCK}",
    "S2": f"As its log has it. {_BY_CLOCK}",
    "S3": f"Its log defines nothing above 3000 seconds: the tier before goes on without end. {_BY_CLOCK}",
    "S4": f"Its log defines nothing below 5 seconds: the first tier begins at 0. {_BY_CLOCK}",
    "S5": f"As its log has it, with a bonus for tasks that computed on a GPU. {_BY_CLOCK}",
}
