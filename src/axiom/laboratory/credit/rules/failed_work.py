"""Whose doing was it, and what is a task worth that has no valid result?"""

from collections.abc import Set

from axiom.domain.credit import Reason, Tariff
from axiom.domain.failure_causes import Blame, Cause
from axiom.laboratory.credit.rules.prices import FIXED, Price

_OURS = frozenset({Blame.LABORATORY, Blame.EXPERIMENT})
BROKEN_BY_US = frozenset(cause for cause in Cause if cause.blame in _OURS)
# As tasks that failed have it.
BLAMING_US = BROKEN_BY_US | {Cause.SUCCESS, Cause.ABORTED_BY_LABORATORY, Cause.TAKEN_BACK}


def price_failed_task(tariff: Tariff, reason: Reason, as_if_valid: Price, *, elapsed_seconds: float) -> Price:
    """A task that failed gets nothing, a fixed amount, or as much as if it were valid."""
    fixed = tariff.broken if reason is Reason.BROKEN else tariff.failed
    whose = "failed by the laboratory's doing" if reason is Reason.BROKEN else "failed"
    if not elapsed_seconds > 0:
        return Price(amount=0, because=f"{whose} before any time was spent on it", tier=FIXED)
    if fixed is None:
        because = f"{whose}, paid as if valid: {as_if_valid.because}"
        return Price(amount=as_if_valid.amount, because=because, tier=as_if_valid.tier)
    because = f"{whose}: {fixed} thousandths, however long it took ({tariff.name} version {tariff.version})"
    return Price(amount=fixed, because=because, tier=FIXED)


def choose_failure_reason(cause: str, *, is_recalled: bool, is_believed: bool = True) -> Reason:
    """Whether a task without a proven result was broken by us, by its cause; an unknown one is no doing of ours.

    Where the host said that all went well, its output says otherwise: the experiment's code raised inside it. A cause
    is the host's own word: it counts as our doing only as far as it is believed.
    """
    is_ours = is_recalled or (is_believed and cause in BLAMING_US)
    return Reason.BROKEN if is_ours else Reason.FAILED


def is_failure_believed(*, is_first: bool, is_taken_back: bool, blamed_by: Set[int], volunteer_id: int) -> bool:
    """May a volunteer's word alone make a failure the laboratory's doing?

    Always where the laboratory took the task back itself, and where a host of somebody else, which has proven itself,
    says the same of the version. Of one volunteer alone only for the first tasks of the version,
    `FAILURES_ON_ONE_WORD` of them on all of their hosts: else they could be paid for claiming, for ever.
    """
    return is_taken_back or is_first or bool(blamed_by - {volunteer_id})
