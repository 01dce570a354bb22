"""How much may one session award, and has its cap room for the largest award of a task?"""

from collections.abc import Sequence
from dataclasses import replace

from axiom.domain.credit import Award, Tariff
from axiom.limits import tasks as task_limits


def cap_problem(tariff: Tariff) -> str:
    """Why a tariff cannot have its cap; nothing when it can."""
    cap, most = tariff.session_cap, largest_award(tariff)
    if cap is None or cap >= most:
        return ""
    return f"The session's cap is {cap / 1_000:g} credit, and one task may get {most / 1_000:g}. Take a larger one."


def largest_award(tariff: Tariff) -> int:
    """The most that one task can get that comes back in time, in thousandths."""
    longest = int(task_limits.OUT_FOR_AT_MOST.total_seconds())
    highest = max((tier.amount for tier in tariff.tiers), default=tariff.per_core_second * longest)
    return max(highest + tariff.gpu_bonus, tariff.failed or 0, tariff.broken or 0)


def highest_session_cap(tariffs: Sequence[Tariff]) -> int | None:
    """The cap of awards that were made under these tariffs, one after the other; None where one had none."""
    caps = [tariff.session_cap for tariff in tariffs if tariff.session_cap is not None]
    return max(caps) if caps and len(caps) == len(tariffs) else None


def cap_award(cap: int | None, award: Award) -> Award:
    """No award is larger than the session's cap: it would wait for ever, and all others behind it."""
    if cap is None or award.amount <= cap:
        return award
    return replace(award, amount=cap, because=f"{award.because}; no more than the session's cap of {cap} is paid")
