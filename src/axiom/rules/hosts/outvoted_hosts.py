"""What becomes of a host against which two others agreed: its tasks are checked, and then it gets nothing more."""

from dataclasses import replace
from datetime import datetime

from axiom.domain.fleet import Standing
from axiom.limits import hosts as limits
from axiom.rules.hosts.reliability import ReliabilityUpdate
from axiom_weigh.amounts import tell_amount

BARRED_AT = 2  # once is a cosmic ray; between two of them the host computed on, and every task of it was checked


def standing_after_doubt(standing: Standing) -> Standing:
    """How a host stands after its result differed from another's: it has nothing in a row."""
    return replace(standing, valid_in_row=0)


def standing_after_outvote(standing: Standing, now: datetime) -> ReliabilityUpdate:
    """How a host stands after two others agreed on what it had computed otherwise.

    What is long ago is forgotten, but for a host that gets nothing more: a check of what it had computed before may
    end months later, and what speaks against it once more does not set it free.
    """
    is_known = is_barred(standing) or is_watched(standing, now)
    times = standing.outvoted + 1 if is_known else 1
    worse = replace(standing, valid_in_row=0, outvoted=times, outvoted_at=now)
    what = "it gets nothing more" if is_barred(worse) else "each of its tasks is checked from now on"
    how_often = f"{tell_amount(times, 'time')}, each within a month of the last" if times > 1 else "once in a month"
    if is_barred(standing):
        how_often = f"{tell_amount(times, 'time')} by now"
    return ReliabilityUpdate(standing=worse, reason=f"two others agreed against it {how_often}: {what}")


def is_watched(standing: Standing, now: datetime) -> bool:
    """Was it outvoted lately? Then each of its tasks is checked."""
    return (
        standing.outvoted_at is not None
        and standing.outvoted > 0
        and now - standing.outvoted_at < limits.OUTVOTED_REMEMBERED_FOR
    )


def is_barred(standing: Standing) -> bool:
    """Has it been outvoted so often that it gets nothing more, until somebody trusts it again?"""
    return standing.outvoted >= BARRED_AT
