"""What a round notes of findings that were weighed, suspended or opened again."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from axiom.domain.headlines.finding_sentences import compose_answer
from axiom.domain.rounds import Note
from axiom.laboratory.findings.rules.suspension import WeighedLine
from axiom_weigh.evidence.rounding import clear_of
from axiom_weigh.evidence.size_that_matters import list_bars
from axiom_weigh.values import METHOD, Evidence, Force


def tell_weighing(
    number: int,
    experiment: str,
    estimand: Mapping[str, Any],
    lines: Sequence[WeighedLine],
    changes: Sequence[tuple[str, str]],
) -> Iterator[Note]:
    """What a finding was weighed to, several blocks at once, whom it names from now on, and how it stands since."""
    before, weighed = lines[-1]
    yield _note_weighing(number, experiment, estimand, before, weighed, blocks=len(lines))
    for why in _list_doubts(lines):
        yield _note_reason(number, "finding.doubted", "Finding {finding} names hosts: {why}.", why)
    for status, why in changes:
        yield note_standing(number, status, why)


def _note_weighing(
    number: int,
    experiment: str,
    estimand: Mapping[str, Any],
    before: Evidence | None,
    weighed: Evidence,
    *,
    blocks: int,
) -> Note:
    is_block = before is None or weighed.blocks > before.blocks
    facts: dict[str, float | str]
    if before is not None and not is_block and before.method < METHOD:
        text = "It was weighed again by newer rules: {verdict}, {grade} (before: {before})."
        facts = {"before": f"{before.verdict}, {before.grade}"}
    elif not is_block:
        text = "No block closed, and something else is known: {verdict}, {grade}, {place}."
        facts = {"place": _place(weighed)}
    else:
        through = "After" if blocks == 1 else "Through {blocks} block(s), after"
        text = through + " {seeds} seed(s) {verdict}, {grade}: {estimate} [{low}, {high}]."
        facts = _interval(weighed, estimand)
    return Note(
        kind="evidence.weighed" if is_block else "evidence.changed",
        text="Finding {finding} ({experiment}): {answer}. " + text,
        facts={
            "finding": number,
            "experiment": experiment,
            "answer": compose_answer(estimand, weighed),
            "seeds": weighed.seeds,
            "verdict": weighed.verdict,
            "grade": weighed.grade,
            "blocks": blocks,
            **facts,
        },
        about=f"/findings/{number}",
    )


def note_standing(number: int, status: str, why: str) -> Note:
    """That a finding is suspended for this reason, or open again."""
    if status == "suspended":
        return _note_reason(number, "finding.suspended", "Finding {finding} is suspended: {why}.", why)
    why = "what suspended it is no longer so"
    return _note_reason(number, "finding.opened", "Finding {finding} is open again: {why}.", why)


def _list_doubts(lines: Sequence[WeighedLine]) -> Iterator[str]:
    """Alarms that name hosts which no line named before: whoever looks after the laboratory may look at these."""
    for before, evidence in lines:
        hosts = {host for alarm in before.alarms for host in alarm.hosts} if before else set()
        raised = [alarm for alarm in evidence.alarms if alarm.force is not Force.SUSPENDS]
        if why := "; ".join(alarm.text for alarm in raised if not hosts.issuperset(alarm.hosts)):
            yield why


def _note_reason(number: int, kind: str, text: str, why: str) -> Note:
    return Note(kind=kind, text=text, facts={"finding": number, "why": why}, about=f"/findings/{number}")


def _interval(weighed: Evidence, estimand: Mapping[str, Any]) -> dict[str, float | str]:
    bars = list_bars(float(estimand["null"]), float(estimand["smallest"]))
    return {name: _short(getattr(weighed, name), bars) for name in ("estimate", "low", "high")}


def _place(weighed: Evidence) -> str:
    if weighed.false_share is None:
        return "not among the findings of the whole laboratory"
    return f"among the findings of the whole laboratory at a false share of {100 * weighed.false_share:.0f} %"


def _short(number: float | None, bars: Sequence[float]) -> float | str:
    return "unbounded" if number is None else float(clear_of(number, *bars))
