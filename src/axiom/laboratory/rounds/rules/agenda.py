"""What comes next: where work should go, by what findings still need, and what waits for a person."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from axiom.limits import rounds as limits
from axiom_weigh.amounts import tell_amount


@dataclass(frozen=True, kw_only=True, slots=True)
class NextStep:
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


def next_steps(counts: Mapping[str, int]) -> list[NextStep]:
    """What a session calls for that has said each kind of note so often, most urgent first."""
    return [
        NextStep(priority=step.priority, sentence=step.sentence, page=step.page, times=counts[kind])
        for kind, step in _CALLS.items()
        if counts.get(kind)
    ]


_ORDER = ("high", "medium", "low")


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenNeed:
    finding: int
    experiment: str
    cells: int  # of the next grade, or of the first block; of the next block where more cells change no grade
    hangs: int  # open questions that hang on it
    lacks: str = ""  # what its next grade needs, where it has seeds enough: more of the same cells bring nothing


def sort_next_steps(steps: Sequence[NextStep]) -> list[NextStep]:
    """The most urgent first; of those that are as urgent, as they were."""
    return sorted(steps, key=lambda step: _ORDER.index(step.priority))


def choose_directions(needs: Sequence[OpenNeed], *, proposals: int, claims: int) -> list[NextStep]:
    """What the open findings need, nearest first and high where others hang on them; then what waits for an answer.

    `needs` come nearest first. `claims` are those of the old laboratory that no finding tests.
    """
    by_hangs = sorted(needs, key=lambda need: -need.hangs)  # stable: the nearest of those on which as many hang
    leading = by_hangs[: limits.FINDINGS_NAMED]
    steps = [_step(lead) for lead in leading]
    if proposals:
        sentence = f"decide on {tell_amount(proposals, 'follow-up question')} that the laboratory proposes"
        steps.append(NextStep(priority="medium", sentence=sentence, page="/proposals"))
    if claims:
        sentence = f"test {tell_amount(claims, 'claim')} of the old laboratory that no finding asks yet"
        steps.append(NextStep(priority="low", sentence=sentence, page="/findings/graph"))
    return steps


def _step(need: OpenNeed) -> NextStep:
    hanging = f", needed for {tell_amount(need.hangs, 'open question')}" if need.hangs else ""
    return NextStep(
        priority="high" if need.hangs else "medium",
        sentence=f"{_what(need)}{hanging}",
        page=f"/findings/{need.finding}",
    )


def _what(need: OpenNeed) -> str:
    finding = f"finding {need.finding} ({need.experiment})"
    if need.lacks:
        return f"get for {finding} what it lacks beside seeds, of which it has enough: {need.lacks}"
    return f"compute {tell_amount(need.cells, 'more run')} for {finding}"


def write_number_ranges(well: Mapping[int, bool]) -> str:
    """Numbers as "1–4, 5*, 6": those in a row that are well together, each other one by itself and with a star."""
    parts: list[tuple[int, int, str]] = []
    for number in sorted(well):
        first, last, star = parts[-1] if parts else (0, 0, "*")
        if well[number] and not star and last == number - 1:
            parts[-1] = (first, number, "")
        else:
            parts.append((number, number, "" if well[number] else "*"))
    return ", ".join(f"{first}{star}" if first == last else f"{first}–{last}" for first, last, star in parts)
