"""Which findings are news in a volunteer's digest?"""

from collections.abc import Sequence
from datetime import datetime

from axiom_weigh.values import Verdict

_DECIDED = frozenset({Verdict.POSITIVE, Verdict.NEGATIVE, Verdict.ABSENT})


def is_new_answer(history: Sequence[tuple[datetime, Verdict]], since: datetime) -> bool:
    """Has the finding an answer now that it did not have at that moment? Its history is in order, the oldest first."""
    if not history or history[-1][0] <= since:
        return False
    verdict = history[-1][1]
    before = [entry for at, entry in history if at <= since]
    return verdict in _DECIDED and (not before or before[-1] is not verdict)
