"""What should be done next, by somebody: read off what the steps of a session have written."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class NextStep:
    """One thing to do, and how often it was said."""

    priority: str  # high, medium or low
    sentence: str
    page: str = ""  # where to begin; the log itself where that is empty
    times: int = 1


# By the kind of the note that calls for it; the most urgent first.
_CALLS = {
    "publish.contradiction": NextStep(priority="high", sentence="find out which counter is wrong", page="/ledger"),
    "health.part": NextStep(priority="high", sentence="look at the parts that are not well", page="/status"),
    "experiment.stopped": NextStep(priority="high", sentence="mend what was stopped", page="/failures"),
    "finding.suspended": NextStep(priority="high", sentence="look at what was suspended", page="/findings"),
    "finding.doubted": NextStep(priority="medium", sentence="look at hosts that are not believed", page="/findings"),
    "watch.met": NextStep(priority="high", sentence="look at the results that were waited for", page="/watches"),
    "queue.still": NextStep(priority="medium", sentence="find out why no host fetches", page="/hosts"),
    "inspect.refused": NextStep(priority="medium", sentence="read why reported successes were none", page="/failures"),
    "failures.group": NextStep(priority="medium", sentence="read the failures by group", page="/failures"),
    "try.failed": NextStep(priority="medium", sentence="mend what failed its preflight", page="/experiments"),
    "credit.pending": NextStep(priority="medium", sentence="approve credit that waits, or let it wait", page="/ledger"),
    "design.nothing": NextStep(priority="low", sentence="ask a new question", page="/experiments"),
}


def next_steps(said: Mapping[str, int]) -> list[NextStep]:
    """What a session calls for that has said each kind of note so often, most urgent first."""
    return [
        NextStep(priority=one.priority, sentence=one.sentence, page=one.page, times=said[kind])
        for kind, one in _CALLS.items()
        if said.get(kind)
    ]
