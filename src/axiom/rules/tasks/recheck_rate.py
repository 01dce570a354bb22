"""How often are a host's tasks of a version computed again elsewhere? As often as what it computed before asks for."""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

from axiom.domain.work import Agreement, ComparedTask
from axiom.limits import tasks as limits
from axiom_weigh.amounts import tell_amount


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckRate:
    """One task in how many is checked, and why."""

    one_in: int
    reason: str


def check_rate(experiment_id: int, compared: Sequence[ComparedTask], *, is_watched: bool) -> CheckRate:
    """Decide from a host's comparisons, the newest first, and from whether it was outvoted lately."""
    if is_watched:
        return CheckRate(one_in=1, reason="its host was outvoted lately")
    not_differing = sum(comparison.agreement is not Agreement.DIFFERS for comparison in compared)
    if not_differing < limits.COMPARED_UNTIL_NOT_NEW:
        # What is under way counts, or a fast host would have very many checked before the first check is back.
        return CheckRate(
            one_in=limits.RECHECK_ONE_IN_OF_NEW_HOST,
            reason=f"its host is new: {tell_amount(not_differing, 'comparison')} so far",
        )
    settled = [
        comparison
        for comparison in compared
        if comparison.experiment_id == experiment_id and comparison.agreement != Agreement.WAITING
    ]
    in_row = len(list(takewhile(lambda comparison: comparison.agreement is Agreement.AGREES, settled)))
    reason = f"its host agreed {tell_amount(in_row, 'time')} in a row on this version"
    return CheckRate(
        one_in=limits.RECHECK_ONE_IN_OF_KNOWN_HOST if in_row >= limits.AGREED_UNTIL_KNOWN else limits.RECHECK_ONE_IN,
        reason=reason,
    )


def is_checked(secret: bytes, task_id: int, one_in: int) -> bool:
    """Is this one of the tasks that are checked? Always the same answer, and nobody without the secret knows it."""
    drawn = hmac.digest(secret, b"axiom-check-1 %d" % task_id, hashlib.sha256)
    return int.from_bytes(drawn[:8], "big") % one_in == 0
