"""Are there duplicates that disagree, or too many values missing? Each alarm says why, and what it does."""

import math
from collections.abc import Sequence

from axiom_weigh.evidence.copied_seeds import COPIED
from axiom_weigh.evidence.verdict import ENOUGH
from axiom_weigh.statistics.shares_and_medians import bernoulli_log_e
from axiom_weigh.values import Agreements, Alarm, Force, Observation

_MANY_MISSING, _MOST_MISSING = 0.2, 0.5
_DISPUTED = 0.1  # share of the seeds computed again of which hosts say different things, above which nothing is ordered
_FEW = 2


def list_alarms(counted: Sequence[Observation], agreements: Sequence[Agreements]) -> tuple[Alarm, ...]:
    """What should not be of the seeds that were computed again, and of the values that are missing."""
    return (*_duplicates(agreements), *_missing(counted))


def _duplicates(agreements: Sequence[Agreements]) -> list[Alarm]:
    disputed = sum(agreement.disputed for agreement in agreements)
    again = disputed + sum(agreement.agreed for agreement in agreements)
    if not disputed:
        return []
    pairs = "; ".join(
        f"{agreement.disputed} on {' and '.join(agreement.platforms)}" for agreement in agreements if agreement.disputed
    )
    is_many = disputed >= _FEW and disputed > _DISPUTED * again
    return [
        Alarm(
            kind="duplicates",
            force=Force.SUSPENDS if is_many else Force.HOLDS_BACK,
            text=f"{disputed} of {again} duplicates disagree ({pairs})",
        )
    ]


def _missing(counted: Sequence[Observation]) -> list[Alarm]:
    """What is missing is weighed at its worst already; so many missing means that something does not work."""
    different = [observation for observation in counted if observation.why_missing != COPIED]
    gone, whole = sum(observation.value is None for observation in different), len(different)
    text = f"{gone} of {whole} replicates have no value"
    if _surely_more(gone, whole, _MOST_MISSING):
        return [Alarm(kind="missing", force=Force.SUSPENDS, text=f"{text}: this does not work as it is")]
    return [Alarm(kind="missing", force=Force.TELLS, text=text)] if _surely_more(gone, whole, _MANY_MISSING) else []


def _surely_more(amount: int, whole: int, share: float) -> bool:
    """At every look together, is more than this share missing?"""
    return amount > whole * share and bernoulli_log_e(amount, whole, share) >= math.log(ENOUGH)
