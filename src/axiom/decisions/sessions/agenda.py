"""What comes next: where work should go, by what findings still need, and what waits for a person."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from axiom.limits import sessions as limits
from axiom_weigh.amounts import counted


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
    "experiment.stopped": NextStep(priority="high", sentence="look at what was stopped", page="/failures"),
    "finding.suspended": NextStep(priority="high", sentence="look at what was suspended", page="/findings"),
    "finding.doubted": NextStep(priority="medium", sentence="look at hosts that are not believed", page="/findings"),
    "watch.met": NextStep(priority="high", sentence="look at the results that were waited for", page="/watches"),
    "queue.still": NextStep(priority="medium", sentence="find out why no host fetches", page="/hosts"),
    "inspect.refused": NextStep(priority="medium", sentence="read why reported successes were none", page="/failures"),
    "failures.group": NextStep(priority="medium", sentence="read the failures by group", page="/failures"),
    "try.failed": NextStep(priority="medium", sentence="read why a preflight failed", page="/experiments"),
    "credit.pending": NextStep(
        priority="medium", sentence="choose a tariff with a larger cap, or let credit wait", page="/ledger"
    ),
    "design.nothing": NextStep(priority="low", sentence="ask a new question", page="/experiments"),
}


def next_steps(said: Mapping[str, int]) -> list[NextStep]:
    """What a session calls for that has said each kind of note so often, most urgent first."""
    return [
        NextStep(priority=one.priority, sentence=one.sentence, page=one.page, times=said[kind])
        for kind, one in _CALLS.items()
        if said.get(kind)
    ]


_ORDER = ("high", "medium", "low")


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenNeed:
    """What an open finding still takes."""

    finding: int
    experiment: str
    cells: int  # of the next grade, or of the first block; of the next block where more cells change no grade
    hangs: int  # open questions that hang on it
    lacks: str = ""  # what its next grade needs, where it has seeds enough: more of the same cells bring nothing


def in_order(steps: Sequence[NextStep]) -> list[NextStep]:
    """The most urgent first; of those that are as urgent, as they were."""
    return sorted(steps, key=lambda one: _ORDER.index(one.priority))


def directions(needs: Sequence[OpenNeed], *, proposals: int, claims: int) -> list[NextStep]:
    """What the open findings need, nearest first and high where others hang on them; then what waits for an answer.

    `needs` come nearest first. `claims` are those of the old laboratory that no finding tests.
    """
    by_hangs = sorted(needs, key=lambda need: -need.hangs)  # stable: the nearest of those on which as many hang
    leading = by_hangs[: limits.FINDINGS_NAMED]
    steps = [_step(one) for one in leading]
    if proposals:
        said = f"decide on {counted(proposals, 'follow-up question')} that the laboratory proposes"
        steps.append(NextStep(priority="medium", sentence=said, page="/proposals", times=proposals))
    if claims:
        said = f"test {counted(claims, 'claim')} of the old laboratory that no finding asks yet"
        steps.append(NextStep(priority="low", sentence=said, page="/findings/graph", times=claims))
    return steps


def _step(one: OpenNeed) -> NextStep:
    hanging = f"; open questions that hang on it: {one.hangs}" if one.hangs else ""
    return NextStep(
        priority="high" if one.hangs else "medium",
        sentence=f"{_what(one)}{hanging}",
        page=f"/findings/{one.finding}",
    )


def _what(one: OpenNeed) -> str:
    finding = f"finding {one.finding} ({one.experiment})"
    if one.lacks:
        return f"get for {finding} what it lacks beside seeds, of which it has enough: {one.lacks}"
    return f"compute {counted(one.cells, 'cell')} more for {finding}"
